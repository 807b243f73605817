//! Package URLs: names for packages that auditing tools have in common.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use vx_base::package::source_kind::SourceKind;

use vx_project::LockedPart;

/// The characters that a package URL encodes.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The package URL of an archive. An archive from a vendor or an address is a generic package.
pub(super) fn package_url(source: SourceKind, part: &LockedPart) -> String {
    let encoded = |text: &str| utf8_percent_encode(text, ENCODED).to_string();
    let (archive, facts) = (part.archive(), &source.facts().package_url);
    let name = match facts.has_lower_names {
        true => archive.package.to_ascii_lowercase().replace(['_', '.'], "-"),
        false => archive.package.clone(),
    };
    let name: Vec<String> = name.split('/').map(encoded).collect();
    // Qualifiers must be sorted by name.
    let address = part.url.as_deref().map(|url| format!("download_url={}", encoded(url)));
    let file = facts.names_file.then(|| format!("file_name={}", encoded(&archive.file)));
    let qualifiers: Vec<String> = address.into_iter().chain(file).collect();
    let mark = if qualifiers.is_empty() { "" } else { "?" };
    let (kind, version) = (facts.kind, encoded(&archive.version));
    format!("pkg:{kind}/{}@{version}{mark}{}", name.join("/"), qualifiers.join("&"))
}
