//! Any command as work on a board: its progress is read from what it prints, and its output stays as it is.
//!
//! The command's slot is on the named board, else on the board of the calling script, else on a new board. The command
//! inherits the mark of its slot (`VX_BOARD`, `VX_SLOT`), so that commands that it wraps itself join the board, and a
//! program that knows vx writes to the slot itself.

mod board_search;
mod chores;
mod command_slot;
mod error;
mod forms;
mod hand;
mod meter;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::Arc;

use parking_lot::Mutex;
use vx_base::gauge::{Gauge, GaugeStream, Pattern};
use vx_base::shown_address::shown_value;
use vx_base::trouble::{Trouble, TroubleKind};
use vx_process::relay;
use vx_process::{CommandEnd, Exit, OutputObserver};
use vx_run::channel::Mark;
use vx_run::trouble_cell::TroubleCell;
use vx_shm::{Ending, SlotState};

pub use command_slot::CommandBoardSlot;
pub use error::WrapError;
pub use forms::forms_of;

use crate::boards::control::ControlSocket;
use chores::{Chores, RunningChores};
use hand::CommandHand;
use meter::CommandMeter;

/// A command whose progress is read from its output.
#[derive(Clone, Debug, Default)]
pub struct Wrapped {
    /// Its total work, if its output does not state it.
    pub total: Option<u64>,
    /// Patterns for progress in addition to the built-in forms.
    pub patterns: Vec<Pattern>,
    /// The program, as it was named.
    pub name: OsString,
    /// Its file, or its name on `PATH`.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Variables for it in addition to the inherited ones.
    pub variables: Vec<(OsString, OsString)>,
}

impl Wrapped {
    /// The command in one line, for people.
    pub fn line(&self) -> String {
        let words = std::iter::once(&self.name).chain(&self.arguments);
        words.map(|word| shown_value(&word.to_string_lossy())).collect::<Vec<_>>().join(" ")
    }

    /// Run the command to its end, in this place. The trouble, if any, is about a requested recording.
    ///
    /// # Errors
    /// The program cannot be started; its slot has the same error.
    pub fn run(&self, mut place: CommandBoardSlot) -> Result<(ExitStatus, Option<Trouble>), WrapError> {
        let mut variables = self.variables.clone();
        variables.extend(place.mark().into_iter().flat_map(|mark| mark.variables()));
        let mut chores = place.chores();
        let board = place.board().map(Path::to_owned);
        let meter = Arc::new(Mutex::new((CommandMeter::new(place, self.total), Gauge::new(self.patterns.clone()))));
        let (mut begun, mut control) = (None, None);
        let started = || {
            begun = chores.take().map(Chores::start);
            control = board.map(|board| ControlSocket::serve(&board, CommandHand(Arc::clone(&meter))));
        };
        let marked = variables.iter().rev().find(|(name, _)| name == Mark::SLOT);
        let end = relay(&self.program, &self.arguments, &variables, marked, || output_observer(&meter), started);
        // A process that the command left behind may still hold its output open; ignore what it prints from here on.
        let (place, tail) = meter.lock().0.finish();
        let ended = match end {
            Ok(end) => {
                place.end(&ending(&end, &tail), end.status.into());
                Ok(end.to_pass_on())
            }
            Err(cause) => {
                let error = WrapError::NotStarted { program: self.program.clone(), cause };
                place.end(&failed(&Trouble::from_error(&error)), Exit::Code(error.exit_code().into()));
                Err(error)
            }
        };
        if let Some(control) = control {
            control.finish();
        }
        let recorded = begun.map_or_else(|| chores.map_or(Ok(()), Chores::skip), RunningChores::finish);
        ended.map(|status| (status, recorded.err().map(|error| Trouble::from_error(&error))))
    }
}

/// The observer of one output stream.
fn output_observer(meter: &Arc<Mutex<(CommandMeter, Gauge)>>) -> OutputObserver {
    let (meter, mut stream) = (Arc::clone(meter), GaugeStream::default());
    let number = meter.lock().0.add_stream();
    Box::new(move |bytes| {
        let (meter, gauge) = &mut *meter.lock();
        meter.printed(number, bytes);
        gauge.feed(&mut stream, bytes, |reading| meter.read(&reading));
    })
}

/// The end of the slot for this end of the command. A command that was asked to end counts as cancelled, however it
/// ended, unless some of its processes are left.
fn ending(end: &CommandEnd, tail: &[String]) -> Ending {
    let exit = Exit::from(end.status);
    match exit {
        _ if !end.left.is_none() => failed(&Trouble::new(TroubleKind::Killed, format!("killed, and {}", end.left))),
        _ if end.asked.is_some() => cancelled(exit),
        Exit::Code(0) => Ending::new(SlotState::Done),
        Exit::Code(130) | Exit::Signal(1 | 2 | 15) => cancelled(exit),
        Exit::Code(_) => failed(&Trouble::new(TroubleKind::Exit, format!("failed: {exit}")).detailed(tail)),
        Exit::Signal(_) => failed(&Trouble::new(TroubleKind::Killed, format!("ended by {exit}")).detailed(tail)),
    }
}

fn cancelled(exit: Exit) -> Ending {
    let trouble = Trouble::new(TroubleKind::Cancelled, format!("cancelled: {exit}"));
    Ending { state: SlotState::Cancelled, ..failed(&trouble) }
}

fn failed(trouble: &Trouble) -> Ending {
    Ending::failed(trouble.to_cell())
}
