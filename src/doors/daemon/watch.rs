//! Watches the store, the boards and the files of projects, for as long as any client is subscribed.
//!
//! The system's reports only say when to look: each look compares everything with what was seen before, so a lost or
//! unrelated report changes nothing. Where the system reports nothing, as on network file systems, the look is
//! repeated.

mod follow;
mod marks;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded, select, unbounded};
use vx_base::paths::Home;
use vx_shm::BoardState;
use vx_store::Store;

use crate::boards::find;
use crate::doors::daemon::events::event::Release;
use crate::doors::daemon::events::hub::Hub;
use crate::doors::daemon::events::summary::BoardSummary;
use crate::tools::route::format::WitnessStamp;
use crate::tools::route::stamp;
use follow::follow;
use marks::Marks;

/// Further reports within this time belong to the same look.
const SETTLING: Duration = Duration::from_millis(10);
/// The longest time between two looks.
const LOOK: Duration = Duration::from_secs(30);
/// The time between two looks if the system does not report every change.
const LOOK_WITHOUT_REPORTS: Duration = Duration::from_secs(2);
/// The files of a project in a directory.
const FILES: [&str; 3] = ["vx.toml", ".vx.toml", "vx.lock"];
/// The names of interest in directories that also hold other files: those above, and the store in the home.
const OF_INTEREST: [&str; 4] = ["vx.toml", ".vx.toml", "vx.lock", "store"];

/// Watches everything until it is dropped.
#[derive(Debug)]
pub(super) struct DaemonWatcher {
    directories: Sender<(BTreeSet<PathBuf>, Sender<()>)>,
    over: Arc<AtomicBool>,
    watched: Arc<AtomicU32>,
}

struct Watching {
    hub: Arc<Hub>,
    home: Home,
    marks: Marks,
    /// The directories that clients have named, and those above.
    directories: BTreeSet<PathBuf>,
    files: BTreeMap<PathBuf, WitnessStamp>,
    store: Vec<(PathBuf, WitnessStamp)>,
    /// The boards that are followed or whose run is over.
    boards: BTreeSet<PathBuf>,
    over: Arc<AtomicBool>,
    watched: Arc<AtomicU32>,
}

impl DaemonWatcher {
    /// Start watching. When this returns, the hub knows the present state, which causes no events.
    ///
    /// # Errors
    /// No thread can be started.
    pub(super) fn begin(hub: Arc<Hub>, home: Home) -> std::io::Result<Self> {
        let (reporter, reports) = bounded(1);
        let (directories, named) = unbounded();
        let (over, watched) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
        let mut watching = Watching {
            hub,
            home,
            marks: Marks::reporting_to(reporter, &OF_INTEREST),
            directories: BTreeSet::new(),
            files: BTreeMap::new(),
            store: Vec::new(),
            boards: BTreeSet::new(),
            over: Arc::clone(&over),
            watched: Arc::clone(&watched),
        };
        watching.scan(true);
        thread::Builder::new().name("watch".into()).spawn(move || watching.look_on(&reports, &named))?;
        Ok(Self { directories, over, watched })
    }

    /// Watch the directories that clients have named. Returns once their files are known.
    pub(super) fn name(&self, directories: BTreeSet<PathBuf>) {
        let (done, known) = bounded(1);
        if self.directories.send((directories, done)).is_ok() {
            let _ = known.recv();
        }
    }

    /// The number of directories for which the system reports changes.
    pub(super) fn watched(&self) -> u32 {
        self.watched.load(Ordering::Relaxed)
    }
}

impl Drop for DaemonWatcher {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

impl Watching {
    fn look_on(mut self, reports: &Receiver<()>, named: &Receiver<(BTreeSet<PathBuf>, Sender<()>)>) {
        loop {
            let pause = if self.marks.complete() { LOOK } else { LOOK_WITHOUT_REPORTS };
            select! {
                recv(named) -> message => {
                    let Ok((directories, done)) = message else { return };
                    self.directories = directories;
                    self.scan(false);
                    let _ = done.send(());
                }
                recv(reports) -> _ => {
                    thread::sleep(SETTLING);
                    let _ = reports.try_recv();
                    self.scan(false);
                }
                default(pause) => self.scan(false),
            }
        }
    }

    /// Compare everything with what was seen before.
    fn scan(&mut self, first: bool) {
        // Set the marks first: whatever changes after the reading below is reported.
        while self.keep_marks() {}
        self.watched.store(self.marks.count(), Ordering::Relaxed);
        self.look_at_store(first);
        self.look_at_files();
        self.look_at_boards(first);
    }

    /// Mark the directories whose changes are to be reported. Returns whether any mark is new.
    fn keep_marks(&mut self) -> bool {
        let (root, store) = (self.home.root().to_owned(), self.home.store());
        let mut whole: BTreeSet<PathBuf> = folders_in(&store).into_iter().chain([store]).collect();
        whole.extend(find::places().unwrap_or_default());
        self.marks.keep(whole, self.directories.iter().cloned().chain([root]).collect())
    }

    fn look_at_store(&mut self, first: bool) {
        let store = self.home.store();
        let folders = [store.clone()].into_iter().chain(folders_in(&store));
        let now: Vec<(PathBuf, WitnessStamp)> = folders.map(|folder| (folder.clone(), stamp(&folder))).collect();
        if now == self.store && !first {
            return;
        }
        // A store that cannot be read now is read later.
        let Ok(releases) = Store::new(self.home.clone()).list() else { return };
        self.store = now;
        let release =
            |receipt: &vx_store::Receipt| Release { runtime: receipt.tool.clone(), version: receipt.version.clone() };
        self.hub.runtimes(releases.iter().map(|found| release(&found.receipt)).collect(), first);
    }

    fn look_at_files(&mut self) {
        let files = self.directories.iter().flat_map(|directory| FILES.map(|name| directory.join(name)));
        let now: BTreeMap<PathBuf, WitnessStamp> = files.map(|file| (file.clone(), stamp(&file))).collect();
        for (file, stamp) in &now {
            if self.files.get(file).is_some_and(|before| before != stamp) {
                self.hub.changed(file.clone());
            }
        }
        self.files = now;
    }

    fn look_at_boards(&mut self, first: bool) {
        let files: BTreeSet<PathBuf> = find::files().into_iter().collect();
        self.boards.retain(|known| files.contains(known));
        for path in files.difference(&self.boards.clone()) {
            let read = find::open_file(path).and_then(|mut reader| Ok(reader.snapshot()?.board));
            // A board that is just being made is read at the next look.
            let Ok(board) = read else { continue };
            self.boards.insert(path.clone());
            let is_over = board.state != BoardState::Running || board.creator.alive == Some(false);
            let summary = BoardSummary::from_view(path, &board);
            if first && is_over {
                continue;
            }
            self.hub.opened(summary.clone(), first);
            let (hub, over) = (Arc::clone(&self.hub), Arc::clone(&self.over));
            let (path, followed) = (path.clone(), summary.clone());
            let followed = move || follow(&hub, &path, &followed, first, &over);
            // If no thread can follow it, report its run as over.
            if thread::Builder::new().name("board".into()).spawn(followed).is_err() {
                self.hub.closed(summary);
            }
        }
    }
}

/// The directories in this one.
pub(super) fn folders_in(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|entry| entry.path()).collect()
}
