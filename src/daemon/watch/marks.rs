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
        let watcher = notify::recommended_watcher(move |report: notify::Result<notify::Event>| {
            // A look reads what it looks at, and would bring about the next one.
            if !report.is_ok_and(|event| event.kind.is_access()) {
                // A word that waits already is enough.
                let _ = reports.try_send(());
            }
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crossbeam_channel::bounded;

    use super::*;

    #[test]
    fn what_is_read_is_not_reported_and_what_is_written_is() {
        let top = tempfile::tempdir().expect("a directory");
        let file = top.path().join("vx.toml");
        std::fs::write(&file, "one").expect("a file");
        let (reporter, reports) = bounded(1);
        let mut marks = Marks::reporting_to(reporter);
        assert!(marks.keep(&BTreeSet::from([top.path().to_owned()])) && marks.complete());
        (0..10).for_each(|_| drop(std::fs::read(&file).expect("it reads")));
        assert!(reports.recv_timeout(Duration::from_millis(100)).is_err());
        std::fs::write(&file, "two").expect("a file");
        assert!(reports.recv_timeout(Duration::from_secs(30)).is_ok());
        assert!(!marks.keep(&BTreeSet::new()) && marks.count() == 0);
    }
}
