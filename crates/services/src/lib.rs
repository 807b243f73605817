//! The services that a project runs while people work on it: the supervisor of its services, a guard for each, and their parts.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
mod built;
pub mod devinfo;
pub mod entries;
#[cfg(target_os = "linux")]
pub mod guard;
pub mod mistakes;
pub mod order;
#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
mod output;
pub mod plain;
pub mod ports;
pub mod probe;
pub mod reading;
#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
mod reported;
mod restarts;
pub mod spec;
mod stamp;
pub mod supervisor;
pub mod watch;

pub use built::{build_key, service_of_key};
pub use output::KEPT_FILES;
pub use reported::{Reported, reported};
