//! The store and the caches: listing and removing their contents.

use std::io;
use std::path::{Path, PathBuf};

use vx_base::nearest::nearest;
use vx_base::paths::Home;
use vx_base::trouble::{Explain, TroubleKind};
use vx_store::{DiskError, RemoveError, Store, StoreEntry};

use crate::tools::installs::wanted_by::{WantedRelease, wanted_by};
use crate::tools::shims;
use crate::workspace::frontend::shims_error::ShimsError;

/// A release in the store.
#[derive(Debug)]
pub struct StoredRelease {
    /// The release.
    pub release: StoreEntry,
    /// The projects that want it.
    pub wanted_by: Vec<PathBuf>,
}

/// Every release in the store of this home, by tool and version.
///
/// # Errors
/// The store cannot be read.
pub fn list(home: &Home) -> Result<Vec<StoredRelease>, DiskError> {
    let mut wanted = wanted_by(home);
    let installed = |release: StoreEntry| {
        let want = WantedRelease { tool: release.receipt.tool.clone(), version: release.receipt.version.clone() };
        StoredRelease { wanted_by: wanted.remove(&want).unwrap_or_default(), release }
    };
    Ok(Store::new(home.clone()).list()?.into_iter().map(installed).collect())
}

/// The releases of a tool that a command is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// The tool.
    pub tool: String,
    /// The version; `None` for every version.
    pub version: Option<String>,
}

/// Why releases were not removed.
#[derive(Debug, thiserror::Error)]
pub enum UninstallError {
    /// There is no such release.
    #[error("`{}{}` is not installed", selection.tool, selection.version.as_ref().map(|version| format!("@{version}")).unwrap_or_default())]
    Missing {
        /// The requested releases.
        selection: Selection,
        /// The most similar other name of an installed tool, if there is one.
        near: Option<String>,
    },
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] DiskError),
    /// A release could not be removed.
    #[error(transparent)]
    Remove(#[from] RemoveError),
}

impl Explain for UninstallError {
    fn kind(&self) -> TroubleKind {
        match self {
            Self::Missing { .. } => TroubleKind::NotFound,
            Self::Store(_) | Self::Remove(_) => TroubleKind::Disk,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Missing { near: Some(near), .. } => {
                Some(format!("did you mean `{near}`? `vx list` shows what is installed"))
            }
            Self::Missing { near: None, .. } => Some("`vx list` shows what is installed".into()),
            Self::Store(error) => error.hint(),
            Self::Remove(_) => None,
        }
    }
}

/// The outcome of removing releases.
#[derive(Debug)]
pub struct Uninstalled {
    /// The reason why the shims were not updated.
    pub shims: Option<ShimsError>,
}

/// Remove these releases, once all of them are found, and the shims of their programs; `removed` gets the tool and
/// version of each.
///
/// # Errors
/// A release does not exist, so nothing is removed; or a release cannot be removed, so it and the later ones stay.
pub fn uninstall(
    home: &Home,
    selections: &[Selection],
    mut removed: impl FnMut(&str, &str),
) -> Result<Uninstalled, UninstallError> {
    let store = Store::new(home.clone());
    let releases = store.list()?;
    let mut doomed = Vec::new();
    for selection in selections {
        let Selection { tool, version } = selection;
        let selected = releases.iter().map(|release| &release.receipt).filter(|receipt| {
            receipt.tool == *tool && version.as_ref().is_none_or(|version| receipt.version == *version)
        });
        let before = doomed.len();
        doomed.extend(selected.map(|receipt| (&receipt.tool, &receipt.version)));
        if doomed.len() == before {
            let near = nearest(tool, releases.iter().map(|release| release.receipt.tool.as_str()));
            let near = near.first().filter(|near| *near != tool).map(|near| (*near).to_owned());
            return Err(UninstallError::Missing { selection: selection.clone(), near });
        }
    }
    for (tool, version) in doomed {
        store.remove(tool, version)?;
        removed(tool, version);
    }
    Ok(Uninstalled { shims: shims::renew(home).err() })
}

/// The directories of the caches: downloads, version lists, and the results of trials.
pub fn caches(home: &Home) -> [PathBuf; 3] {
    [home.downloads(), home.index(), home.trials()]
}

/// The size of all files in a directory, in bytes; unreadable files count as empty.
pub fn size_bytes(directory: &Path) -> u64 {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => size_bytes(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}

/// Remove everything in a cache; a missing cache counts as empty.
///
/// # Errors
/// The file system refused, and a part of the cache may be left.
pub fn empty_cache(cache: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(cache) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
