//! One call of a tool: its progress, and how it is cut short.

use std::convert::Infallible;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded};
use serde_json::{Value, json};
use vx_base::trouble::{Trouble, TroubleKind};

use super::wire::Out;

/// The interval between two reports of progress.
const BETWEEN_WORDS: Duration = Duration::from_secs(1);

/// A call under way.
#[derive(Clone)]
pub(super) struct Call {
    out: Out,
    /// The client's token for the progress of this call, if it wants any.
    token: Option<Value>,
    /// Disconnected once the client no longer wants the answer.
    cancelled: Receiver<Infallible>,
    begun: Instant,
}

/// Dropped to cancel a call.
pub(super) type Cancel = Sender<Infallible>;

/// Why a wait ended without a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unfinished {
    /// The client has cancelled the call, or is gone.
    Cancelled,
    /// The time is up.
    TimeUp,
}

impl Call {
    pub(super) fn new(out: Out, token: Option<Value>) -> (Self, Cancel) {
        let (cancel, cancelled) = bounded(0);
        (Self { out, token, cancelled, begun: Instant::now() }, cancel)
    }

    /// Whether the client no longer wants the answer.
    pub(super) fn is_cancelled(&self) -> bool {
        self.cancelled.try_recv() == Err(TryRecvError::Disconnected)
    }

    /// Do this work on a separate thread, and return its result, unless the call is cancelled or the time is up first.
    /// The client gets the text of `word` once a second meanwhile. The thread finishes its work in any case.
    pub(super) fn attend<T: Send + 'static>(
        &self,
        timeout: Option<Duration>,
        word: impl Fn() -> String,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<Result<T, Unfinished>, Trouble> {
        let (sender, results) = bounded(1);
        thread::Builder::new()
            .name("call".into())
            .spawn(move || drop(sender.send(work())))
            .map_err(|error| Trouble::new(TroubleKind::Internal, format_args!("cannot start a thread: {error}")))?;
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        loop {
            let left = deadline.map_or(BETWEEN_WORDS, |deadline| deadline.saturating_duration_since(Instant::now()));
            crossbeam_channel::select! {
                recv(results) -> result => return result.map(Ok).map_err(|_| {
                    Trouble::new(TroubleKind::Internal, "the work of this call broke off")
                }),
                recv(self.cancelled) -> _ => return Ok(Err(Unfinished::Cancelled)),
                default(left.min(BETWEEN_WORDS)) => {}
            }
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return Ok(Err(Unfinished::TimeUp));
            }
            self.say(&word);
        }
    }

    /// Report progress, if the client wants it. The number only grows, as the protocol requires.
    pub(super) fn say(&self, word: impl Fn() -> String) {
        if let Some(token) = &self.token {
            let seconds = self.begun.elapsed().as_secs_f64();
            let params = json!({ "progressToken": token, "progress": seconds, "message": word() });
            self.out.notify("notifications/progress", &params);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cancelled_call_ends_at_once_whatever_its_work_does() {
        let (call, cancel) = Call::new(Out::to(std::io::sink()), None);
        let (release, held) = bounded::<()>(0);
        assert!(!call.is_cancelled());
        drop(cancel);
        let ended = call.attend(None, String::new, move || held.recv().is_ok());
        assert_eq!(ended.expect("a thread"), Err(Unfinished::Cancelled));
        assert!(call.is_cancelled());
        drop(release);
    }

    #[test]
    fn work_that_takes_too_long_is_left_and_short_work_has_its_result() {
        let (call, _cancel) = Call::new(Out::to(std::io::sink()), None);
        let (_release, held) = bounded::<()>(0);
        let ended = call.attend(Some(Duration::from_millis(1)), String::new, move || held.recv().is_ok());
        assert_eq!(ended.expect("a thread"), Err(Unfinished::TimeUp));
        assert_eq!(call.attend(None, String::new, || 3).expect("a thread"), Ok(3));
    }
}
