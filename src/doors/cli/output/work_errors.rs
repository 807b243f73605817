//! Turns errors of the rooms below into failures of a command: adds exit codes, and hints that name options.

use vx_base::trouble::{Explain, Trouble, TroubleKind};
use vx_project::ProjectError;

use super::failure::{CommandFailure, FAILED, USAGE};
use super::print;
use crate::boards::control::ControlError;
use crate::boards::exports::ExportError;
use crate::boards::find::BoardError;
use crate::running::reports::ReportError;
use crate::running::wrapped::WrapError;
use crate::tools::environment::{FolderError, GithubError};
use crate::tools::programs::ProgramLookupError;
use crate::tools::shell::system::quote;
use crate::tools::tool::ToolError;
use crate::workspace::consent_error::ConsentError;
use crate::workspace::error::WorkError;

/// An error whose hint names an option of the command line, which the rooms below do not know.
trait NamesOption {
    /// The hint with the option; `None` if the error's own hint is complete.
    fn hint_with_option(&self) -> Option<String>;
}

impl NamesOption for WorkError {
    fn hint_with_option(&self) -> Option<String> {
        Some(match self {
            Self::Unlocked { above: Some(above), .. } => {
                let lock = format!("vx lock --project {}", quote(&above.to_string_lossy()));
                format!("run `{lock}` and commit its vx.lock, or leave out `--locked`")
            }
            Self::Unlocked { above: None, .. } => "run `vx lock` and commit vx.lock, or leave out `--locked`".into(),
            Self::DumpDirectory { .. } => "name a directory that you can write to with `--dump`".into(),
            Self::Recording { .. } => "name a new file, or an older recording, with `--record`".into(),
            _ => return None,
        })
    }
}

impl NamesOption for BoardError {
    fn hint_with_option(&self) -> Option<String> {
        match self {
            Self::NotMade => {
                Some("make one with `vx board create`, or name one with `--board` (`vx board ls` lists them)".into())
            }
            _ => None,
        }
    }
}

impl NamesOption for ReportError {
    fn hint_with_option(&self) -> Option<String> {
        match self {
            Self::NoCaller => Some("name the process that does the work with `--owner`".into()),
            Self::OtherVersion { .. } => Some("end the slot and start a new one, or leave `--version` out".into()),
            Self::Board(error) => error.hint_with_option(),
            _ => None,
        }
    }
}

impl NamesOption for GithubError {
    fn hint_with_option(&self) -> Option<String> {
        match self {
            Self::NotSet { .. } => Some("name your shell with `--shell`".into()),
            Self::Write { .. } => None,
        }
    }
}

impl CommandFailure {
    fn with_option(self, error: &impl NamesOption) -> Self {
        match error.hint_with_option() {
            Some(hint) => self.hint(hint),
            None => self,
        }
    }
}

impl From<WorkError> for CommandFailure {
    /// Errors with more than one place are printed here: an editor looks for each place at the start of a line.
    fn from(error: WorkError) -> Self {
        match &error {
            WorkError::Project(ProjectError::Wrong(errors)) => Self::in_file(errors),
            WorkError::NoRecipes(_) | WorkError::Undeclared(_) | WorkError::Forged(_) => {
                let troubles = error.troubles();
                troubles.iter().for_each(print::trouble);
                troubles.into_iter().next().map_or_else(|| Self::silent(USAGE), |first| Self::printed(USAGE, first))
            }
            WorkError::Unlocked { .. } => {
                let Trouble { kind, text, details, hint } = Trouble::from_error(&error);
                let details = details.iter().map(|difference| format!("  {difference}")).collect();
                Self::from_trouble(USAGE, Trouble { kind, text: format!("{text}:"), details, hint }).with_option(&error)
            }
            WorkError::Refused => Self::silent(USAGE),
            _ => Self::hinted(code(&error), &error).with_option(&error),
        }
    }
}

fn code(error: &WorkError) -> u8 {
    match error {
        WorkError::Home(_) | WorkError::Project(_) | WorkError::LockRead(_) | WorkError::Platform { .. } => USAGE,
        WorkError::NotInProject { .. } | WorkError::Request(_) | WorkError::TwoRequests { .. } => USAGE,
        WorkError::NoRecipes(_) | WorkError::Undeclared(_) | WorkError::Unlocked { .. } => USAGE,
        WorkError::Consent(ConsentError::Declined { .. } | ConsentError::NotKept { .. }) => FAILED,
        WorkError::Consent(_) => USAGE,
        WorkError::Forged(_) | WorkError::ProjectEdit { .. } => USAGE,
        WorkError::Runtime(_) | WorkError::Refused => USAGE,
        WorkError::ProjectWrite { .. }
        | WorkError::LockWrite(_)
        | WorkError::Store(_)
        | WorkError::Directory { .. } => FAILED,
        WorkError::DumpDirectory { .. } | WorkError::Export(_) | WorkError::Recording { .. } => FAILED,
        WorkError::Board(_) | WorkError::Logs { .. } | WorkError::System(_) => FAILED,
    }
}

impl From<ToolError> for CommandFailure {
    fn from(error: ToolError) -> Self {
        match error {
            ToolError::Work(error) => error.into(),
            error @ ToolError::Unknown { .. } => Self::hinted(USAGE, &error),
            error => Self::hinted(FAILED, &error),
        }
    }
}

impl From<ProgramLookupError> for CommandFailure {
    fn from(error: ProgramLookupError) -> Self {
        match error {
            ProgramLookupError::Work(error) => error.into(),
            error => Self::hinted(FAILED, &error),
        }
    }
}

impl From<BoardError> for CommandFailure {
    fn from(error: BoardError) -> Self {
        Self::hinted(FAILED, &error).with_option(&error)
    }
}

impl From<ReportError> for CommandFailure {
    fn from(error: ReportError) -> Self {
        Self::hinted(code_by_kind(&error), &error).with_option(&error)
    }
}

impl From<WrapError> for CommandFailure {
    fn from(error: WrapError) -> Self {
        match error {
            WrapError::Board(error) => error.into(),
            error => Self::hinted(error.exit_code(), &error),
        }
    }
}

impl From<GithubError> for CommandFailure {
    fn from(error: GithubError) -> Self {
        Self::hinted(code_by_kind(&error), &error).with_option(&error)
    }
}

impl From<FolderError> for CommandFailure {
    fn from(error: FolderError) -> Self {
        Self::hinted(code_by_kind(&error), &error)
    }
}

impl From<ExportError> for CommandFailure {
    fn from(error: ExportError) -> Self {
        Self::hinted(FAILED, &error)
    }
}

impl From<ControlError> for CommandFailure {
    fn from(error: ControlError) -> Self {
        Self::hinted(FAILED, &error)
    }
}

fn code_by_kind(error: &impl Explain) -> u8 {
    if error.kind() == TroubleKind::Usage { USAGE } else { FAILED }
}
