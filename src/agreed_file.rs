//! A file of a project whose content its user has agreed to, as it is handed on to those who use it.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::digest::{Algorithm, Digest};
use crate::small_file::read_regular;

/// A file with the content that was agreed to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreedFile {
    /// The file.
    pub path: PathBuf,
    /// The digest of its content.
    pub digest: Digest,
}

/// Why the content of a file is not the one that was agreed to.
#[derive(Debug, thiserror::Error)]
pub enum AgreedFileError {
    /// It is another one.
    #[error("`{}` has changed since you agreed to it", .0.display())]
    Changed(PathBuf),
    /// It cannot be read.
    #[error("`{}` cannot be read: {}", .0.display(), .1)]
    Unreadable(PathBuf, io::Error),
}

impl AgreedFile {
    /// The content that was agreed to, from one look at the file.
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

    /// True if this is a path of the file.
    pub fn is_at(&self, path: &Path) -> bool {
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
        let agreed = AgreedFile { path: path.clone(), digest: hasher.finish() };
        assert_eq!(agreed.read().expect("its content"), b"good");
        std::fs::write(&path, "evil").expect("a file");
        assert!(matches!(agreed.read(), Err(AgreedFileError::Changed(_))));
        std::fs::remove_file(&path).expect("removed");
        assert!(matches!(agreed.read(), Err(AgreedFileError::Unreadable(..))));
    }
}
