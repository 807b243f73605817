//! What a project runs while people work on it: the supervisor of its services, a guard for each, and their parts.

pub mod entries;
#[cfg(target_os = "linux")]
pub mod guard;
pub mod order;
#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
mod output;
pub mod plain;
pub mod ports;
pub mod probe;
mod restarts;
pub mod spec;
pub mod supervisor;
pub mod watch;

pub use output::KEPT_FILES;
