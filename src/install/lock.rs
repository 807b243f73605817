//! One process works on a release or an archive, the others wait for it.
//!
//! A waiting process shows how far the holder of the lock got, as that says in the [record](record) and on its board;
//! it gives up only when there is no progress for a stated time, and takes over when the holder ends, however it does:
//! the kernel drops the lock.

mod record;

use std::path::Path;
use std::time::{Duration, Instant};

use crate::config::BoardSlot;
use crate::hint::Hint;
use crate::report::{Phase, Reporter};

use super::cancel::{POLL, Stop, Watch};
use super::disk::{At, DiskError};
use super::file_lock::FileLock;

pub(super) use record::HeldLock;
pub use record::{Holder, HolderProgress};

/// Why waiting for another process ended without the lock.
#[derive(Debug, thiserror::Error)]
pub enum WaitError {
    /// The holder made no progress for so long.
    #[error("{} is {doing} but {}made no progress for {seconds} s", who(*pid), if *stopped { "is stopped and " } else { "" })]
    Stuck {
        /// The holder's number; 0 when it never said.
        pid: u32,
        /// What it is doing: `installing node 22.3.0`.
        doing: String,
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
            Self::Stuck { pid: 0, .. } => Some("end the other vx and try again".into()),
            Self::Stuck { pid, stopped: true, .. } => {
                Some(format!("continue it with `kill -CONT {pid}`, or end it with `kill -KILL {pid}`"))
            }
            Self::Stuck { pid, .. } => Some(format!("end it with `kill {pid}` and try again")),
            Self::Disk(error) => error.hint(),
            Self::Stop(_) => None,
        }
    }
}

fn who(pid: u32) -> String {
    if pid == 0 { "another process".to_owned() } else { format!("process {pid}") }
}

/// How a process waits, whatever for.
pub(super) struct Wait<'a> {
    pub(super) board: Option<&'a BoardSlot>,
    pub(super) reporter: &'a dyn Reporter,
    pub(super) watch: &'a Watch,
    /// How long a holder may make no progress.
    pub(super) stall: Duration,
    /// How far the holder got, by its board.
    pub(super) progress_of: &'a dyn Fn(&Holder) -> Option<HolderProgress>,
}

