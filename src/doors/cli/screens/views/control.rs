//! The control of a run, for a view.

use crossbeam_channel::{Receiver, Sender};
use vx_run::{RunHold, RunRequest};
use vx_status::source::{RequestFailure, Settled, WorkControl};

use crate::doors::cli::interrupts::lending;
use crate::doors::cli::output::editor;
use crate::workspace::frontend::run::DeclarationLocations;

/// The control of a run.
pub(in crate::doors::cli) struct RunControl {
    /// Accepts requests to the run.
    pub requests: Sender<RunRequest>,
    /// Delivers the requests that failed.
    pub failures: Receiver<RequestFailure>,
    /// The channel on which the view reports that it was asked to end the process.
    pub ends: Sender<()>,
    /// Keeps the run open while the view lives, for another attempt at failed work.
    pub hold: Option<RunHold>,
    /// The places where the work is declared.
    pub declared: DeclarationLocations,
}

impl RunControl {
    fn ask(&self, request: RunRequest) {
        // An ended run accepts no requests.
        let _ = self.requests.send(request);
    }
}

impl WorkControl for RunControl {
    fn cancel(&mut self, key: &str) {
        self.ask(RunRequest::Cancel(key.to_owned()));
    }

    fn cancel_all(&mut self) {
        self.ask(RunRequest::CancelAll);
    }

    fn end(&mut self) {
        // The run has ended if there is no receiver.
        let _ = self.ends.send(());
    }

    fn settled(&self) -> Option<Settled> {
        self.hold.as_ref()?.settled()
    }

    fn stay(&mut self) {
        if let Some(hold) = &self.hold {
            hold.stay();
        }
    }

    fn edit(&mut self, key: &str) -> Result<(), String> {
        let place = self.declared.get(key).ok_or_else(|| format!("no project here declares {key}"))?;
        lending(|| editor::open(&place.file, place.line, None))
    }

    fn retry(&mut self, key: &str) {
        self.ask(RunRequest::Retry(key.to_owned()));
    }

    fn request_failure(&mut self) -> Option<RequestFailure> {
        self.failures.try_recv().ok()
    }
}
