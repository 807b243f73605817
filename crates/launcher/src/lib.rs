//! The launcher that shims are links to, and the file that it reads.
//!
//! A shim is a link named like a tool. The launcher looks its own name up in the route file of the working directory,
//! checks that the project is unchanged since `vx` wrote that file, and replaces itself with the tool. It leaves
//! everything else to `vx`.
//!
//! Starting a program costs more than this work, so the launcher links neither a standard library nor a C library. Its
//! start and its panic handler are in `start.rs`, which `build.rs` compiles into [`PROGRAM`]; the rest is this library,
//! so that lints, documentation and tests cover it. All unsafe code is in `system/`.
#![cfg_attr(not(test), no_std)]
#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

pub mod format;
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod launch;
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
pub mod system;

#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
pub use launch::Launcher;

/// The launcher's executable file; `None` on systems whose kernel it cannot call.
pub const PROGRAM: Option<&[u8]> = compiled();

#[cfg(launcher)]
const fn compiled() -> Option<&'static [u8]> {
    Some(include_bytes!(env!("VX_LAUNCHER")))
}

#[cfg(not(launcher))]
const fn compiled() -> Option<&'static [u8]> {
    None
}
