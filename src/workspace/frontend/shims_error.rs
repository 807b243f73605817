//! The error of shims that could not be brought up to date.

use std::io;
use std::path::PathBuf;

use vx_store::DiskError;

/// The shims could not be brought up to date.
#[derive(Debug, thiserror::Error)]
#[error("the shims in `{}` could not be updated: {cause}", directory.display())]
pub struct ShimsError {
    /// Their directory.
    pub directory: PathBuf,
    /// The reason.
    pub cause: ShimsFault,
}

/// The reason why shims could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum ShimsFault {
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] DiskError),
    /// A link cannot be made.
    #[error(transparent)]
    Link(#[from] io::Error),
}
