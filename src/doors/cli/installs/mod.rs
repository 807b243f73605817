//! Commands about the tools of a project: installed, locked, compared, listed.

pub(super) mod install;
pub(super) mod install_child;
pub(super) mod lock;
pub(super) mod outdated;
pub(super) mod sbom;
pub(super) mod search;
pub(super) mod store;
pub(super) mod sync;
pub(super) mod use_command;
