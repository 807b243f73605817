//! The remote `origin` of a repository, from its own configuration.
//!
//! git isn't asked: it would obey a project's configuration, which may name programs. Included files and rewritten
//! addresses don't count for the same reason. The text isn't judged; it only distinguishes repositories.

use std::io::ErrorKind;
use std::path::Path;

use vx_base::digest::Algorithm;
use vx_base::files::small_file::read_regular_within;

/// Longest configuration that is read.
const LONGEST_BYTES: u64 = 1024 * 1024;

/// Digest the addresses of `origin` in this configuration of git; empty without any. The addresses themselves may
/// contain a password.
pub(super) fn origin_of(configuration: &Path) -> String {
    let addresses = match read_regular_within(configuration, LONGEST_BYTES) {
        Ok(bytes) => addresses(&String::from_utf8_lossy(&bytes)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return String::new(),
        // An unreadable configuration differs from every configuration that was agreed to.
        Err(_) => vec!["unreadable".to_owned()],
    };
    if addresses.is_empty() {
        return String::new();
    }
    let mut hasher = Algorithm::Sha256.hasher();
    hasher.update(addresses.join("\n").as_bytes());
    hasher.finish().hex()
}

/// Find each `url` of `[remote "origin"]`, as written.
fn addresses(text: &str) -> Vec<String> {
    let mut addresses = Vec::new();
    let mut inside = false;
    let joined = text.replace("\\\r\n", "").replace("\\\n", "");
    for line in joined.lines() {
        let mut line = line.trim();
        if let Some((section, rest)) = line.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            inside = is_origin(section);
            // A value may follow on the line of its section.
            line = rest.trim();
        }
        let Some((name, value)) = line.split_once('=').filter(|_| inside) else { continue };
        if name.trim().eq_ignore_ascii_case("url") {
            addresses.push(value.trim().to_owned());
        }
    }
    addresses
}

/// Whether this is `remote "origin"`, or its old form `remote.origin`.
fn is_origin(section: &str) -> bool {
    let section = section.trim();
    let quoted = section.split_once(char::is_whitespace).map(|(kind, name)| (kind, name.trim() == "\"origin\""));
    match quoted {
        Some((kind, is_origin)) => is_origin && kind.eq_ignore_ascii_case("remote"),
        None => section.eq_ignore_ascii_case("remote.origin"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_addresses_of_origin_are_found_in_every_form_and_no_others_are() {
        for (text, expected) in [
            ("", &[][..]),
            ("[remote \"origin\"]\n\turl = https://h.invalid/a.git\n\tfetch = x\n", &["https://h.invalid/a.git"]),
            ("[Remote  \"origin\" ]\nURL=a\n[branch \"main\"]\nurl = b\n", &["a"]),
            ("[remote \"origin\"] url = a\n[remote \"origin\"]\nurl = b\n", &["a", "b"]),
            ("[remote.origin]\nurl = a\\\nb\n", &["ab"]),
            ("[remote \"upstream\"]\nurl = a\n[url \"x\"]\ninsteadOf = a\n[remote \"Origin\"]\nurl = b\n", &[]),
            ("[remote \"origin\"]\npushurl = a\n; url = b\n# url = c\nurl\n", &[]),
        ] {
            assert_eq!(addresses(text), expected, "{text:?}");
        }
    }

    #[test]
    fn another_address_is_another_origin_and_none_is_empty() {
        let top = tempfile::tempdir().expect("a directory");
        let file = top.path().join("config");
        let origin = |text: &str| {
            std::fs::write(&file, text).expect("a file");
            origin_of(&file)
        };
        assert_eq!(origin_of(&top.path().join("none")), "");
        assert_eq!(origin("[core]\nbare = false\n"), "");
        let one = origin("[remote \"origin\"]\nurl = https://me:password@h.invalid/a\n");
        assert!(!one.is_empty() && !one.contains("password"));
        assert_ne!(one, origin("[remote \"origin\"]\nurl = https://h.invalid/b\n"));
        let long = format!("#{}\n", "x".repeat(LONGEST_BYTES as usize));
        assert_ne!(origin(&long), "", "one that is too long to be read is not none");
    }
}
