//! Showing a run in a view, on a separate thread.

mod display;
mod step_page;

use std::io;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use vx_run::RunHandle;

use super::view::RunViewKind;
use super::views::RunControl;
use crate::doors::cli::interrupts::Interrupts;
use crate::doors::cli::output::failure::CommandFailure;
use crate::workspace::frontend::run::LiveRun;
#[cfg(any(feature = "tui", feature = "control"))]
pub(in crate::doors::cli) use display::inputs;
use display::show;

/// The longest that a terminal may take for the last output, once this process was asked to end.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// The view of a run, and its options.
pub(in crate::doors::cli) struct RunViewOptions {
    pub(in crate::doors::cli) view: RunViewKind,
    pub(in crate::doors::cli) mouse: bool,
    /// The notice in the full-screen view until the first key.
    pub(in crate::doors::cli) remark: Option<String>,
}

/// A view on a separate thread, so that a blocked terminal delays only its own output.
pub(in crate::doors::cli) struct Showing {
    ended: Receiver<Result<(), CommandFailure>>,
}

/// The process was asked to end, and the terminal does not accept the last output.
#[derive(Debug)]
pub(in crate::doors::cli) struct TerminalBlocked;

impl Showing {
    /// Show the run from now on until it has ended. If nobody reads the output any more, that is not a failure of the
    /// run.
    pub(in crate::doors::cli) fn start(run: &LiveRun, manner: RunViewOptions, ends: Sender<()>) -> io::Result<Self> {
        let RunHandle { requests, failures, finished, .. } = &run.handle;
        let hold = (manner.view == RunViewKind::Dashboard).then(|| run.hold.clone());
        let (requests, failures, declared) = (requests.clone(), failures.clone(), run.declared.clone());
        let control = RunControl { requests, failures, ends, hold, declared };
        let (board, finished, expectations) = (run.board.clone(), finished.clone(), run.expectations.clone());
        let (end, ended) = bounded(1);
        std::thread::Builder::new().name("view".into()).spawn(move || {
            // The receiver is gone if the process no longer waits for the view.
            let _ = end.send(show(&board, manner, control, finished, expectations));
        })?;
        Ok(Self { ended })
    }

    /// Wait until everything is shown: without a limit, unless the process is asked to end now or was before
    /// (`asked_before`).
    pub(in crate::doors::cli) fn finish(
        self,
        interrupts: &Interrupts,
        asked_before: bool,
    ) -> Result<Result<(), CommandFailure>, TerminalBlocked> {
        match interrupts.unless_impatient(&self.ended, asked_before, LAST_WORDS) {
            Ok(shown) => Ok(shown),
            Err(RecvTimeoutError::Disconnected) => {
                Ok(Err(CommandFailure::failed("the thread that shows the run panicked")))
            }
            Err(RecvTimeoutError::Timeout) => Err(TerminalBlocked),
        }
    }
}
