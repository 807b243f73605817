//! The door, as the rooms below it see it: it accepts notices, asks, and shows runs.

pub mod notice;
pub mod options;
pub mod run;
pub mod shims_error;

use std::io;
use std::path::PathBuf;

use vx_base::trouble::Trouble;
use vx_project::trust::consent_record::AgreementRecord;

use super::error::WorkError;
use crate::workspace::frontend::notice::Notice;
use crate::workspace::frontend::run::{LiveRun, RunOutcome};

/// What a door implements for the work below it.
pub trait Frontend: Sync {
    /// Accept a notice.
    fn notice(&self, notice: Notice);

    /// Ask whether a project may act. By default there is nobody to ask.
    fn ask(&self, _: &Question) -> UserAnswer {
        UserAnswer::Nobody
    }

    /// Prepare a view of a run. Called before anything is changed: a door that cannot show a run stops the work here.
    ///
    /// # Errors
    /// The view cannot be made, and the door has reported the reason.
    fn view(&self) -> Result<Box<dyn RunView>, Refused>;
}

/// The question whether the acting parts of a project may act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The project's file.
    pub file: PathBuf,
    /// Each part, in a line: those that set variables first, commands last.
    pub lines: Vec<String>,
    /// The number of lines, from the first, that set a variable.
    pub variables: usize,
    /// Whether these parts were agreed to for a repository with another `origin`.
    pub moved: bool,
    /// The lines that were agreed to before and are gone; `None` if nothing was agreed to yet.
    pub gone: Option<Vec<String>>,
    /// The lines that were not agreed to before.
    pub new: Vec<String>,
}

/// The answer to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserAnswer {
    /// The user agrees.
    Yes,
    /// The user does not agree.
    No,
    /// There is nobody to ask.
    Nobody,
}

impl Question {
    /// The question about these parts, after the user agreed to the parts `before`.
    pub fn new(file: PathBuf, parts: AgreementRecord, before: Option<&AgreementRecord>) -> Self {
        let gone = |before: &AgreementRecord| {
            before.lines.iter().filter(|line| !parts.lines.contains(line)).cloned().collect()
        };
        let (gone, new) = (before.map(gone), parts.new_since(before));
        Self { file, gone, new, variables: 0, moved: false, lines: parts.lines }
    }
}

/// A view of one run. A prepared view is dropped unused if there is nothing to run.
pub trait RunView {
    /// The run is about to start. From now on the view must collect requests to stop, for the run.
    fn starting(&mut self) -> io::Result<()>;

    /// The run has started: show it, on a separate thread.
    fn started(&mut self, run: &LiveRun) -> io::Result<()>;

    /// The run and everything after it are finished: show the rest, then report the outcome.
    ///
    /// # Errors
    /// The run could not be shown as asked; this has also been reported.
    fn ended(self: Box<Self>, outcome: &RunOutcome) -> Result<(), Trouble>;
}

/// The door cannot show a run, and has reported the reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused;

impl From<Refused> for WorkError {
    fn from(_: Refused) -> Self {
        Self::Refused
    }
}

/// A frontend for work that is not shown: notices are dropped, runs have no view.
#[derive(Clone, Copy, Debug, Default)]
pub struct NullFrontend;

impl Frontend for NullFrontend {
    fn notice(&self, _: Notice) {}

    fn view(&self) -> Result<Box<dyn RunView>, Refused> {
        Ok(Box::new(Self))
    }
}

impl RunView for NullFrontend {
    fn starting(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn started(&mut self, _: &LiveRun) -> io::Result<()> {
        Ok(())
    }

    fn ended(self: Box<Self>, _: &RunOutcome) -> Result<(), Trouble> {
        Ok(())
    }
}
