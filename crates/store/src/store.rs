//! The store: `store/<tool>/<version>/`, where a release is either whole or absent.
//!
//! A release is added by one rename of a finished directory that holds a receipt, and removed by one rename into
//! `tmp/`. A directory without a valid receipt counts as not installed, whatever it contains.

pub(crate) mod archives;
pub(crate) mod folder;
pub(crate) mod leftovers;
pub(crate) mod recipe;
pub(crate) mod settle;
pub(crate) mod sync;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use vx_base::paths::Home;
use vx_base::trouble::{Explain, TroubleKind};

use super::disk::{DiskError, DiskErrorContext, create_directories, remove_tree};
use crate::release::receipt::{self, Receipt};
use crate::release::staging::Staging;
use crate::store::folder::{folder_of, tool_of};
use crate::store::settle::{CHANGES_EACH_BOOT, settled};

/// Longest name of a tool or a version, in bytes: both together have to fit into one file name.
const NAME_BYTES: usize = 100;

/// All releases of one home.
#[derive(Clone, Debug)]
pub struct Store {
    home: Home,
}

/// An installed release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreEntry {
    /// Its directory.
    pub path: PathBuf,
    /// Its receipt.
    pub receipt: Receipt,
}

/// A tool's name or version that can't be the name of a directory.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the {what} `{}` cannot be the name of a directory of the store", name.escape_debug())]
pub struct StoreNameError {
    /// `tool` or `version`.
    pub what: &'static str,
    /// The name.
    pub name: String,
}

impl Explain for StoreNameError {
    fn kind(&self) -> TroubleKind {
        TroubleKind::Configuration
    }

    fn hint(&self) -> Option<String> {
        Some(format!("use a {} of letters, digits, `.`, `-`, `_`, `+`, at most {NAME_BYTES} of them", self.what))
    }
}

/// Why a release was not removed.
#[derive(Debug, thiserror::Error)]
pub enum RemoveError {
    /// Its name is invalid.
    #[error(transparent)]
    Name(#[from] StoreNameError),
    /// A file system operation failed.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

impl Explain for RemoveError {
    fn kind(&self) -> TroubleKind {
        match self {
            Self::Name(error) => error.kind(),
            Self::Disk(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Name(error) => error.hint(),
            Self::Disk(error) => error.hint(),
        }
    }
}

impl StoreEntry {
    /// Folder of its programs, to put first on PATH.
    pub fn bin(&self) -> PathBuf {
        self.path.join("bin")
    }

    /// Path of the receipt of the release in this directory; each install writes a new one.
    pub fn receipt_path(release: &Path) -> PathBuf {
        release.join(receipt::FILE_NAME)
    }

    /// A path outside of the release. As long as it is unchanged, the release need not be checked again; `None` if it
    /// never need be.
    pub fn trusted_while_unchanged(&self) -> Option<&'static Path> {
        self.receipt.unsynced_boot.as_ref().map(|_| Path::new(CHANGES_EACH_BOOT))
    }

    /// File to run for this program, if the release provides it.
    pub fn program(&self, name: &str) -> Option<PathBuf> {
        let program = self.receipt.programs.iter().find(|program| program.name == name)?;
        Some(self.path.join(&program.path))
    }
}

impl Store {
    /// Open the store of this home, which need not exist yet.
    pub fn new(home: Home) -> Self {
        Self { home }
    }

    /// Path of this release, installed or not.
    pub fn path(&self, tool: &str, version: &str) -> Result<PathBuf, StoreNameError> {
        let folder = folder_of(tool);
        checked("tool", &folder).map_err(|bad| StoreNameError { name: tool.to_owned(), ..bad })?;
        Ok(self.home.store().join(folder.as_ref()).join(checked("version", version)?))
    }

    /// Find a release that is installed and whole. Reads one small file. If the release was activated in an earlier
    /// boot before its bytes were on the disk, reads all its files, once.
    pub fn installed(&self, tool: &str, version: &str) -> Option<StoreEntry> {
        let path = self.path(tool, version).ok()?;
        let receipt = Receipt::read(&path)?;
        if (receipt.tool.as_str(), receipt.version.as_str()) != (tool, version) {
            return None;
        }
        let receipt = settled(&path, receipt)?;
        Some(StoreEntry { path, receipt })
    }

    /// List all releases, sorted by tool and then by version as text; empty if there's no store.
    pub fn list(&self) -> Result<Vec<StoreEntry>, DiskError> {
        let mut releases = Vec::new();
        for tool in names_in(&self.home.store())? {
            for version in names_in(&self.home.store().join(&tool))? {
                releases.extend(self.installed(&tool_of(&tool), &version));
            }
        }
        Ok(releases)
    }

    /// Remove a release, or whatever is in its place; `false` if there's nothing.
    ///
    /// The directory is first moved away and then deleted, so a half-deleted release is never visible. If the directory
    /// can't be moved, its receipt is deleted first.
    pub fn remove(&self, tool: &str, version: &str) -> Result<bool, RemoveError> {
        let path = self.path(tool, version)?;
        if fs::symlink_metadata(&path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
            return Ok(false);
        }
        let staging = Staging::create(&self.home, &format!("remove-{}-{version}", folder_of(tool)))?;
        self.changing(|| match fs::rename(&path, staging.join("old")) {
            Err(error) if is_of_lower_layer(&error) => remove_in_place(&path),
            result => result.with_path("remove", &path),
        })?;
        // Succeeds only if this was the last version.
        let _ = path.parent().map(fs::remove_dir);
        Ok(true)
    }

    /// Move a finished release into its place; the previous release is left in `staging`.
    pub(super) fn activate(&self, finished: &Path, staging: &Staging, target: &Path) -> Result<(), DiskError> {
        create_directories(target.parent().unwrap_or(target))?;
        match fs::symlink_metadata(target) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => match fs::rename(finished, target) {
                // Uninstalling the tool's last other version removed the parent meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    create_directories(target.parent().unwrap_or(target))?;
                    fs::rename(finished, target).with_path("activate", target)
                }
                result => result.with_path("activate", target),
            },
            Err(error) => Err(error).with_path("read", target),
            Ok(_) => self.changing(|| match exchange(finished, target) {
                Ok(()) => Ok(()),
                Err(_) => swap_in_two_steps(finished, &staging.join("old"), target),
            }),
        }
    }

