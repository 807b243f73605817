//! One process installs a release, the others wait for it.
//!
//! The holder of `locks/<tool>-<version>.lock` says in the file who it is, where its board is, and how far it got. A
//! waiting process shows that progress, gives up only when there is none for a stated time, and takes over when the
//! holder ends, however it does: the kernel drops the lock.

use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::config::BoardSlot;
use crate::hint::Hint;
use crate::paths::Home;
use crate::report::{Phase, Reporter};

use super::cancel::{POLL, Stop, Watch};
use super::disk::{At, DiskError};
use super::file_lock::FileLock;

/// How often the holder writes how far it got.
const BEAT: Duration = Duration::from_millis(500);

/// The process that is installing the release somebody waits for, as it says itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Its process number.
    pub pid: u32,
    /// The slot it reports to, when it has one.
    pub board: Option<BoardSlot>,
    /// How far it got; the unit is that of its phase.
    pub done: u64,
    /// Of how much.
    pub total: Option<u64>,
    /// Whether it is doing what shows no progress: a post-install command, which has limits of its own, or a sync.
    pub quiet: bool,
    /// How many phases it has entered.
    phase_number: u32,
}

/// How far a holder got, read from its board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HolderProgress {
    /// What it is doing.
    pub phase: Phase,
    /// Units of the phase that are finished.
    pub done: u64,
    /// Of how many.
    pub total: Option<u64>,
}

/// Why waiting for another process's install ended without the lock.
#[derive(Debug, thiserror::Error)]
pub enum WaitError {
    /// The holder made no progress for so long.
    #[error("process {pid} is installing {release} but {}made no progress for {seconds} s", if *stopped { "is stopped and " } else { "" })]
    Stuck {
        /// The holder's number; 0 when it never said.
        pid: u32,
        /// Tool and version.
        release: String,
        /// How long nothing moved.
        seconds: u64,
        /// Whether the holder is stopped, by job control or a debugger.
        stopped: bool,
    },
    /// Told to stop meanwhile.
    #[error("stopped while waiting for another process")]
    Stop(Stop),
    /// The lock file could not be used.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

impl Hint for WaitError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Stuck { pid, stopped: true, .. } => {
                Some(format!("continue it with `kill -CONT {pid}`, or end it with `kill -KILL {pid}`"))
            }
            Self::Stuck { pid, .. } => Some(format!("end it with `kill {pid}` and try again")),
            Self::Disk(error) => error.hint(),
            Self::Stop(_) => None,
        }
    }
}

/// The right to install one release.
#[derive(Debug)]
pub(super) struct ReleaseLock {
    lock: FileLock,
    said: Mutex<Said>,
}

#[derive(Debug)]
struct Said {
    holder: Holder,
    at: Instant,
}

/// What a waiting process wants and looks at.
pub(super) struct Wait<'a> {
    pub(super) home: &'a Home,
    pub(super) tool: &'a str,
    pub(super) version: &'a str,
    pub(super) board: Option<&'a BoardSlot>,
    pub(super) reporter: &'a dyn Reporter,
    pub(super) watch: &'a Watch,
    /// How long a holder may make no progress.
    pub(super) stall: Duration,
    /// How far the holder got, by its board.
    pub(super) progress_of: &'a dyn Fn(&Holder) -> Option<HolderProgress>,
}

impl Wait<'_> {
    /// Take the lock, waiting while another process holds it.
    pub(super) fn acquire(&self) -> Result<ReleaseLock, WaitError> {
        let path = self.home.locks().join(format!("{}-{}.lock", self.tool, self.version));
        let mut seen: Option<Seen> = None;
        loop {
            if let Some(lock) = FileLock::try_acquire(&path).at("lock", &path)? {
                return Ok(ReleaseLock::new(lock, self.board.cloned()));
            }
            self.watch.check().map_err(WaitError::Stop)?;
            self.look(&path, &mut seen)?;
            self.watch.sleep(POLL).map_err(WaitError::Stop)?;
        }
    }

    /// Show how far the holder got; an error once it got no further for too long.
    fn look(&self, path: &Path, seen: &mut Option<Seen>) -> Result<(), WaitError> {
        let holder = Holder::read(path);
        let progress = holder.as_ref().and_then(|holder| (self.progress_of)(holder));
        let pid = holder.as_ref().map_or(0, |holder| holder.pid);
        let now = Seen { holder, progress, stopped: pid != 0 && is_stopped(pid), since: Instant::now() };
        match seen {
            Some(before) if before.same(&now) => {
                let quiet = now.holder.as_ref().is_some_and(|holder| holder.quiet) && !now.stopped;
                let still = before.since.elapsed();
                if still >= self.stall && !quiet {
                    let release = format!("{} {}", self.tool, self.version);
                    return Err(WaitError::Stuck { pid, release, seconds: still.as_secs(), stopped: now.stopped });
                }
            }
            before => {
                self.show(before.as_ref(), &now);
                *before = Some(now);
            }
        }
        Ok(())
    }

    fn show(&self, before: Option<&Seen>, now: &Seen) {
        let (done, total) = now.amounts();
        if before.is_none() {
            self.reporter.started(Phase::Waiting, total);
        } else {
            self.reporter.total(total);
        }
        self.reporter.advanced(done);
        let who = match now.holder.as_ref().map(|holder| holder.pid) {
            Some(pid) => format!("process {pid}"),
            None => "another process".to_owned(),
        };
        let doing = match &now.progress {
            Some(progress) => progress.phase.to_string(),
            None => "at work".to_owned(),
        };
        let doing = if now.stopped { "stopped".to_owned() } else { doing };
        self.reporter.message(&format!("waiting for {who}, which installs it ({doing})"));
    }
}