impl Wait<'_> {
    /// Take the lock at this path, waiting while another process holds it, which is then `doing` that:
    /// `installing node 22.3.0`.
    pub(super) fn acquire(&self, path: &Path, doing: &str) -> Result<HeldLock, WaitError> {
        let mut seen: Option<Seen> = None;
        let mut refused = 0_u32;
        loop {
            if let Some(lock) = self.acquire_at_once(path)? {
                return Ok(lock);
            }
            self.watch.check().map_err(WaitError::Stop)?;
            refused = refused.saturating_add(1);
            // Who sweeps up after the dead holds a lock for a moment only; that is not worth a word.
            if refused > 1 {
                self.look(path, doing, &mut seen)?;
            }
            self.watch.sleep(POLL).map_err(WaitError::Stop)?;
        }
    }

    /// The lock, if nobody has it.
    pub(super) fn acquire_at_once(&self, path: &Path) -> Result<Option<HeldLock>, DiskError> {
        let lock = FileLock::try_acquire(path).at("lock", path)?;
        Ok(lock.map(|lock| HeldLock::new(lock, self.board.cloned())))
    }

    /// Show how far the holder got; an error once it got no further for too long.
    fn look(&self, path: &Path, doing: &str, seen: &mut Option<Seen>) -> Result<(), WaitError> {
        let holder = Holder::read(path);
        let progress = holder.as_ref().and_then(|holder| (self.progress_of)(holder));
        let stopped = holder.as_ref().is_some_and(Holder::is_stopped);
        let now = Seen { holder, progress, stopped, since: Instant::now() };
        match seen {
            Some(before) if before.same(&now) => {
                let still = before.since.elapsed();
                if still >= self.stall && !now.quiet() {
                    let (pid, doing, seconds) = (now.pid(), doing.to_owned(), still.as_secs());
                    return Err(WaitError::Stuck { pid, doing, seconds, stopped });
                }
            }
            before => {
                self.show(before.as_ref(), &now, doing);
                *before = Some(now);
            }
        }
        Ok(())
    }

    fn show(&self, before: Option<&Seen>, now: &Seen, doing: &str) {
        let (done, total) = now.amounts();
        if before.is_none() {
            self.reporter.started(Phase::Waiting, total);
        } else {
            self.reporter.total(total);
        }
        self.reporter.advanced(done);
        // Bytes move fifty times a second; what they mean changes now and then.
        if before.is_none_or(|before| before.state() != now.state()) {
            let (pid, state) = now.state();
            self.reporter.message(&format!("waiting for {}, which is {doing} ({state})", who(pid)));
        }
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

    fn pid(&self) -> u32 {
        self.holder.as_ref().map_or(0, |holder| holder.pid)
    }

    /// Whether no progress means nothing. A stopped holder does not even do what cannot be seen.
    fn quiet(&self) -> bool {
        self.holder.as_ref().is_some_and(|holder| holder.quiet) && !self.stopped
    }

    /// Who it is, and what it does in a word.
    fn state(&self) -> (u32, String) {
        let state = match &self.progress {
            _ if self.stopped => "stopped".to_owned(),
            Some(progress) => progress.phase.to_string(),
            None => "at work".to_owned(),
        };
        (self.pid(), state)
    }

    fn amounts(&self) -> (u64, Option<u64>) {
        match (&self.progress, &self.holder) {
            (Some(progress), _) => (progress.done, progress.total),
            (None, Some(holder)) => (holder.done, holder.total),
            (None, None) => (0, None),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::thread;

    use parking_lot::Mutex;

    use super::super::cancel::CancelToken;
    use super::record::BEAT;
    use super::*;
    use crate::paths::Home;
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
        fn path(&self) -> PathBuf {
            self.home.locks().join("node-22.3.0.lock")
        }

        fn wait<'a>(&'a self, reporter: &'a dyn Reporter, stall_ms: u64, of: Progress<'a>) -> Wait<'a> {
            Wait { board: None, reporter, watch: &self.watch, stall: Duration::from_millis(stall_ms), progress_of: of }
        }
    }

    type Progress<'a> = &'a dyn Fn(&Holder) -> Option<HolderProgress>;

    const DOING: &str = "installing node 22.3.0";

    const UNKNOWN: Progress<'static> = &|_| None;

    #[test]
    fn the_waiting_one_shows_the_holder_and_takes_over_when_it_ends() {
        let setting = setting();
        let held = setting.wait(&Silent, 60_000, UNKNOWN).acquire(&setting.path(), DOING).expect("a free lock");
        held.started(Phase::Downloading, Some(500));
        let last = Last::default();
        thread::scope(|scope| {
            let waiting =
                scope.spawn(|| setting.wait(&last, 60_000, UNKNOWN).acquire(&setting.path(), DOING).map(drop));
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
        let _held = setting.wait(&Silent, 60_000, UNKNOWN).acquire(&setting.path(), DOING).expect("a free lock");
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
        let error = setting.wait(&last, 100, &moving).acquire(&setting.path(), DOING).expect_err("it is stuck");
        assert!(start.elapsed() >= Duration::from_millis(650), "{:?}", start.elapsed());
        assert!(matches!(error, WaitError::Stuck { pid, stopped: false, .. } if pid == std::process::id()));
        assert!(error.to_string().contains("installing node 22.3.0"), "{error}");
        assert!(last.0.lock().2.contains("extracting"));
    }

    #[test]
    fn a_holder_that_runs_a_post_install_command_is_not_given_up() {
        let setting = setting();
        let held = setting.wait(&Silent, 60_000, UNKNOWN).acquire(&setting.path(), DOING).expect("a free lock");
        held.started(Phase::PostInstall, None);
        thread::scope(|scope| {
            let waiting = scope.spawn(|| setting.wait(&Silent, 50, UNKNOWN).acquire(&setting.path(), DOING).map(drop));
            thread::sleep(Duration::from_millis(300));
            drop(held);
            waiting.join().expect("an outcome").expect("the lock");
        });
    }

    #[test]
    fn waiting_ends_when_it_is_cancelled() {
        let setting = setting();
        let _held = setting.wait(&Silent, 60_000, UNKNOWN).acquire(&setting.path(), DOING).expect("a free lock");
        thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(50));
                setting.cancel.cancel();
            });
            let error =
                setting.wait(&Silent, 60_000, UNKNOWN).acquire(&setting.path(), DOING).expect_err("it is cancelled");
            assert!(matches!(error, WaitError::Stop(Stop::Cancelled)));
        });
    }

    #[test]
    fn a_stopped_holder_is_told_from_a_stuck_one() {
        let stuck = |stopped| WaitError::Stuck { pid: 7, doing: DOING.into(), seconds: 120, stopped };
        assert!(stuck(true).to_string().contains("is stopped and made no progress for 120 s"));
        assert!(stuck(true).hint().is_some_and(|hint| hint.contains("kill -CONT 7")));
        assert!(!stuck(false).to_string().contains("stopped"));
        let unknown = WaitError::Stuck { pid: 0, doing: DOING.into(), seconds: 1, stopped: false };
        assert!(unknown.to_string().starts_with("another process is installing"), "{unknown}");
        assert!(unknown.hint().is_some_and(|hint| !hint.contains('0')));
    }
}
