//! The trust in servers that the user's settings of npm, pip and node ask for.

use vx_http::Trust;

use super::npm;
use super::options::SourceOptions;
use super::pypi;

/// The trust of all requests: a file that one program is given holds for all, since the archives of a registry may be
/// on hosts of others. A host goes unchecked, or gets a client certificate, only if a setting is for that host.
pub(super) fn of(options: &SourceOptions) -> Trust {
    if options.offline {
        return Trust::default();
    }
    let mut files = npm::certificate_files(options);
    files.extend(pypi::certificate_files(options));
    let mut unchecked = npm::unchecked_hosts(options);
    unchecked.extend(pypi::trusted_hosts(options));
    let mut clients = npm::client_certificates(options);
    clients.extend(pypi::client_certificate(options));
    Trust { files, unchecked, clients }
}
