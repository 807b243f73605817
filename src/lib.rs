//! `vx` as a library: its contracts, and nothing else.
//!
//! | | |
//! |---|---|
//! | [`turn`] | one turn of an agent's command line, which ends once |
//! | [`devserver`] | development servers inside a program that embeds vx |
//! | [`daemon`] | a client of the daemon, with its requests, answers and events |
//!
//! Everything else is internal to the program, in rooms, lowest first; each imports only those before it:
//! `boards`, `workspace`, `tools`, `running`, `serving`, `doors`. `ARCHITECTURE.md` draws them on top of their crates.

#![cfg_attr(not(test), warn(clippy::disallowed_methods))]
// The rooms are modules of one program: `pub` in one of them means the others, not the world.
#![allow(unreachable_pub)]
// A build without views or sockets leaves parts of the rooms unused; only the full build is checked for that.
#![cfg_attr(not(all(unix, feature = "control", feature = "tui")), allow(dead_code, unused_imports))]

mod boards;
mod doors;
mod running;
mod serving;
mod tools;
mod workspace;

/// A client of the daemon: a process of the user and the home that answers editors and agents over a socket.
#[cfg(all(unix, feature = "control"))]
pub mod daemon {
    pub use crate::doors::daemon::{
        Begun, BoardSummary, BoardWithWork, Changed, DaemonClient, DaemonError, DaemonEvent, DaemonPlace,
        DaemonRequest, DaemonResponse, DaemonStatus, EVENT, Environ, EventType, InDirectory, Introduced, Introduction,
        ListVersions, OfRuntime, OnBoard, PROTOCOL, Pong, Release, Resolve, Since, Snapshot, Started, Subscribe,
        Subscribed, Sync, Told, Unsubscribe, Up, Use, Variables, VersionRange, start, stop,
    };
}
#[cfg(all(target_os = "linux", feature = "control"))]
pub use serving::devserver;
#[cfg(all(unix, feature = "control"))]
pub use vx_agents as turn;

/// The program, for `main.rs`.
#[doc(hidden)]
pub use doors::cli::main;
/// The job of an install, for the test of children that don't end when asked to.
#[doc(hidden)]
pub use tools::installs::job as install_job;
