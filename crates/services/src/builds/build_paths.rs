//! The places of a service's builds: a folder for each build, and a link to that of the newest good one.
//!
//! A service runs from the link. So a service that restarts, or reads its files again, gets the newest good build, and
//! a failed build changes nothing.

use std::path::{Path, PathBuf};

/// Make the key of the slot of a service's build. No service's name contains a colon.
pub fn build_key(service: &str) -> String {
    format!("{service}:build")
}

/// Find the service that a slot with this key belongs to, whether the slot is the service's or its build's.
pub fn service_of_key(key: &str) -> &str {
    key.split_once(':').map_or(key, |(service, _)| service)
}

/// The link to the folder of the newest good build of the service with this folder.
pub(crate) fn current(folder: &Path) -> PathBuf {
    folder.join("current")
}

/// The folder of one build.
pub(crate) fn of_epoch(folder: &Path, epoch: &str) -> PathBuf {
    folder.join(epoch)
}
