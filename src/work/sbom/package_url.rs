//! Package URLs: the names of packages that tools for auditors agree on.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use vx_base::package::candidate::SourceKind;

use vx_project::LockedPart;

/// The characters that a package URL writes out.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The package URL of an archive. One of a vendor or an address is a generic package.
pub(super) fn package_url(source: SourceKind, part: &LockedPart) -> String {
    let encoded = |text: &str| utf8_percent_encode(text, ENCODED).to_string();
    let archive = part.archive();
    let version = encoded(&archive.version);
    let named = |kind: &str, name: &str| {
        let name: Vec<String> = name.split('/').map(encoded).collect();
        format!("pkg:{kind}/{}@{version}", name.join("/"))
    };
    match source {
        SourceKind::Npm => named("npm", &archive.package),
        SourceKind::Pypi => {
            let name = archive.package.to_ascii_lowercase().replace(['_', '.'], "-");
            format!("{}?file_name={}", named("pypi", &name), encoded(&archive.file))
        }
        SourceKind::Vendor | SourceKind::Url | SourceKind::System => {
            let address = part.url.as_deref().map(|url| format!("download_url={}&", encoded(url)));
            let file = encoded(&archive.file);
            // Qualifiers are in the order of their names.
            format!("{}?{}file_name={file}", named("generic", &archive.package), address.unwrap_or_default())
        }
    }
}
