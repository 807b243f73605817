//! Any command as work on a board: its progress is read from what it prints, and its output stays as it is.
//!
//! The command's slot is on the board that is named, else on that of the script that calls this one, else on a board of
//! its own. The command inherits the board by `VX_BOARD`, so that commands that it wraps itself join the board.

mod meter;
mod place;

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::Arc;

use parking_lot::Mutex;
use vx_shm::{Ending, SlotState};
use vx_status::error_cell::ErrorCell;

pub use place::Place;

use super::boards::BoardError;
use super::reports::ReportError;
use crate::gauge::{Gauge, Pattern, Stream};
use crate::process::{Exit, Look, relay};
use crate::trouble::{Explain, TroubleKind};
use meter::Meter;

/// The variable by which a command finds the board that it belongs to.
const BOARD_VARIABLE: &str = "VX_BOARD";

/// A command whose progress is read from its output.
#[derive(Clone, Debug)]
pub struct Wrapped {
    /// The whole of its work, if its output does not say that.
    pub total: Option<u64>,
    /// Forms of progress besides those that are known.
    pub patterns: Vec<Pattern>,
    /// The program.
    pub program: OsString,
    /// Its arguments.
    pub arguments: Vec<OsString>,
}

/// Why a command does not run on a board.
#[derive(Debug, thiserror::Error)]
pub enum WrapError {
    /// The board that was named cannot be used, or another process has the key.
    #[error(transparent)]
    Board(#[from] ReportError),
    /// The program cannot be started.
    #[error("`{}` cannot be started: {cause}", program.display())]
    NotStarted {
        /// The program.
        program: PathBuf,
        /// The cause.
        cause: io::Error,
    },
}

impl Explain for WrapError {
    fn kind(&self) -> TroubleKind {
        match self {
            Self::Board(error) => error.kind(),
            Self::NotStarted { .. } => TroubleKind::Program,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Board(error) => error.hint(),
            Self::NotStarted { program, cause } if cause.kind() == io::ErrorKind::NotFound => {
                let named = program.components().count() == 1;
                Some(if named { "the program is not on PATH: check its name" } else { "check the path" }.into())
            }
            Self::NotStarted { .. } => None,
        }
    }
}

impl From<BoardError> for WrapError {
    fn from(error: BoardError) -> Self {
        Self::Board(error.into())
    }
}

impl Wrapped {
    /// The command in one line, for people.
    pub fn line(&self) -> String {
        let words = std::iter::once(&self.program).chain(&self.arguments);
        words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
    }

    /// Run the command to its end, in this place.
    ///
    /// # Errors
    /// The program cannot be started; its slot says so, too.
    pub fn run(&self, place: Place) -> Result<ExitStatus, WrapError> {
        let variables = place.board().map(|board| (BOARD_VARIABLE.into(), board.as_os_str().to_owned()));
        let variables: Vec<(OsString, OsString)> = variables.into_iter().collect();
        let meter = Arc::new(Mutex::new((Meter::new(place, self.total), Gauge::new(self.patterns.clone()))));
        let status = relay(Path::new(&self.program), &self.arguments, &variables, || look(&meter));
        // A process that the command left behind may still hold its output open: from here on nothing of it counts.
        let (place, tail) = meter.lock().0.finish();
        match status {
            Ok(status) => {
                place.end(&ending(status.into(), &tail), status.into());
                Ok(status)
            }
            Err(cause) => {
                let error = WrapError::NotStarted { program: self.program.clone().into(), cause };
                place.end(&failed(error.kind(), error.to_string(), &[]), Exit::Code(1));
                Err(error)
            }
        }
    }
}

/// The look at one stream.
fn look(meter: &Arc<Mutex<(Meter, Gauge)>>) -> Look {
    let (meter, mut stream) = (Arc::clone(meter), Stream::default());
    let number = meter.lock().0.add_stream();
    Box::new(move |bytes| {
        let (meter, gauge) = &mut *meter.lock();
        meter.printed(number, bytes);
        gauge.feed(&mut stream, bytes, |reading| meter.read(&reading));
    })
}

/// The end of a slot whose command ended so.
fn ending(exit: Exit, tail: &[String]) -> Ending {
    match exit {
        Exit::Code(0) => Ending::new(SlotState::Done),
        Exit::Code(130) | Exit::Signal(1 | 2 | 15) => {
            Ending { state: SlotState::Cancelled, ..failed(TroubleKind::Cancelled, format!("cancelled: {exit}"), &[]) }
        }
        Exit::Code(_) => failed(TroubleKind::Exit, format!("failed: {exit}"), tail),
        Exit::Signal(_) => failed(TroubleKind::Killed, format!("ended by {exit}"), tail),
    }
}

fn failed(kind: TroubleKind, text: String, details: &[String]) -> Ending {
    let cell = ErrorCell {
        text: text.into(),
        details: details.iter().map(Into::into).collect(),
        kind: Some(kind.name().into()),
        hint: None,
    };
    Ending::failed(cell.to_text())
}
