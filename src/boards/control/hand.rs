//! What a runner can do with its slots.

use vx_base::trouble::{Trouble, TroubleKind};
#[cfg(feature = "control")]
use vx_rpc::{Notification, Params, REQUEST_BYTES, RpcError};
use vx_shm::{SlotState, SlotView};

use super::report::ReportDocument;

/// A request for one slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// Begin, unless it has begun or has ended well.
    Start,
    /// Ask its process to stop.
    Stop,
    /// Kill its process, with all that it started.
    Kill,
    /// Try failed work again.
    Retry,
    /// Stop it, and begin again.
    Restart,
    /// Build it anew, then begin again.
    Rebuild,
}

impl Verb {
    /// Every verb.
    pub const ALL: [Self; 6] = [Self::Start, Self::Stop, Self::Kill, Self::Retry, Self::Restart, Self::Rebuild];

    /// Its name; the method is `work/` and this.
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

/// A runner's hand on its work. Its functions are called from the threads of the clients.
pub trait Hand: Send + Sync + 'static {
    /// What can be asked for this slot at the moment.
    fn verbs(&self, slot: &SlotView) -> Vec<Verb>;

    /// Carry out a request for this slot: returns once it is accepted. A request for what is so already is no error.
    ///
    /// # Errors
    /// It makes no sense for this work, or not now.
    fn ask(&self, verb: Verb, slot: &SlotView) -> Result<(), Trouble>;

    /// Write a report to this slot, which this process writes.
    ///
    /// # Errors
    /// The slot takes none, or the report does not fit it.
    fn report(&self, slot: &SlotView, _report: &ReportDocument) -> Result<(), Trouble> {
        let text = format!("`{}` is work of the kind {}, which takes no reports", slot.key, slot.kind);
        Err(Trouble::new(TroubleKind::Usage, text).hinted("report to a slot of your own: `vx board put KEY …`"))
    }

    /// Ask everything of this runner to stop.
    ///
    /// # Errors
    /// It cannot be asked.
    fn stop_all(&self) -> Result<(), Trouble>;

    /// The keys of the work that this name stands for, which is itself no key.
    fn parts(&self, _name: &str) -> Vec<String> {
        Vec::new()
    }

    /// The methods for programs that this runner alone knows.
    fn methods(&self) -> Vec<&'static str> {
        Vec::new()
    }

    /// Answer a request of the client with this number that this runner alone knows; `None` if it does not.
    #[cfg(feature = "control")]
    fn other(&self, _client: u64, _method: &str, _params: Params<'_>) -> Option<Result<String, RpcError>> {
        None
    }

    /// The client with this number has introduced itself, and takes notifications without asking for them.
    fn listens(&self, _client: u64) {}

    /// True while there may be notifications for clients that have not asked for any.
    fn notifies(&self) -> bool {
        false
    }

    /// Those for this client since the last call. Called about ten times a second while there may be any.
    #[cfg(feature = "control")]
    fn news(&self, _client: u64) -> Vec<Notification> {
        Vec::new()
    }

    /// The largest request that it takes, in bytes.
    #[cfg(feature = "control")]
    fn request_bytes(&self) -> usize {
        REQUEST_BYTES
    }

    /// The client with this number is gone.
    fn gone(&self, _client: u64) {}
}

/// The error of a request that makes no sense for work of this kind; `hint` is the next step.
pub fn impossible(verb: Verb, slot: &SlotView, hint: &str) -> Trouble {
    let text = format!("`{}` is work of the kind {}, which cannot be {}", slot.key, slot.kind, verb.done());
    Trouble::new(TroubleKind::Usage, text).hinted(hint)
}

/// An error of the work, as a client is told it.
#[cfg(feature = "control")]
pub fn fault(trouble: Trouble) -> RpcError {
    RpcError::work(trouble.kind.name(), trouble.text, trouble.hint)
}

/// True if a request to start or to stop asks for what is so already.
pub(super) fn is_so_already(verb: Verb, slot: &SlotView) -> bool {
    match verb {
        Verb::Start => matches!(slot.state, SlotState::Reserved | SlotState::Live) || slot.state.good(),
        Verb::Stop | Verb::Kill => slot.state.ended(),
        Verb::Retry | Verb::Restart | Verb::Rebuild => false,
    }
}
