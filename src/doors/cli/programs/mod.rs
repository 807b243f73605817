//! Commands that run a program, or lead a shell to it.

pub(super) mod activate;
pub(super) mod completions;
pub(super) mod env;
#[cfg(feature = "control")]
pub(super) mod request;
pub(super) mod script;
pub(super) mod shims;
pub(super) mod shortcut;
pub(super) mod tool;
pub(super) mod which;
