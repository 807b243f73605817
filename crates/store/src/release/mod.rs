//! A release on the disk: where it is assembled, its programs and their trial start, its receipt and its manifest.

pub(crate) mod manifest;
pub(crate) mod native;
pub(crate) mod programs;
pub(crate) mod receipt;
pub(crate) mod shipped;
pub(crate) mod staging;
pub(crate) mod trial;
