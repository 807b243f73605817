//! Requests to a run: carried out at once, their failures to the one who asked.

use vx_status::source::RequestFailure;

use super::cancel::Manner;
use super::{Request, Supervisor};

impl Supervisor {
    /// Carry a request out. A failure that no one in particular waits for goes to the views.
    pub(super) fn take_request(&mut self, request: Request) {
        if let Err(failure) = self.carry_request_out(request) {
            // The view may be gone or slow; this report is not essential.
            let _ = self.failures.try_send(failure);
        }
    }

    fn carry_request_out(&mut self, request: Request) -> Result<(), RequestFailure> {
        match request {
            Request::Cancel(key) => self.cancel(key, Manner::Again),
            Request::Stop(key) => self.cancel(key, Manner::Ask),
            Request::Kill(key) => self.cancel(key, Manner::Kill),
            Request::CancelAll => {
                self.cancel_all(Manner::Again);
                Ok(())
            }
            Request::StopAll => {
                self.cancel_all(Manner::Ask);
                Ok(())
            }
            Request::Retry(key) => self.try_again(&key).map_err(|why| RequestFailure::NotRetried { key, why }),
            Request::Answered(request, answer) => {
                // The one who asked may have left.
                let _ = answer.try_send(self.carry_request_out(*request));
                Ok(())
            }
        }
    }
}
