//! Writing the lock file of a workspace.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use vx_base::digest::Algorithm;
use vx_project::lock::{LockFile, LockFileGuard};
use vx_project::{Lock, LockedTool};

use super::{Access, LockOrigin, Workspace};
use crate::workspace::error::WorkError;
use crate::workspace::frontend::Frontend;
use crate::workspace::frontend::notice::Notice;

/// The longest wait for another vx that is writing the lock file.
const PATIENCE: Duration = Duration::from_secs(30);

impl Workspace {
    /// The path of the lock file, which need not exist.
    pub fn lock_path(&self) -> &Path {
        &self.lock_path
    }

    /// Write these new entries to the lock file, and drop the entries of tools that the project no longer declares.
    /// Returns whether anything changed.
    ///
    /// Entries that another vx has written meanwhile for other tools are kept. A lock of an older format is replaced only
    /// once every tool that it pins has an entry, so that no pin is lost.
    ///
    /// # Errors
    /// The file cannot be written, or another vx keeps it locked.
    pub fn write_lock(
        &mut self,
        entries: BTreeMap<String, LockedTool>,
        frontend: &dyn Frontend,
    ) -> Result<bool, WorkError> {
        let gone = self.lock.tools.keys().any(|name| !self.project.tools.iter().any(|tool| tool.name == *name));
        if entries.is_empty() && !gone {
            return Ok(false);
        }
        let guard =
            LockFileGuard::acquire(&self.lock_path, &self.turnstile(), PATIENCE).map_err(WorkError::LockWrite)?;
        let mut lock = match guard.read().map_err(WorkError::LockWrite)? {
            Some(LockFile::Current(lock)) => lock,
            Some(LockFile::Old { version, versions }) => {
                let lost = self.pins_lost(&versions, &entries);
                if !lost.is_empty() {
                    frontend.notice(Notice::OldLockKept { path: self.lock_path.clone(), version, lost });
                    return Ok(false);
                }
                Lock::default()
            }
            None => Lock::default(),
        };
        lock.tools.extend(entries);
        lock.tools.retain(|name, _| self.project.tools.iter().any(|tool| tool.name == *name));
        let changed = guard.write(&lock).map_err(WorkError::LockWrite)?;
        self.lock = lock;
        self.lock_origin = LockOrigin::Current;
        Ok(changed)
    }

    /// The tools of the project whose pins in an old lock would be lost: they could be locked, but have no entry here.
    fn pins_lost(&self, pins: &BTreeMap<String, String>, entries: &BTreeMap<String, LockedTool>) -> Vec<String> {
        let sources = self.sources(Access::Offline);
        let resolver = self.resolver(&sources);
        let pinned = self.project.tools.iter().filter(|tool| pins.contains_key(&tool.name));
        let lost = pinned.filter(|tool| !entries.contains_key(&tool.name) && resolver.lockable(tool));
        lost.map(|tool| tool.name.clone()).collect()
    }

    /// The file in the home that is locked while this lock file is written.
    fn turnstile(&self) -> PathBuf {
        let mut hasher = Algorithm::Sha256.hasher();
        hasher.update(self.lock_path.as_os_str().as_encoded_bytes());
        self.home.locks().join(format!("vx.lock-{:.16}", hasher.finish().hex()))
    }
}
