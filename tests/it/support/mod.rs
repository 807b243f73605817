//! What the tests build on: sandboxes, loopback servers, terminals, and reports of skipped checks.

#[cfg(target_os = "linux")]
pub(crate) mod held;
#[cfg(target_os = "linux")]
pub(crate) mod pty;
pub(crate) mod registry;
#[cfg(unix)]
pub(crate) mod sandbox;
pub(crate) mod server;
pub(crate) mod skipped;