    /// Take away or replace a release, then mark the store, so that routes into the release are found anew.
    ///
    /// Marking is tried once before the change: a store that can't be marked is left as it is. If the process is killed
    /// between the change and its mark, routes to missing programs remain; they are found anew.
    fn changing(&self, change: impl FnOnce() -> Result<(), DiskError>) -> Result<(), DiskError> {
        self.mark()?;
        let changed = change();
        self.mark()?;
        changed
    }

    fn mark(&self) -> Result<(), DiskError> {
        self.home.mark().with_path("write", &self.home.marker())
    }
}

/// Swap the two directories atomically.
#[cfg(any(target_os = "linux", target_os = "macos"))]
fn exchange(finished: &Path, target: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};

    Ok(renameat_with(CWD, finished, CWD, target, RenameFlags::EXCHANGE)?)
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn exchange(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Swap on a file system without an atomic swap: the release is missing between the two renames, and is restored if the
/// second one fails.
fn swap_in_two_steps(finished: &Path, old: &Path, target: &Path) -> Result<(), DiskError> {
    match fs::rename(target, old) {
        Err(error) if is_of_lower_layer(&error) => {
            remove_in_place(target)?;
            return fs::rename(finished, target).with_path("activate", target);
        }
        result => result.with_path("replace", target)?,
    }
    fs::rename(finished, target).with_path("activate", target).inspect_err(|_| {
        let _ = fs::rename(old, target);
    })
}

/// Whether a directory could not be moved because it is part of an image: an overlay file system renames directories of
/// its upper layer only.
fn is_of_lower_layer(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::CrossesDevices
}

/// Delete a release where it is. Its receipt is deleted first, so a half-deleted release counts as not installed, and
/// its next install completes the deletion.
fn remove_in_place(release: &Path) -> Result<(), DiskError> {
    let receipt = release.join(receipt::FILE_NAME);
    match fs::remove_file(&receipt) {
        // Something other than a release may be in its place.
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
        result => result.with_path("remove", &receipt)?,
    }
    remove_tree(release)
}

/// List the directories with valid names of tools or versions, sorted.
fn names_in(directory: &Path) -> Result<Vec<String>, DiskError> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        Err(error) => return Err(error).with_path("read", directory),
    };
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| checked("tool", name).is_ok())
        .collect();
    names.sort_unstable();
    Ok(names)
}

