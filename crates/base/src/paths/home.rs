//! The home of vx: store, caches, staging directories.

use std::io;
use std::path::{Path, PathBuf};

use super::user::user_home;
use crate::files::replace_file::replace_file;
use crate::system::variables::ClientVariables;
use crate::trouble::{Explain, TroubleKind};

/// The home of vx, with paths to all that is kept in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    root: PathBuf,
}

/// The launcher's name in the folder of shims; shims are links to it. No program of a release has this name.
pub const LAUNCHER_NAME: &str = ".launcher";
/// The link to vx in the folder of shims. No program of a release has this name.
pub const VX_LINK_NAME: &str = ".vx";

/// Why there is no home.
#[derive(Debug, thiserror::Error)]
pub enum NoHome {
    /// No variable names it, and the user has no home directory.
    #[error("neither VX_HOME nor HOME is set, so there is no place for the store")]
    Unset,
    /// Its path is not UTF-8, so the document that configures an install could not name it.
    #[error("the home `{}` has a path that is not UTF-8", path.display())]
    NotUtf8 {
        /// The home.
        path: PathBuf,
    },
}

impl Explain for NoHome {
    fn kind(&self) -> TroubleKind {
        TroubleKind::Configuration
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Unset => "set VX_HOME to a directory that you can write to".into(),
            Self::NotUtf8 { .. } => "set VX_HOME to a directory whose whole path is UTF-8".into(),
        })
    }
}

impl Home {
    /// `$VX_HOME`, else `.vx` in the user's home directory.
    pub fn from_environment() -> Result<Self, NoHome> {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let root = set("VX_HOME")
            .or_else(|| user_home(&ClientVariables::here()).map(|home| home.join(".vx")))
            .ok_or(NoHome::Unset)?;
        // Without links and `..`, so that two paths to one home compare equal.
        Self::named(root.canonicalize().or_else(|_| std::path::absolute(&root)).unwrap_or(root))
    }

    fn named(root: PathBuf) -> Result<Self, NoHome> {
        match root.to_str() {
            Some(_) => Ok(Self::from_root(root)),
            None => Err(NoHome::NotUtf8 { path: root }),
        }
    }

    /// The home at this absolute path.
    pub fn from_root(root: PathBuf) -> Self {
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

    /// The file that [`mark`](Self::mark) replaces. It lies directly in the home, whose modification time thus changes.
    pub fn marker(&self) -> PathBuf {
        self.root.join(".changed")
    }

    /// Record that a release was removed or replaced, or that a consent changed: the home's modification time changes.
    ///
    /// # Errors
    /// The home cannot be written to.
    pub fn mark(&self) -> io::Result<()> {
        replace_file(&self.marker(), |_| Ok(()))
    }

    /// Verified archives by digest, and unfinished ones.
    pub fn downloads(&self) -> PathBuf {
        self.root.join("cache").join("downloads")
    }

    /// Version lists of the sources.
    pub fn index(&self) -> PathBuf {
        self.root.join("cache").join("index")
    }

    /// A root of trust for attestations. If the user has put one here, it replaces the built-in one.
    pub fn trusted_root(&self) -> PathBuf {
        self.root.join("trusted_root.json")
    }

    /// Routes: for each directory, the programs by name.
    pub fn routes(&self) -> PathBuf {
        self.root.join("cache").join("routes")
    }

    /// Consents: one file for each repository or folder.
    pub fn trust(&self) -> PathBuf {
        self.root.join("trust")
    }

    /// Marks of projects for which a shell has already printed a notice about withheld parts.
    pub fn told(&self) -> PathBuf {
        self.root.join("cache").join("told")
    }

    /// Records of trial starts of programs that succeeded.
    pub fn trials(&self) -> PathBuf {
        self.root.join("cache").join("trials")
    }

    /// Durations of earlier installs.
    pub fn history(&self) -> PathBuf {
        self.root.join("cache").join("history.json")
    }

    /// Shims: links with the names of the releases' programs.
    pub fn shims(&self) -> PathBuf {
        self.root.join("shims")
    }

    /// Results of services' builds: a folder for each project whose services are running.
    pub fn builds(&self) -> PathBuf {
        self.root.join("builds")
    }

    /// Staging directories, each held by a living process.
    pub fn tmp(&self) -> PathBuf {
        self.root.join("tmp")
    }

    /// Locks of running installs.
    pub fn locks(&self) -> PathBuf {
        self.root.join("locks")
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStrExt;

    #[test]
    fn a_home_whose_path_is_no_text_is_refused_by_name() {
        let path = Path::new("/h").join(std::ffi::OsStr::from_bytes(b"caf\xe9"));
        let error = Home::named(path).expect_err("no document could name it");
        assert_eq!(error.to_string(), "the home `/h/caf\u{fffd}` has a path that is not UTF-8");
        assert!(error.hint().is_some_and(|hint| hint.contains("VX_HOME")));
        assert!(Home::named(PathBuf::from("/h/café")).is_ok());
    }
}
