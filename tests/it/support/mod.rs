//! The ground of the tests: a place of their own, loopback servers, terminals, and the checks that were not made.

#[cfg(target_os = "linux")]
pub(crate) mod held;
#[cfg(target_os = "linux")]
pub(crate) mod pty;
pub(crate) mod registry;
#[cfg(unix)]
pub(crate) mod sandbox;
pub(crate) mod server;
pub(crate) mod skipped;
