//! The services that a project runs while people work on it: their supervisor, a guard for each, and the parts of both.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

pub mod builds;
pub mod declared;
pub mod devinfo;
pub mod entries;
#[cfg(target_os = "linux")]
pub mod guard;
#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
mod output;
pub mod plain;
pub mod ports;
pub mod probe;
pub mod supervisor;

pub use builds::build_paths::{build_key, service_of_key};
pub use builds::mistake_report::{ReportedMistake, reported};
pub use output::KEPT_FILES;
