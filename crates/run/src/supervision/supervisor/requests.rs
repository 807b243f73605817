//! Requests to a run, carried out at once. A failure goes back to the requester.

use vx_status::source::RequestFailure;

use super::cancel::ChildStopMode;
use super::{RunRequest, RunSupervisor};

impl RunSupervisor {
    /// Carry a request out. A failure that nobody waits for goes to the views.
    pub(super) fn take_request(&mut self, request: RunRequest) {
        if let Err(failure) = self.carry_request_out(request) {
            // The view may be gone or slow; this report is not essential.
            let _ = self.failures.try_send(failure);
        }
    }

    fn carry_request_out(&mut self, request: RunRequest) -> Result<(), RequestFailure> {
        match request {
            RunRequest::Cancel(key) => self.cancel(key, ChildStopMode::Again),
            RunRequest::Stop(key) => self.cancel(key, ChildStopMode::Ask),
            RunRequest::Kill(key) => self.cancel(key, ChildStopMode::Kill),
            RunRequest::CancelAll => {
                self.cancel_all(ChildStopMode::Again);
                Ok(())
            }
            RunRequest::StopAll => {
                self.cancel_all(ChildStopMode::Ask);
                Ok(())
            }
            RunRequest::Retry(key) => self.try_again(&key).map_err(|why| RequestFailure::NotRetried { key, why }),
            RunRequest::Answered(request, answer) => {
                // The requester may be gone.
                let _ = answer.try_send(self.carry_request_out(*request));
                Ok(())
            }
        }
    }
}
