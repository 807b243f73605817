//! Checksum files, in the forms that vendors publish.

use serde::{Deserialize, Serialize};
use vx_base::digest::Digest;

use crate::documents::http::FetchedDocument;
use crate::error::SourceErrorKind;

/// Checksums in one file.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Checksums {
    /// Names and digests; a checksum file for one archive may omit the name.
    lines: Vec<(Option<String>, Digest)>,
}

impl Checksums {
    pub(super) fn read(document: &FetchedDocument) -> Result<Self, SourceErrorKind> {
        if document.is_html() {
            return Err(SourceErrorKind::WebPage);
        }
        let text = String::from_utf8_lossy(&document.bytes);
        let lines: Vec<_> = text.lines().filter_map(line).collect();
        if lines.is_empty() {
            return Err(SourceErrorKind::Garbage("it holds no checksums".into()));
        }
        Ok(Self { lines })
    }

    /// Find a file's digest; a single checksum without a name applies to any file.
    pub(super) fn digest_for(&self, file: &str) -> Option<Digest> {
        let named = self.lines.iter().find(|(name, _)| name.as_deref() == Some(file));
        let only = || match self.lines.as_slice() {
            [only @ (None, _)] => Some(only),
            _ => None,
        };
        named.or_else(only).map(|(_, digest)| digest.clone())
    }
}

/// Parse `<hex>  <name>`, `<hex> *<name>`, `<hex>`, or `SHA256 (<name>) = <hex>`.
fn line(text: &str) -> Option<(Option<String>, Digest)> {
    let text = text.trim();
    if let Some((head, hex)) = text.split_once(") = ") {
        let (algorithm, name) = head.split_once(" (")?;
        let digest = format!("{}:{hex}", algorithm.to_ascii_lowercase()).parse().ok()?;
        return Some((Some(last(name)), digest));
    }
    let (hex, name) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let digest = match hex.len() {
        128 => format!("sha512:{hex}").parse().ok()?,
        _ => hex.parse().ok()?,
    };
    let name = name.trim_start().trim_start_matches('*');
    Some(((!name.is_empty()).then(|| last(name)), digest))
}

/// Last component of a path: some lists give paths.
fn last(path: &str) -> String {
    path.rsplit('/').next().unwrap_or(path).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Checksums {
        Checksums { lines: text.lines().filter_map(line).collect() }
    }

    #[test]
    fn every_form_of_a_line_is_read() {
        let (one, two) = ("1".repeat(64), "2".repeat(64));
        let sums = read(&format!("{one}  a.tar.gz\n{two} *./win/b.zip\n\nnonsense\nSHA256 (c.tgz) = {one}\n"));
        assert_eq!(sums.digest_for("a.tar.gz"), one.parse().ok());
        assert_eq!(sums.digest_for("b.zip"), two.parse().ok());
        assert_eq!(sums.digest_for("c.tgz"), one.parse().ok());
        assert_eq!(sums.digest_for("d.tgz"), None);
        let long = "3".repeat(128);
        assert_eq!(read(&format!("{long}  a")).digest_for("a"), format!("sha512:{long}").parse().ok());
    }

    #[test]
    fn a_checksum_alone_is_of_the_one_file_and_one_of_many_is_not() {
        let one = "1".repeat(64);
        assert_eq!(read(&one).digest_for("whatever"), one.parse().ok());
        assert_eq!(read(&format!("{one}\n{one}")).digest_for("whatever"), None);
        assert_eq!(read(&format!("{one}  other.tgz")).digest_for("whatever"), None);
    }
}
