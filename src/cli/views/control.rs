//! The control of a run, as a view has it.

use crossbeam_channel::{Receiver, Sender};
use vx_status::source::{Control, RequestFailure};

use crate::run::Request;

/// The control of a run.
pub(in crate::cli) struct RunControl {
    /// Takes requests.
    pub requests: Sender<Request>,
    /// Gives the requests that failed.
    pub failures: Receiver<RequestFailure>,
    /// The channel for the report that the process is requested to end.
    pub ends: Sender<()>,
}

impl RunControl {
    fn ask(&self, request: Request) {
        // An ended run accepts no requests.
        let _ = self.requests.send(request);
    }
}

impl Control for RunControl {
    fn cancel(&mut self, key: &str) {
        self.ask(Request::Cancel(key.to_owned()));
    }

    fn cancel_all(&mut self) {
        self.ask(Request::CancelAll);
    }

    fn end(&mut self) {
        // The run has ended if there is no receiver.
        let _ = self.ends.send(());
    }

    fn retry(&mut self, key: &str) {
        self.ask(Request::Retry(key.to_owned()));
    }

    fn request_failure(&mut self) -> Option<RequestFailure> {
        self.failures.try_recv().ok()
    }
}