/// Check that a name is a single plain component of a path on every system, and doesn't begin with a dot.
pub(super) fn checked<'a>(what: &'static str, name: &'a str) -> Result<&'a str, StoreNameError> {
    let plain = |character: char| character.is_ascii_alphanumeric() || ".-_+@~=!".contains(character);
    let good = !name.is_empty() && name.len() <= NAME_BYTES && !name.starts_with('.') && !name.ends_with('.');
    if good && name.chars().all(plain) { Ok(name) } else { Err(StoreNameError { what, name: name.to_owned() }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::receipt::tests::example;

    fn store() -> (tempfile::TempDir, Store) {
        let top = tempfile::tempdir().expect("a temporary directory");
        let store = Store::new(Home::from_root(top.path().to_owned()));
        (top, store)
    }

    fn put(store: &Store, tool: &str, version: &str, content: &str) {
        let staging = Staging::create(&store.home, "test").expect("a staging directory");
        let finished = staging.fresh_release().expect("a directory");
        fs::write(finished.join("content"), content).expect("a file");
        example(tool, version).write(&finished).expect("a receipt");
        let target = store.path(tool, version).expect("a name");
        store.activate(&finished, &staging, &target).expect("it is activated");
    }

    #[test]
    fn what_was_activated_is_installed_listed_and_removed() {
        let (_top, store) = store();
        put(&store, "node", "22.3.0", "a");
        put(&store, "node", "20.0.0", "b");
        put(&store, "deno", "2.0.0", "c");
        let listed: Vec<String> = store
            .list()
            .expect("a list")
            .into_iter()
            .map(|release| format!("{} {}", release.receipt.tool, release.receipt.version))
            .collect();
        assert_eq!(listed, ["deno 2.0.0", "node 20.0.0", "node 22.3.0"]);
        let node = store.installed("node", "22.3.0").expect("node is there");
        assert_eq!(node.program("node"), Some(node.path.join("bin/node")));
        assert_eq!(node.program("npm"), None);

        assert!(store.remove("deno", "2.0.0").expect("it goes"));
        assert!(!store.remove("deno", "2.0.0").expect("nothing to do"));
        assert_eq!(store.installed("deno", "2.0.0"), None);
        assert_eq!(fs::read_dir(store.home.tmp()).expect("tmp").count(), 0);
        assert!(!store.home.store().join("deno").exists());
    }

    #[test]
    fn the_home_shows_each_removal_and_each_replacement() {
        let (top, store) = store();
        let state = || fs::metadata(top.path()).and_then(|home| home.modified()).expect("a home");
        put(&store, "deno", "2.0.0", "new");
        let added = state();
        std::thread::sleep(std::time::Duration::from_millis(20));
        put(&store, "node", "22.0.0", "another");
        assert_eq!(state(), added, "routes to other releases hold");
        std::thread::sleep(std::time::Duration::from_millis(20));
        put(&store, "deno", "2.0.0", "again");
        let replaced = state();
        assert_ne!(replaced, added);
        std::thread::sleep(std::time::Duration::from_millis(20));
        assert!(store.remove("deno", "2.0.0").expect("it goes"));
        assert_ne!(state(), replaced);
    }

    #[test]
    fn a_directory_without_a_receipt_of_its_own_is_not_installed_and_is_replaced() {
        let (_top, store) = store();
        let path = store.path("node", "22.3.0").expect("a name");
        fs::create_dir_all(&path).expect("a directory");
        assert_eq!(store.installed("node", "22.3.0"), None);
        example("node", "20.0.0").write(&path).expect("a receipt of another release");
        assert_eq!(store.installed("node", "22.3.0"), None);

        put(&store, "node", "22.3.0", "new");
        assert!(store.installed("node", "22.3.0").is_some());
        assert_eq!(fs::read_to_string(path.join("content")).expect("content"), "new");
    }

    #[test]
    fn a_swap_that_fails_half_way_brings_the_old_release_back() {
        let top = tempfile::tempdir().expect("a temporary directory");
        let (target, old) = (top.path().join("target"), top.path().join("old"));
        fs::create_dir(&target).expect("a directory");
        fs::write(target.join("content"), "old").expect("a file");
        swap_in_two_steps(&top.path().join("not there"), &old, &target).expect_err("nothing to put there");
        assert_eq!(fs::read_to_string(target.join("content")).expect("content"), "old");
    }

    #[test]
    fn names_that_would_leave_the_store_are_refused() {
        let (_top, store) = store();
        for bad in ["", ".", "..", "../x", "a/b", "a\\b", ".hidden", "a\0", "a\n", "C:", &"a".repeat(101)] {
            assert!(store.path("node", bad).is_err(), "{bad:?}");
            assert!(store.path(bad, "1.0.0").is_err(), "{bad:?}");
        }
        for good in ["22.3.0", "1.0.0-rc.1+build.5", "3.31.0.1", "2024a", "1!2.0"] {
            assert!(store.path("node", good).is_ok(), "{good:?}");
        }
    }
}
