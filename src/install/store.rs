//! The store: `store/<tool>/<version>/`, where a release is either whole or not there.
//!
//! A release gets there by one rename of a finished directory that holds a receipt, and leaves by one rename into
//! `tmp/`. A directory without a valid receipt is not installed, whatever is in it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::hint::Hint;
use crate::paths::Home;

use super::disk::{At, DiskError, create_directories};
use super::receipt::{self, Receipt};
use super::settle::{ANEW_IN_EACH_RUN, settled};
use super::staging::Staging;

/// The longest name of a tool or version, in bytes: both must fit into one file name together.
const NAME_BYTES: usize = 100;

/// The releases of one home.
#[derive(Clone, Debug)]
pub struct Store {
    home: Home,
}

/// An installed release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// Its directory.
    pub path: PathBuf,
    /// What it says about itself.
    pub receipt: Receipt,
}

/// A tool's name or version that cannot be a directory's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the {what} `{}` cannot be the name of a directory of the store", name.escape_debug())]
pub struct BadName {
    /// `tool` or `version`.
    pub what: &'static str,
    /// The name.
    pub name: String,
}

impl Hint for BadName {
    fn hint(&self) -> Option<String> {
        Some(format!("use a {} of letters, digits, `.`, `-`, `_`, `+`, at most {NAME_BYTES} of them", self.what))
    }
}

/// Why a release could not be removed.
#[derive(Debug, thiserror::Error)]
pub enum RemoveError {
    /// It can have no place in the store.
    #[error(transparent)]
    Name(#[from] BadName),
    /// The file system refused.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

impl Release {
    /// The folder that, put first on PATH, makes all its programs work.
    pub fn bin(&self) -> PathBuf {
        self.path.join("bin")
    }

    /// The file that says that the release in this directory is whole; another one with every install.
    pub fn receipt_path(release: &Path) -> PathBuf {
        release.join(receipt::FILE_NAME)
    }

    /// What has changed when the release has to be looked at again, though nothing of its own did; none where nothing can
    /// make that necessary.
    pub fn trusted_while_unchanged(&self) -> Option<&'static Path> {
        self.receipt.unsynced_boot.as_ref().map(|_| Path::new(ANEW_IN_EACH_RUN))
    }

    /// The file to run for this program, if the release provides it.
    pub fn program(&self, name: &str) -> Option<PathBuf> {
        let program = self.receipt.programs.iter().find(|program| program.name == name)?;
        Some(self.path.join(&program.path))
    }
}

impl Store {
    /// The store of this home, which need not exist yet.
    pub fn new(home: Home) -> Self {
        Self { home }
    }

    /// Where this release is, or would be.
    pub fn path(&self, tool: &str, version: &str) -> Result<PathBuf, BadName> {
        Ok(self.home.store().join(checked("tool", tool)?).join(checked("version", version)?))
    }

    /// The release, if it is there and whole: one small file is read, and all of them once after a start of the machine
    /// that nobody knows it to have survived.
    pub fn installed(&self, tool: &str, version: &str) -> Option<Release> {
        let path = self.path(tool, version).ok()?;
        let receipt = Receipt::read(&path)?;
        if (receipt.tool.as_str(), receipt.version.as_str()) != (tool, version) {
            return None;
        }
        let receipt = settled(&path, receipt)?;
        Some(Release { path, receipt })
    }

    /// Every release, by tool and then version as text; empty when there is no store.
    pub fn list(&self) -> Result<Vec<Release>, DiskError> {
        let mut releases = Vec::new();
        for tool in names_in(&self.home.store())? {
            for version in names_in(&self.home.store().join(&tool))? {
                releases.extend(self.installed(&tool, &version));
            }
        }
        Ok(releases)
    }

    /// Remove a release, or whatever lies in its place; false when nothing did.
    ///
    /// It is gone at once: its directory is moved away and then taken apart, so nobody sees half of it.
    pub fn remove(&self, tool: &str, version: &str) -> Result<bool, RemoveError> {
        let path = self.path(tool, version)?;
        if fs::symlink_metadata(&path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
            return Ok(false);
        }
        let staging = Staging::create(&self.home, &format!("remove-{tool}-{version}"))?;
        fs::rename(&path, staging.join("old")).at("remove", &path)?;
        // Only when this was the last version.
        let _ = path.parent().map(fs::remove_dir);
        Ok(true)
    }

    /// Put a finished release in its place; what was there before is left in `staging`.
    pub(super) fn activate(&self, finished: &Path, staging: &Staging, target: &Path) -> Result<(), DiskError> {
        create_directories(target.parent().unwrap_or(target))?;
        match fs::symlink_metadata(target) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => match fs::rename(finished, target) {
                // An uninstall of the tool's last other version took the parent away in between.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    create_directories(target.parent().unwrap_or(target))?;
                    fs::rename(finished, target).at("activate", target)
                }
                result => result.at("activate", target),
            },
            Err(error) => Err(error).at("read", target),
            Ok(_) if exchange(finished, target).is_ok() => Ok(()),
            Ok(_) => swap_in_two_steps(finished, &staging.join("old"), target),
        }
    }
}

/// Both directories change places at once.
#[cfg(any(target_os = "linux", target_os = "macos"))]
fn exchange(finished: &Path, target: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};

    Ok(renameat_with(CWD, finished, CWD, target, RenameFlags::EXCHANGE)?)
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn exchange(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// For file systems that cannot exchange: between the two renames the release is missing, and comes back if the second
/// one fails.
fn swap_in_two_steps(finished: &Path, old: &Path, target: &Path) -> Result<(), DiskError> {
    fs::rename(target, old).at("replace", target)?;
    fs::rename(finished, target).at("activate", target).inspect_err(|_| {
        let _ = fs::rename(old, target);
    })
}

/// Names that are directories and may be a tool's or version's, sorted.
fn names_in(directory: &Path) -> Result<Vec<String>, DiskError> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        Err(error) => return Err(error).at("read", directory),
    };
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| checked("tool", name).is_ok())
        .collect();
    names.sort_unstable();
    Ok(names)
}

/// The name, if it is one plain component of a path on every system and begins with no dot.
pub(super) fn checked<'a>(what: &'static str, name: &'a str) -> Result<&'a str, BadName> {
    let plain = |character: char| character.is_ascii_alphanumeric() || ".-_+@~=!".contains(character);
    let good = !name.is_empty() && name.len() <= NAME_BYTES && !name.starts_with('.') && !name.ends_with('.');
    if good && name.chars().all(plain) { Ok(name) } else { Err(BadName { what, name: name.to_owned() }) }
}

#[cfg(test)]
mod tests {
    use super::super::receipt::tests::example;
    use super::*;

    fn store() -> (tempfile::TempDir, Store) {
        let top = tempfile::tempdir().expect("a temporary directory");
        let store = Store::new(Home::at(top.path().to_owned()));
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
