//! Errors of the file system, with the file, the operation, and how much space was needed.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use vx_base::files::file_lock::{NO_LOCKS_HINT, has_no_locks};
use vx_base::trouble::{Explain, TroubleKind};

/// An operation that the file system refused.
#[derive(Debug)]
pub struct DiskError {
    /// What was attempted, as a verb: `create`, `write`, `rename`.
    pub doing: &'static str,
    /// File or directory.
    pub path: PathBuf,
    /// Number of bytes needed, if known.
    pub need_bytes: Option<u64>,
    /// What the system reported.
    pub source: io::Error,
}

impl fmt::Display for DiskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {} `{}`: {}", self.doing, shortened(&self.path), self.source)?;
        match self.need_bytes {
            Some(need) if self.full() => write!(f, " (needs {need} bytes)"),
            _ => Ok(()),
        }
    }
}

impl std::error::Error for DiskError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

impl DiskError {
    /// Whether the disk or the quota is full.
    pub fn full(&self) -> bool {
        matches!(
            self.source.kind(),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
        )
    }

    /// The same error with the number of bytes needed.
    #[must_use]
    pub fn needing(mut self, need_bytes: u64) -> Self {
        self.need_bytes = Some(need_bytes);
        self
    }
}

impl Explain for DiskError {
    fn kind(&self) -> TroubleKind {
        TroubleKind::Disk
    }

    fn hint(&self) -> Option<String> {
        let place = shortened(self.path.parent().unwrap_or(&self.path));
        match self.source.kind() {
            _ if has_no_locks(&self.source) => Some(NO_LOCKS_HINT.into()),
            _ if self.full() => Some(match self.need_bytes {
                Some(need) => {
                    format!("free at least {need} bytes where `{place}` is, or set VX_HOME to a larger place")
                }
                None => format!("free space where `{place}` is, or set VX_HOME to a larger place"),
            }),
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Some(format!("make `{place}` writable for this user, or set VX_HOME to a place that is"))
            }
            io::ErrorKind::InvalidFilename => Some("set VX_HOME to a place with a shorter path".into()),
            _ => None,
        }
    }
}

/// Shorten a path to leave room for the error; a long path loses its middle.
fn shortened(path: &Path) -> String {
    const ENDS: usize = 70;
    let text = path.display().to_string();
    let (Some((head, _)), Some((tail, _))) = (text.char_indices().nth(ENDS), text.char_indices().nth_back(ENDS - 1))
    else {
        return text;
    };
    if head >= tail { text } else { format!("{}…{}", &text[..head], &text[tail..]) }
}

/// Adds the operation and the file to an I/O error.
pub(super) trait DiskErrorContext<T>: Sized {
    fn with_path(self, doing: &'static str, path: &Path) -> Result<T, DiskError> {
        self.with_lazy_path(doing, || path.to_owned())
    }

    /// Add the operation and a path that is assembled only if there's an error.
    fn with_lazy_path(self, doing: &'static str, path: impl FnOnce() -> PathBuf) -> Result<T, DiskError>;
}

impl<T> DiskErrorContext<T> for io::Result<T> {
    fn with_lazy_path(self, doing: &'static str, path: impl FnOnce() -> PathBuf) -> Result<T, DiskError> {
        self.map_err(|source| DiskError { doing, path: path(), need_bytes: None, source })
    }
}

/// Create a directory and its parents.
pub(super) fn create_directories(path: &Path) -> Result<(), DiskError> {
    fs::create_dir_all(path).with_path("create", path)
}

/// Remove a directory with its content, including directories that a program made read-only.
///
/// A directory that is missing, or disappears meanwhile, counts as removed.
pub(super) fn remove_tree(path: &Path) -> Result<(), DiskError> {
    let mut result = fs::remove_dir_all(path);
    if result.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied) {
        open_up(path);
        result = fs::remove_dir_all(path);
    }
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result.with_path("remove", path),
    }
}

#[cfg(unix)]
fn open_up(directory: &Path) {
    use std::os::unix::fs::PermissionsExt;

    let _ = fs::set_permissions(directory, fs::Permissions::from_mode(0o700));
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            open_up(&entry.path());
        }
    }
}

#[cfg(not(unix))]
fn open_up(_: &Path) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_with_path_and_need() {
        let source = io::Error::from(io::ErrorKind::StorageFull);
        let error = DiskError { doing: "write", path: "/store/a".into(), need_bytes: None, source }.needing(77);
        assert!(error.to_string().contains("`/store/a`") && error.to_string().contains("needs 77 bytes"), "{error}");
        assert!(error.hint().is_some_and(|hint| hint.contains("77")));
    }

    #[test]
    fn a_very_long_path_does_not_hide_what_is_wrong_with_it() {
        let long = PathBuf::from(format!("/top{}/end", "/määä".repeat(900)));
        let error = DiskError {
            doing: "create",
            path: long,
            need_bytes: None,
            source: io::Error::from(io::ErrorKind::InvalidFilename),
        };
        let text = error.to_string();
        assert!(text.len() < 300 && text.contains("`/top/m") && text.contains("/end`: "), "{text}");
        assert!(error.hint().is_some_and(|hint| hint.contains("shorter")));
        for length in [1, 69, 70, 71, 139, 140, 141] {
            let path = PathBuf::from("ä".repeat(length));
            assert_eq!(shortened(&path).contains('…'), length > 140, "{length}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_tree_with_read_only_directories_is_removed_too() {
        use std::os::unix::fs::PermissionsExt;

        let top = tempfile::tempdir().expect("a temporary directory");
        let tree = top.path().join("tree");
        fs::create_dir_all(tree.join("a/b")).expect("directories");
        fs::write(tree.join("a/b/file"), "x").expect("a file");
        fs::set_permissions(tree.join("a/b"), fs::Permissions::from_mode(0o500)).expect("a mode");
        remove_tree(&tree).expect("it goes");
        assert!(!tree.exists());
        remove_tree(&tree).expect("one that is not there counts as removed");
    }
}
