//! What another part adds to a supervisor's answers.

use std::path::Path;

use vx_rpc::{Notification, Params, RpcError};

use vx_services::declared::spec::Spec;
use vx_services::supervisor::SupervisorHandle;

/// The answers of another part to the clients of a supervisor. Its functions are called from the threads of the clients.
pub trait Guest: Send + Sync + 'static {
    /// The methods that it answers.
    fn methods(&self) -> Vec<&'static str>;

    /// A client has declared this service.
    fn declared(&self, spec: &Spec);

    /// The keys of the services that this name stands for.
    fn parts(&self, name: &str) -> Vec<String>;

    /// The answer to a request of the client with this number; `None` if the method is none of its own.
    fn call(&self, client: u64, method: &str, params: Params<'_>) -> Option<Result<String, RpcError>>;

    /// The client with this number takes notifications from now on.
    fn listens(&self, client: u64);

    /// True while there may be notifications.
    fn notifies(&self) -> bool;

    /// Those for this client since the last call.
    fn news(&self, client: u64) -> Vec<Notification>;

    /// The client with this number is gone.
    fn gone(&self, client: u64);
}

/// Makes the guest of the supervisor with this handle and this board.
pub trait Invitation: FnOnce(SupervisorHandle, &Path) -> Box<dyn Guest> {}

impl<F: FnOnce(SupervisorHandle, &Path) -> Box<dyn Guest>> Invitation for F {}
