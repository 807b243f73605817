//! A file or folder of a project whose content the user has agreed to, as it is passed on to the code that uses it.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::digest::{Algorithm, Digest};
use crate::files::small_file::read_regular;

/// A file or folder with the content that was agreed to. Comparing a folder is the job of `trust`, which knows the
/// files that git tracks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreedFile {
    /// The file or folder.
    pub path: PathBuf,
    /// Its kind.
    pub kind: NamedKind,
    /// The digest of its content.
    pub digest: Digest,
    /// The checkout that it lies in.
    pub checkout: AgreedCheckout,
}

/// How much of a file or folder was agreed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NamedKind {
    /// A file.
    File,
    /// The files of a folder that git tracks.
    Tracked {
        /// Their number.
        files: usize,
    },
    /// All files of a folder.
    Whole {
        /// Their number.
        files: usize,
    },
    /// A file or folder whose content isn't compared, as long as git does not track it.
    Untracked,
    /// Everything that git tracks in a worktree, with what git has recorded about it.
    Tree {
        /// The number of its files.
        files: usize,
    },
}

/// The checkout that agreed files lie in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreedCheckout {
    /// Its top folder, without links.
    pub top: PathBuf,
    /// The directory in which git keeps its data about the checkout.
    pub git_directory: Option<PathBuf>,
}

/// Why a file does not provide the content that was agreed to.
#[derive(Debug, thiserror::Error)]
pub enum AgreedFileError {
    /// The content differs.
    #[error("`{}` has changed since you agreed to it", .0.display())]
    Changed(PathBuf),
    /// It cannot be read.
    #[error("`{}` cannot be read: {}", .0.display(), .1)]
    Unreadable(PathBuf, io::Error),
}

impl AgreedFile {
    /// Reads the file once, and returns its content if it is the agreed one.
    ///
    /// # Errors
    /// The file has another content, or cannot be read.
    pub fn read(&self) -> Result<Vec<u8>, AgreedFileError> {
        let bytes = read_regular(&self.path).map_err(|error| AgreedFileError::Unreadable(self.path.clone(), error))?;
        let mut hasher = Algorithm::Sha256.hasher();
        hasher.update(&bytes);
        match hasher.finish() == self.digest {
            true => Ok(bytes),
            false => Err(AgreedFileError::Changed(self.path.clone())),
        }
    }

    /// Returns whether this is a file (not a folder), and `path` leads to it.
    pub fn is_at(&self, path: &Path) -> bool {
        self.kind == NamedKind::File && self.has_path(path)
    }

    fn has_path(&self, path: &Path) -> bool {
        path == self.path || path.canonicalize().is_ok_and(|real| Ok(real) == self.path.canonicalize().map_err(drop))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_content_that_was_agreed_to_is_handed_out() {
        let top = tempfile::tempdir().expect("a directory");
        let path = top.path().join("run.sh");
        std::fs::write(&path, "good").expect("a file");
        let mut hasher = Algorithm::Sha256.hasher();
        hasher.update(b"good");
        let agreed = AgreedFile {
            path: path.clone(),
            kind: NamedKind::File,
            digest: hasher.finish(),
            checkout: AgreedCheckout::default(),
        };
        assert_eq!(agreed.read().expect("its content"), b"good");
        std::fs::write(&path, "evil").expect("a file");
        assert!(matches!(agreed.read(), Err(AgreedFileError::Changed(_))));
        std::fs::remove_file(&path).expect("removed");
        assert!(matches!(agreed.read(), Err(AgreedFileError::Unreadable(..))));
    }
}
