//! The daemon: one process of a user and home that answers editors and agents over a socket.
//!
//! Nothing needs it. It answers from the same rooms as the command line, holds no state that cannot be rebuilt, and
//! owns no work, so that killing it harms nothing.
//!
//! | | |
//! |---|---|
//! | `error` | why a daemon does not run, or a client does not reach it |
//! | `daemon_place` | its lock, record, log and socket |
//! | `switch` | the user's choice: `VX_DAEMON` |
//! | `request`, `protocol`, `event`, `summary` | requests, answers and events, for both sides |
//! | `own_log` | its log file |
//! | `answers` | cached answers to questions |
//! | `begin` | starting work, in separate processes |
//! | `forward` | requests for work, passed on to its runner |
//! | `hub` | the queue of events; `watch` finds them, `wake` wakes a client's thread |
//! | `state` | what all clients share |
//! | `service` | the answers to one client |
//! | `manager` | the service manager that started it |
//! | `serve` | its life; `stdio` is a daemon on standard streams |
//! | `client` | the other side |
//! | `start` | starting and stopping it from another process |

mod answers;
mod begin;
mod client;
mod error;
mod events;
mod forward;
mod process;
mod protocol;
mod serve;
mod service;
mod start;
mod state;
mod stdio;
mod watch;

pub use client::DaemonClient;
pub use error::DaemonError;
pub use events::event::{BoardWithWork, Changed, DaemonEvent, EVENT, EventType, OnBoard, Release, Snapshot, Told};
pub use events::summary::BoardSummary;
pub use process::daemon_place::DaemonPlace;
pub use process::switch::Switch;
pub use protocol::request::{
    DaemonRequest, Environ, InDirectory, Introduction, ListVersions, OfRuntime, Resolve, Since, Subscribe, Sync,
    Unsubscribe, Up, Use, Variables,
};
pub use protocol::{Begun, DaemonResponse, DaemonStatus, Introduced, PROTOCOL, Pong, Subscribed, VersionRange};
pub use serve::{DEFAULT_IDLE, serve};
pub use start::{Started, start, stop};
pub use stdio::serve_stdio;