/// What was seen of a holder, and since when.
struct Seen {
    holder: Option<Holder>,
    progress: Option<HolderProgress>,
    stopped: bool,
    since: Instant,
}

impl Seen {
    fn same(&self, other: &Self) -> bool {
        (&self.holder, &self.progress, self.stopped) == (&other.holder, &other.progress, other.stopped)
    }

    fn amounts(&self) -> (u64, Option<u64>) {
        match (&self.progress, &self.holder) {
            (Some(progress), _) => (progress.done, progress.total),
            (None, Some(holder)) => (holder.done, holder.total),
            (None, None) => (0, None),
        }
    }
}

impl Holder {
    /// What the holder said last; `None` before it said anything, and where a locked file cannot be read.
    fn read(path: &Path) -> Option<Self> {
        serde_json::from_slice(fs::read(path).ok()?.trim_ascii_end()).ok()
    }
}

impl ReleaseLock {
    fn new(lock: FileLock, board: Option<BoardSlot>) -> Self {
        let holder = Holder { pid: std::process::id(), board, done: 0, total: None, quiet: false, phase_number: 0 };
        let lock = Self { lock, said: Mutex::new(Said { holder, at: Instant::now() }) };
        lock.say(&lock.said.lock().holder);
        lock
    }

    /// A new phase begins, of this much work.
    pub(super) fn started(&self, phase: Phase, total: Option<u64>) {
        let mut said = self.said.lock();
        said.holder.phase_number += 1;
        said.holder.quiet = matches!(phase, Phase::Linking | Phase::PostInstall);
        (said.holder.done, said.holder.total, said.at) = (0, total, Instant::now());
        self.say(&said.holder);
    }

    /// This much of the phase is done; written now and then.
    pub(super) fn advanced(&self, done: u64) {
        let mut said = self.said.lock();
        said.holder.done = done;
        if said.at.elapsed() >= BEAT {
            said.at = Instant::now();
            self.say(&said.holder);
        }
    }

    /// A waiting process that reads half of this finds no JSON and looks again.
    fn say(&self, holder: &Holder) {
        let Ok(mut text) = serde_json::to_vec(holder) else { return };
        // Spaces cover the rest of a longer text before, so the file is never cut shorter while it is read.
        text.resize(text.len() + 40, b' ');
        let mut file = self.lock.file();
        // What cannot be said is only not shown.
        let _ = file.seek(SeekFrom::Start(0)).and_then(|_| file.write_all(&text));
    }
}

/// Whether a process is stopped; false where nobody says.
#[cfg(target_os = "linux")]
fn is_stopped(pid: u32) -> bool {
    let Ok(text) = fs::read_to_string(format!("/proc/{pid}/stat")) else { return false };
    // The name before it may hold anything, also `)`.
    let state = text.rsplit(')').next().and_then(|rest| rest.trim_start().chars().next());
    matches!(state, Some('T' | 't'))
}

