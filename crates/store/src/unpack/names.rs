//! How a directory compares names: on some file systems, names that differ only in case mean the same file.

use std::borrow::Cow;
use std::fs;
use std::io;
use std::path::Path;

use super::super::disk::{DiskError, DiskErrorContext};

/// Whether case matters in the names of a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NameCase {
    /// `A` and `a` are two files.
    Distinct,
    /// `A` and `a` are one file.
    Folded,
}

impl NameCase {
    /// Ask the file system: look up a directory by its name with the case of each letter changed, and see whether that
    /// finds it. Nothing is created.
    ///
    /// The parent directory must not have another entry of the changed name. If case folding isn't a property of the
    /// whole file system, directories inherit it.
    pub(crate) fn around(directory: &Path) -> Result<Self, DiskError> {
        let name = directory.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let other = directory.with_file_name(swapped(name));
        match fs::symlink_metadata(&other) {
            Ok(_) => Ok(Self::Folded),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::Distinct),
            Err(error) => Err(error).with_path("look up", &other),
        }
    }

    /// Bring a path into the form that all paths of the same file share.
    pub(super) fn key(self, path: &str) -> Cow<'_, str> {
        let plain = |byte: u8| byte.is_ascii() && !byte.is_ascii_uppercase();
        match self {
            Self::Folded if !path.bytes().all(plain) => Cow::Owned(path.to_lowercase()),
            Self::Folded | Self::Distinct => Cow::Borrowed(path),
        }
    }
}

fn swapped(name: &str) -> String {
    let swap = |letter: char| match letter.is_ascii_uppercase() {
        true => letter.to_ascii_lowercase(),
        false => letter.to_ascii_uppercase(),
    };
    name.chars().map(swap).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_asked_by_its_own_name() {
        let top = tempfile::tempdir().expect("a temporary directory");
        let release = top.path().join("release");
        fs::create_dir(&release).expect("a directory");
        let expected = match top.path().join("RELEASE").exists() {
            true => NameCase::Folded,
            false => NameCase::Distinct,
        };
        assert_eq!(NameCase::around(&release).expect("an answer"), expected);
        // An entry with the changed name simulates a file system that finds the directory by it.
        let _ = fs::write(top.path().join("RELEASE"), "");
        assert_eq!(NameCase::around(&release).expect("an answer"), NameCase::Folded);
        assert_eq!(fs::read_dir(&release).expect("a directory").count(), 0);
    }

    #[test]
    fn keys_differ_where_files_do() {
        assert_eq!(NameCase::Folded.key("Lib/\u{c4}"), "lib/\u{e4}");
        assert_eq!(NameCase::Distinct.key("Lib/\u{c4}"), "Lib/\u{c4}");
        assert!(matches!(NameCase::Folded.key("lib/a-1.so"), Cow::Borrowed(_)));
    }
}
