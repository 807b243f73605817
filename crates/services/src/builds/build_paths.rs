//! The places of a service's builds: a folder for each build, and a link to that of the newest good one.
//!
//! A service runs from the link, so one that is started again or reads its files anew has the newest good build, and a
//! build that fails changes nothing of it.

use std::path::{Path, PathBuf};

/// The key of the slot of a service's build. No name of a service has this character.
pub fn build_key(service: &str) -> String {
    format!("{service}:build")
}

/// The service of a slot with this key, which is its own or that of its build.
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
