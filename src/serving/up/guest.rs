//! The interface for code that adds methods to a supervisor's control socket.

use std::path::Path;

use vx_rpc::{Notification, Params, RpcError};

use vx_services::declared::spec::Spec;
use vx_services::supervisor::SupervisorHandle;

/// Answers clients of a supervisor by its own methods. The functions are called from the clients' threads.
pub trait Guest: Send + Sync + 'static {
    /// The methods that it answers.
    fn methods(&self) -> Vec<&'static str>;

    /// A client has declared this service.
    fn declared(&self, spec: &Spec);

    /// The keys of the services that this name stands for.
    fn parts(&self, name: &str) -> Vec<String>;

    /// The answer to a request of the client with this number; `None` if the method is not one of its own.
    fn call(&self, client: u64, method: &str, params: Params<'_>) -> Option<Result<String, RpcError>>;

    /// The client with this number accepts notifications from now on.
    fn listens(&self, client: u64);

    /// Whether there may be notifications.
    fn notifies(&self) -> bool;
    /// The notifications for this client since the last call.
    fn news(&self, client: u64) -> Vec<Notification>;

    /// The client with this number is gone.
    fn gone(&self, client: u64);
}

/// Makes the guest of the supervisor with this handle and this board.
pub trait Invitation: FnOnce(SupervisorHandle, &Path) -> Box<dyn Guest> {}

impl<F: FnOnce(SupervisorHandle, &Path) -> Box<dyn Guest>> Invitation for F {}
