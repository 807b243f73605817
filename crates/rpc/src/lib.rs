//! Requests to a running process, and its answers: JSON-RPC 2.0 in the framing of the language server protocol, over a
//! socket that only its user can reach.
//!
//! The meaning of requests is up to an [`RpcService`], one for each client. Clients are not trusted to behave: lengths
//! are checked before anything is allocated, there are time limits for half a message and for an answer that is not
//! read, and each client has a separate thread, so that none waits for another. A client costs at most 1 MiB.
//!
//! | | |
//! |---|---|
//! | `frame` | framing of messages in a byte stream |
//! | `message` | requests, answers and errors, and the trait of services |
//! | `socket_path` | the name of a process's socket, and the checks of its directory |
//! | `socket` | listening: the lock, the stale socket, the peer's user |
//! | `connection` | the work of one client's thread |
//! | `server` | all clients, and their end |
//! | `client` | the client's side |
#![forbid(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

#[cfg(unix)]
mod client;
#[cfg(unix)]
mod connection;
#[cfg(not(unix))]
mod elsewhere;
mod frame;
mod message;
#[cfg(unix)]
mod server;
#[cfg(unix)]
mod socket;
mod socket_path;

#[cfg(unix)]
pub use client::RpcClient;
#[cfg(not(unix))]
pub use elsewhere::{RpcClient, RpcServer, remove_stale};
pub use frame::{FrameError, REQUEST_BYTES, RpcFrameDecoder, framed};
pub use message::{Notification, Params, RpcError, RpcService, RpcServices};
#[cfg(unix)]
pub use server::RpcServer;
#[cfg(unix)]
pub use socket::{ListenError, remove_stale};
#[cfg(unix)]
pub use socket_path::check_directory;
pub use socket_path::{PlaceError, socket_of};

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// No process listens there.
    #[error("no process listens at `{}`", .0.display())]
    Nobody(std::path::PathBuf),
    /// The socket's directory is not safe.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// The connection failed.
    #[error("the connection failed: {0}")]
    Io(#[from] std::io::Error),
    /// The server sent something other than answers.
    #[error("the answer makes no sense: {0}")]
    Answer(String),
    /// No answer came in time.
    #[error("no answer came in time")]
    TimeUp,
    /// The server answered with an error.
    #[error("{}", .0.message)]
    Refused(RpcError),
}
