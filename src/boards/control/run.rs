//! The control of a run of installs.

use std::time::Duration;

use crossbeam_channel::{Sender, bounded};
use vx_base::trouble::{Trouble, TroubleKind};
use vx_run::RunRequest;
use vx_shm::SlotView;
use vx_status::source::RequestFailure;

use super::hand::{Hand, Verb, impossible, is_so_already};

/// The longest wait for the run to accept a request.
const PATIENCE: Duration = Duration::from_secs(5);

/// The control of a run that receives its requests on this channel.
#[derive(Clone, Debug)]
pub struct RunHand(pub Sender<RunRequest>);

impl RunHand {
    /// Pass a request on, and wait until the run has answered it.
    fn pass_on(&self, request: RunRequest) -> Result<(), Trouble> {
        let over = || Trouble::new(TroubleKind::Board, "the run is over");
        let (answer, answered) = bounded(1);
        self.0.send(RunRequest::Answered(Box::new(request), answer)).map_err(|_| over())?;
        match answered.recv_timeout(PATIENCE) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(failure)) => Err(Trouble::new(TroubleKind::Board, reason(&failure))),
            Err(crossbeam_channel::RecvTimeoutError::Disconnected) => Err(over()),
            Err(crossbeam_channel::RecvTimeoutError::Timeout) => {
                Err(Trouble::new(TroubleKind::Busy, "the run does not answer").hinted("try again later"))
            }
        }
    }
}

fn reason(failure: &RequestFailure) -> String {
    match failure {
        RequestFailure::NotRetried { key, why } => format!("`{key}` is not tried again: {why}"),
        RequestFailure::NotRestarted { key, why } => format!("`{key}` is not restarted: {why}"),
        RequestFailure::NotRebuilt { key, why } => format!("`{key}` is not rebuilt: {why}"),
        RequestFailure::NotStopped { key, why } => format!("`{key}` is not stopped: {why}"),
        RequestFailure::Blocked { key, by } => format!("`{key}` cannot stop yet: {by}"),
    }
}

impl Hand for RunHand {
    fn verbs(&self, slot: &SlotView) -> Vec<Verb> {
        match slot.state {
            state if !state.ended() => vec![Verb::Stop, Verb::Kill],
            state if !state.good() => vec![Verb::Start, Verb::Retry],
            _ => Vec::new(),
        }
    }

    fn ask(&self, verb: Verb, slot: &SlotView) -> Result<(), Trouble> {
        let key = slot.key.clone();
        match verb {
            _ if is_so_already(verb, slot) => Ok(()),
            Verb::Stop => self.pass_on(RunRequest::Stop(key)),
            Verb::Kill => self.pass_on(RunRequest::Kill(key)),
            Verb::Start | Verb::Retry => self.pass_on(RunRequest::Retry(key)),
            Verb::Restart | Verb::Rebuild => {
                Err(impossible(verb, slot, &format!("`vx retry {key}` tries it again if it failed")))
            }
        }
    }

    fn stop_all(&self) -> Result<(), Trouble> {
        self.pass_on(RunRequest::StopAll)
    }
}
