//! The trust in servers that the user's settings of npm, pip and node ask for.

use super::npm;
use super::options::SourceOptions;
use super::pypi;
use crate::http::Trust;

/// The trust of all requests: a file that one program is given holds for all, since the archives of a registry may be
/// on hosts of others.
pub(super) fn of(options: &SourceOptions) -> Trust {
    let mut files = npm::certificate_files(options);
    files.extend(pypi::certificate_files(options));
    Trust { files, unchecked: npm::unchecked_hosts(options) }
}
