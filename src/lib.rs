//! `vx` as a library: planning, sources, installing and reporting, one floor above another (see `ARCHITECTURE.md`).

#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

pub mod cli;
#[cfg(all(unix, feature = "control"))]
pub mod daemon;
#[cfg(all(target_os = "linux", feature = "control"))]
pub mod devserver;
pub mod doctor;
#[cfg(all(unix, feature = "control"))]
pub mod mcp;
pub mod route;
pub mod shell;
pub mod work;
