//! The directories that the system reports changes of.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crossbeam_channel::Sender;
use notify::{RecommendedWatcher, RecursiveMode, Watcher};

use crate::paths::FileSystem;

/// Directories, each marked for itself.
pub(super) struct Marks {
    /// None where the system has no reports at all.
    watcher: Option<RecommendedWatcher>,
    marked: BTreeSet<PathBuf>,
    /// Those that cannot be marked, or whose changes are not all reported.
    unreported: BTreeSet<PathBuf>,
}

impl Marks {
    /// No marks yet; each report, also one that too many were lost, is a word to this channel, which has room for one.
    pub(super) fn reporting_to(reports: Sender<()>) -> Self {
        let watcher = notify::recommended_watcher(move |_: notify::Result<notify::Event>| {
            // A word that waits already is enough.
            let _ = reports.try_send(());
        });
        Self { watcher: watcher.ok(), marked: BTreeSet::new(), unreported: BTreeSet::new() }
    }

    /// Have marks on these directories and no others; true if there is any that had none.
    pub(super) fn keep(&mut self, wanted: &BTreeSet<PathBuf>) -> bool {
        let Some(watcher) = &mut self.watcher else { return false };
        for gone in self.marked.difference(wanted) {
            // The mark of a directory that was removed is gone already.
            let _ = watcher.unwatch(gone);
        }
        self.marked.retain(|directory| wanted.contains(directory));
        self.unreported.retain(|directory| wanted.contains(directory));
        let mut is_new = false;
        for directory in wanted {
            if self.marked.contains(directory) || self.unreported.contains(directory) {
                continue;
            }
            is_new = true;
            let marked = watcher.watch(directory, RecursiveMode::NonRecursive).is_ok();
            let all_are_reported = marked && FileSystem::of(directory) != FileSystem::Network;
            let among = if all_are_reported { &mut self.marked } else { &mut self.unreported };
            among.insert(directory.clone());
        }
        is_new
    }

    /// True if the system reports every change.
    pub(super) fn complete(&self) -> bool {
        self.watcher.is_some() && self.unreported.is_empty()
    }

    /// The number of directories that have a mark.
    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.marked.len()).unwrap_or(u32::MAX)
    }
}
