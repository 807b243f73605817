//! The interface between the control socket and a runner: what can be done with its slots.

use vx_base::trouble::{Trouble, TroubleKind};
#[cfg(feature = "control")]
use vx_rpc::{Notification, Params, REQUEST_BYTES, RpcError};
use vx_shm::{SlotState, SlotView};

use super::report::ReportDocument;

/// A request for one slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// Start it, unless it runs or has ended well.
    Start,
    /// Ask its process to stop.
    Stop,
    /// Kill its process, with everything that it started.
    Kill,
    /// Try failed work again.
    Retry,
    /// Stop it, and start it again.
    Restart,
    /// Build it again, then restart it.
    Rebuild,
}

impl Verb {
    /// Every verb.
    pub const ALL: [Self; 6] = [Self::Start, Self::Stop, Self::Kill, Self::Retry, Self::Restart, Self::Rebuild];

    /// Its name; the method is `work/` followed by it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Kill => "kill",
            Self::Retry => "retry",
            Self::Restart => "restart",
            Self::Rebuild => "rebuild",
        }
    }

    const fn done(self) -> &'static str {
        match self {
            Self::Start => "started",
            Self::Stop => "stopped",
            Self::Kill => "killed",
            Self::Retry => "tried again",
            Self::Restart => "restarted",
            Self::Rebuild => "rebuilt",
        }
    }
}

/// What a runner does for the clients of its control socket. The functions are called from the clients' threads.
pub trait Hand: Send + Sync + 'static {
    /// The requests that this slot accepts at the moment.
    fn verbs(&self, slot: &SlotView) -> Vec<Verb>;

    /// Carry out a request for this slot; returns once it is accepted. A request for a state that is reached already is
    /// no error.
    ///
    /// # Errors
    /// The request makes no sense for this work, or not now.
    fn ask(&self, verb: Verb, slot: &SlotView) -> Result<(), Trouble>;

    /// Write a report to this slot, which this process writes.
    ///
    /// # Errors
    /// The slot accepts no reports, or the report does not fit it.
    fn report(&self, slot: &SlotView, _report: &ReportDocument) -> Result<(), Trouble> {
        let text = format!("`{}` is work of the kind {}, which takes no reports", slot.key, slot.kind);
        Err(Trouble::new(TroubleKind::Usage, text).hinted("report to a slot of your own: `vx board put KEY …`"))
    }

    /// Stop all work of this runner.
    ///
    /// # Errors
    /// The request cannot be delivered.
    fn stop_all(&self) -> Result<(), Trouble>;

    /// The keys of the work that this name stands for, if it is not a key itself.
    fn parts(&self, _name: &str) -> Vec<String> {
        Vec::new()
    }

    /// Methods that only this runner knows.
    fn methods(&self) -> Vec<&'static str> {
        Vec::new()
    }

    /// Answer a request from the client with this number that only this runner knows; `None` for an unknown method.
    #[cfg(feature = "control")]
    fn other(&self, _client: u64, _method: &str, _params: Params<'_>) -> Option<Result<String, RpcError>> {
        None
    }

    /// The client with this number has introduced itself, and accepts notifications without asking for them.
    fn listens(&self, _client: u64) {}

    /// Whether there may be notifications for clients that have not asked for any.
    fn notifies(&self) -> bool {
        false
    }

    /// Such notifications for this client since the last call. Called about ten times a second while there may be any.
    #[cfg(feature = "control")]
    fn news(&self, _client: u64) -> Vec<Notification> {
        Vec::new()
    }

    /// The largest request that it accepts, in bytes.
    #[cfg(feature = "control")]
    fn request_bytes(&self) -> usize {
        REQUEST_BYTES
    }

    /// The client with this number is gone.
    fn gone(&self, _client: u64) {}
}

/// The error for a request that makes no sense for work of this kind; `hint` is the next step.
pub fn impossible(verb: Verb, slot: &SlotView, hint: &str) -> Trouble {
    let text = format!("`{}` is work of the kind {}, which cannot be {}", slot.key, slot.kind, verb.done());
    Trouble::new(TroubleKind::Usage, text).hinted(hint)
}

/// An error of the work, in the form that is sent to a client.
#[cfg(feature = "control")]
pub fn fault(trouble: Trouble) -> RpcError {
    RpcError::work(trouble.kind.name(), trouble.text, trouble.hint)
}

/// Whether a request to start or to stop asks for a state that is reached already.
pub(super) fn is_so_already(verb: Verb, slot: &SlotView) -> bool {
    match verb {
        Verb::Start => matches!(slot.state, SlotState::Reserved | SlotState::Live) || slot.state.good(),
        Verb::Stop | Verb::Kill => slot.state.ended(),
        Verb::Retry | Verb::Restart | Verb::Rebuild => false,
    }
}