#[cfg(not(target_os = "linux"))]
fn is_stopped(_: u32) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::thread;

    use super::super::cancel::CancelToken;
    use super::*;
    use crate::report::Silent;

    /// Remembers what was said last.
    #[derive(Default)]
    struct Last(Mutex<(u64, Option<u64>, String)>);

    impl Reporter for Last {
        fn started(&self, phase: Phase, total: Option<u64>) {
            assert_eq!(phase, Phase::Waiting);
            self.0.lock().1 = total;
        }
        fn advanced(&self, done: u64) {
            self.0.lock().0 = done;
        }
        fn total(&self, total: Option<u64>) {
            self.0.lock().1 = total;
        }
        fn message(&self, text: &str) {
            self.0.lock().2 = text.to_owned();
        }
        fn attempt(&self, _: u8) {}
    }

    struct Setting {
        home: Home,
        watch: Watch,
        cancel: CancelToken,
        _top: tempfile::TempDir,
    }

    fn setting() -> Setting {
        let top = tempfile::tempdir().expect("a temporary directory");
        let cancel = CancelToken::new();
        let watch = Watch::new(cancel.clone(), None);
        Setting { home: Home::at(top.path().to_owned()), watch, cancel, _top: top }
    }

    impl Setting {
        fn wait<'a>(&'a self, reporter: &'a dyn Reporter, stall_ms: u64, of: Progress<'a>) -> Wait<'a> {
            Wait {
                home: &self.home,
                tool: "node",
                version: "22.3.0",
                board: None,
                reporter,
                watch: &self.watch,
                stall: Duration::from_millis(stall_ms),
                progress_of: of,
            }
        }
    }

    type Progress<'a> = &'a dyn Fn(&Holder) -> Option<HolderProgress>;

    const UNKNOWN: Progress<'static> = &|_| None;

    #[test]
    fn the_waiting_one_shows_the_holder_and_takes_over_when_it_ends() {
        let setting = setting();
        let held = setting.wait(&Silent, 60_000, UNKNOWN).acquire().expect("a free lock");
        held.started(Phase::Downloading, Some(500));
        let last = Last::default();
        thread::scope(|scope| {
            let waiting = scope.spawn(|| setting.wait(&last, 60_000, UNKNOWN).acquire().map(drop));
            while last.0.lock().1 != Some(500) {
                thread::sleep(Duration::from_millis(5));
            }
            thread::sleep(BEAT);
            held.advanced(200);
            while last.0.lock().0 != 200 {
                thread::sleep(Duration::from_millis(5));
            }
            drop(held);
            waiting.join().expect("an outcome").expect("the lock");
        });
        assert!(last.0.lock().2.contains(&format!("process {}", std::process::id())));
        assert_eq!(fs::read_dir(setting.home.locks()).expect("locks").count(), 0);
    }

    #[test]
    fn waiting_ends_on_lack_of_progress_and_not_on_time() {
        let setting = setting();
        let _held = setting.wait(&Silent, 60_000, UNKNOWN).acquire().expect("a free lock");
        let done = AtomicU64::new(0);
        let start = Instant::now();
        // Its board moves for six times the patience, then no more.
        let moving = |_: &Holder| {
            let done = if start.elapsed() < Duration::from_millis(600) {
                done.fetch_add(1, Ordering::Relaxed)
            } else {
                done.load(Ordering::Relaxed)
            };
            Some(HolderProgress { phase: Phase::Extracting, done, total: None })
        };
        let last = Last::default();
        let error = setting.wait(&last, 100, &moving).acquire().expect_err("it is stuck");
        assert!(start.elapsed() >= Duration::from_millis(650), "{:?}", start.elapsed());
        assert!(matches!(error, WaitError::Stuck { pid, stopped: false, .. } if pid == std::process::id()));
        assert!(error.to_string().contains("installing node 22.3.0"), "{error}");
        assert!(last.0.lock().2.contains("extracting"));
    }

    #[test]
    fn a_holder_that_runs_a_post_install_command_is_not_given_up() {
        let setting = setting();
        let held = setting.wait(&Silent, 60_000, UNKNOWN).acquire().expect("a free lock");
        held.started(Phase::PostInstall, None);
        thread::scope(|scope| {
            let waiting = scope.spawn(|| setting.wait(&Silent, 50, UNKNOWN).acquire().map(drop));
            thread::sleep(Duration::from_millis(300));
            drop(held);
            waiting.join().expect("an outcome").expect("the lock");
        });
    }

    #[test]
    fn waiting_ends_when_it_is_cancelled() {
        let setting = setting();
        let _held = setting.wait(&Silent, 60_000, UNKNOWN).acquire().expect("a free lock");
        thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(50));
                setting.cancel.cancel();
            });
            let error = setting.wait(&Silent, 60_000, UNKNOWN).acquire().expect_err("it is cancelled");
            assert!(matches!(error, WaitError::Stop(Stop::Cancelled)));
        });
    }

    #[test]
    fn a_stopped_holder_is_told_from_a_stuck_one() {
        let stuck = |stopped| WaitError::Stuck { pid: 7, release: "node 22.3.0".into(), seconds: 120, stopped };
        assert!(stuck(true).to_string().contains("is stopped and made no progress for 120 s"));
        assert!(stuck(true).hint().is_some_and(|hint| hint.contains("kill -CONT 7")));
        assert!(!stuck(false).to_string().contains("stopped"));
        assert!(!is_stopped(std::process::id()));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_that_was_stopped_is_seen_as_stopped() {
        use rustix::process::{Pid, Signal, kill_process};

        let mut child = std::process::Command::new("sleep").arg("60").spawn().expect("a process");
        let pid = Pid::from_child(&child);
        kill_process(pid, Signal::STOP).expect("a signal");
        let start = Instant::now();
        while !is_stopped(child.id()) && start.elapsed() < Duration::from_secs(5) {
            thread::sleep(POLL);
        }
        let stopped = is_stopped(child.id());
        child.kill().expect("a signal");
        child.wait().expect("an end");
        assert!(stopped);
    }
}
