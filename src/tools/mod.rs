//! The tools of a project: installing, locking, finding their programs, and describing them.

pub mod activation;
pub mod catalogue_releases;
pub mod declare_tools;
pub mod environment;
pub mod installs;
pub mod locking;
pub mod outdated;
pub mod programs;
pub mod route;
pub mod routes;
pub mod sbom;
pub mod shell;
pub mod shims;
pub mod tool;
