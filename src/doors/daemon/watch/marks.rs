//! The directories whose changes the system reports.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crossbeam_channel::Sender;
use notify::event::ModifyKind;
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use parking_lot::Mutex;

use vx_base::paths::FileSystemKind;

/// The extension of a board's file.
const BOARD: &str = "board";

/// Marked directories; a mark does not cover the directories below.
pub(super) struct Marks {
    /// `None` if the system has no reports at all.
    watcher: Option<RecommendedWatcher>,
    marked: BTreeSet<PathBuf>,
    /// The directories that cannot be marked, or whose changes are not all reported.
    unreported: BTreeSet<PathBuf>,
    interest: Arc<Mutex<WatchedDirectories>>,
}

/// The directories that were asked for, including those that don't exist yet.
#[derive(Default)]
struct WatchedDirectories {
    /// Directories in which every entry is of interest.
    whole: BTreeSet<PathBuf>,
    /// Directories in which only some names are of interest, and which may come and go themselves.
    named: BTreeSet<PathBuf>,
}

impl Marks {
    /// No marks yet. Each report of interest, including the one that reports were lost, is sent to this channel, which
    /// has room for one. In directories that are not watched as a whole, only these `names` are of interest.
    pub(super) fn reporting_to(reports: Sender<()>, names: &'static [&'static str]) -> Self {
        let interest = Arc::new(Mutex::new(WatchedDirectories::default()));
        let known = Arc::clone(&interest);
        let watcher = notify::recommended_watcher(move |report: notify::Result<Event>| {
            if report.map_or(true, |event| is_of_interest(&event, &known.lock(), names)) {
                // One waiting report is enough.
                let _ = reports.try_send(());
            }
        });
        Self { watcher: watcher.ok(), marked: BTreeSet::new(), unreported: BTreeSet::new(), interest }
    }

    /// Mark those of these directories that exist, and no others. Every entry of `whole` is of interest. Returns
    /// whether any mark is new.
    pub(super) fn keep(&mut self, whole: BTreeSet<PathBuf>, named: BTreeSet<PathBuf>) -> bool {
        let Some(watcher) = &mut self.watcher else { return false };
        let wanted: BTreeSet<PathBuf> = whole.union(&named).filter(|directory| directory.is_dir()).cloned().collect();
        *self.interest.lock() = WatchedDirectories { whole, named };
        for gone in self.marked.difference(&wanted) {
            // A directory that was removed has lost its mark already.
            let _ = watcher.unwatch(gone);
        }
        self.marked.retain(|directory| wanted.contains(directory));
        self.unreported.retain(|directory| wanted.contains(directory));
        let mut is_new = false;
        for directory in wanted {
            if self.marked.contains(&directory) || self.unreported.contains(&directory) {
                continue;
            }
            is_new = true;
            let marked = watcher.watch(&directory, RecursiveMode::NonRecursive).is_ok();
            let all_are_reported = marked && FileSystemKind::detect(&directory) != FileSystemKind::Network;
            let among = if all_are_reported { &mut self.marked } else { &mut self.unreported };
            among.insert(directory);
        }
        is_new
    }

    /// Whether the system reports every change.
    pub(super) fn complete(&self) -> bool {
        self.watcher.is_some() && self.unreported.is_empty()
    }

    /// The number of directories that have a mark.
    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.marked.len()).unwrap_or(u32::MAX)
    }
}

/// Whether a look could find something new. Other files beside those of interest, such as logs and recordings, may grow
/// many times a second.
fn is_of_interest(event: &Event, interest: &WatchedDirectories, names: &[&str]) -> bool {
    // Each look reads these files itself, so reporting accesses would cause the next look.
    if event.need_rescan() || event.kind.is_access() {
        return event.need_rescan();
    }
    let only_grows = matches!(event.kind, EventKind::Modify(ModifyKind::Data(_)));
    let is_named = |path: &Path| path.file_name().is_some_and(|name| names.iter().any(|known| name == *known));
    let is_board = |path: &Path| path.extension().is_some_and(|extension| extension == BOARD);
    event.paths.iter().any(|path| {
        let whole = &interest.whole;
        let in_whole = whole.contains(path) || path.parent().is_some_and(|parent| whole.contains(parent));
        is_named(path) || interest.named.contains(path) || in_whole && (!only_grows || is_board(path))
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::time::Duration;

    use crossbeam_channel::{Receiver, bounded};

    use super::*;

    const QUIET: Duration = Duration::from_millis(100);
    const PATIENCE: Duration = Duration::from_secs(30);

    fn marks(whole: &[&Path], named: &[&Path]) -> (Marks, Receiver<()>) {
        let (reporter, reports) = bounded(1);
        let mut marks = Marks::reporting_to(reporter, &["vx.toml"]);
        let set = |all: &[&Path]| all.iter().map(|path| (*path).to_owned()).collect();
        assert!(marks.keep(set(whole), set(named)) && marks.complete());
        (marks, reports)
    }

    #[test]
    fn what_is_read_is_not_reported_and_what_is_written_is() {
        let top = tempfile::tempdir().expect("a directory");
        let file = top.path().join("vx.toml");
        std::fs::write(&file, "one").expect("a file");
        let (mut marks, reports) = marks(&[], &[top.path()]);
        (0..10).for_each(|_| drop(std::fs::read(&file).expect("it reads")));
        assert!(reports.recv_timeout(QUIET).is_err());
        std::fs::write(&file, "two").expect("a file");
        assert!(reports.recv_timeout(PATIENCE).is_ok());
        assert!(!marks.keep(BTreeSet::new(), BTreeSet::new()) && marks.count() == 0);
    }

    #[test]
    fn a_directory_that_comes_or_goes_is_reported() {
        let top = tempfile::tempdir().expect("a directory");
        let project = top.path().join("project");
        let (_marks, reports) = marks(&[], &[top.path(), &project]);
        for _ in 0..2 {
            std::fs::create_dir(&project).expect("it is made");
            assert!(reports.recv_timeout(PATIENCE).is_ok());
            std::fs::rename(&project, top.path().join("moved")).expect("it is moved");
            assert!(reports.recv_timeout(PATIENCE).is_ok());
            std::fs::remove_dir(top.path().join("moved")).expect("it goes");
        }
    }

    #[test]
    fn what_grows_beside_the_files_of_interest_is_not_reported() {
        let (project, boards) = (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
        let mut log = std::fs::File::create(project.path().join("dev.log")).expect("a log");
        let mut recording = std::fs::File::create(boards.path().join("1.vxr")).expect("a recording");
        let (_marks, reports) = marks(&[boards.path()], &[project.path()]);
        for file in [&mut log, &mut recording] {
            (0..10).for_each(|_| file.write_all(b"a line\n").expect("it is written"));
        }
        std::fs::write(project.path().join("other"), "new").expect("a file");
        std::fs::remove_file(project.path().join("other")).expect("it goes");
        assert!(reports.recv_timeout(QUIET).is_err());
        std::fs::write(boards.path().join("2.vxr"), "").expect("a file");
        assert!(reports.recv_timeout(PATIENCE).is_ok(), "an entry of a whole directory");
        while reports.recv_timeout(QUIET).is_ok() {}
        std::fs::rename(boards.path().join("2.vxr"), boards.path().join("2.board")).expect("it moves");
        assert!(reports.recv_timeout(PATIENCE).is_ok(), "a name in it");
        while reports.recv_timeout(QUIET).is_ok() {}
        std::fs::write(boards.path().join("2.board"), "more").expect("a file");
        assert!(reports.recv_timeout(PATIENCE).is_ok(), "a board");
    }
}
