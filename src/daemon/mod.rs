//! The daemon: one process of a user and home that answers editors and agents over a socket.
//!
//! Nothing needs it. It answers from the same silent layer as the command line, holds no state that cannot be rebuilt, and
//! owns no work, so that killing it harms nothing.
//!
//! | | |
//! |---|---|
//! | `error` | why a daemon does not run, or a client does not reach it |
//! | `place` | its lock, record, log and socket |
//! | `switch` | the user's choice: `VX_DAEMON` |
//! | `protocol` | requests and answers, for both sides |
//! | `own_log` | the file of its own words |
//! | `service` | the answers to one client, and what all clients share |
//! | `serve` | its life |
//! | `client` | the other side |
//! | `start` | starting and stopping it from another process |

mod client;
mod error;
mod own_log;
mod place;
mod protocol;
mod serve;
mod service;
mod start;
mod switch;

pub use client::DaemonClient;
pub use error::DaemonError;
pub use place::DaemonPlace;
pub use protocol::{BoardSummary, DaemonRequest, DaemonResponse, DaemonStatus, Introduced, PROTOCOL, Pong, Versions};
pub use serve::{DEFAULT_IDLE, serve};
pub use start::{Started, start, stop};
pub use switch::Switch;
