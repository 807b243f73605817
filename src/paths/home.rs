//! The home: store, caches, staging.

use std::path::{Path, PathBuf};

/// The home: store, caches, staging.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    root: PathBuf,
}

/// No home directory could be found.
#[derive(Debug, thiserror::Error)]
#[error("neither VX_HOME nor HOME is set, so there is no place for the store")]
pub struct NoHome;

impl Home {
    /// `$VX_HOME`, else `.vx` in the user's home directory.
    pub fn from_environment() -> Result<Self, NoHome> {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let root = set("VX_HOME")
            .or_else(|| std::env::home_dir().filter(|home| !home.as_os_str().is_empty()).map(|home| home.join(".vx")))
            .ok_or(NoHome)?;
        Ok(Self::at(std::path::absolute(&root).unwrap_or(root)))
    }

    /// The home at this absolute path.
    pub fn at(root: PathBuf) -> Self {
        Self { root }
    }

    /// The home itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Finished releases: `store/<tool>/<version>/`.
    pub fn store(&self) -> PathBuf {
        self.root.join("store")
    }

    /// Verified archives by digest, and unfinished ones.
    pub fn downloads(&self) -> PathBuf {
        self.root.join("cache").join("downloads")
    }

    /// Version lists of the sources.
    pub fn index(&self) -> PathBuf {
        self.root.join("cache").join("index")
    }

    /// Staging directories, each of one living process.
    pub fn tmp(&self) -> PathBuf {
        self.root.join("tmp")
    }

    /// Locks of installs at work.
    pub fn locks(&self) -> PathBuf {
        self.root.join("locks")
    }
}
