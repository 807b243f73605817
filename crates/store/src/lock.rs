//! Locks: one process works on a release or an archive, and the others wait for it.
//!
//! A waiting process shows the progress of the lock's holder. The holder's [record](record) in the locked file names
//! its slot, and the slot on its board has the numbers; without a slot only the process is named. The wait fails only
//! if the holder shows no progress for a stated time. If the holder ends, however it ends, the kernel drops the lock
//! and the waiting process takes it.
//!
//! Every holder that vx starts is an install and has a slot. `vx lock` takes no lock here: it fetches only archives
//! whose digest is unknown, into private files. So a holder without a slot is a program that uses this library, or
//! another version of vx. Unless that holder is stopped, the wait for it is limited only by the deadline of the waiting
//! install.

mod lock_holder;
pub(crate) mod needed_tool;
mod observation;

use std::path::Path;
use std::time::Duration;

use vx_base::board_slot::BoardSlot;
use vx_base::files::file_lock::{FileLock, UnseenOwner, unseen_owner};
use vx_base::trouble::{Explain, TroubleKind};

use crate::report::{InstallProgress, InstallStep, Reporter};

use super::cancel::{CancelWatch, InstallStop, POLL};
use super::disk::{DiskError, DiskErrorContext};
use observation::Observation;

pub use lock_holder::LockHolder;

/// A wait for another process that ended without the lock.
#[derive(Debug, thiserror::Error)]
pub enum LockWaitError {
    /// The holder made no progress for too long.
    #[error("{} is {doing} but {}made no progress for {seconds} s", process(*pid), if *stopped { "is stopped and " } else { "" })]
    Stuck {
        /// The holder's process id; 0 if it left no record.
        pid: u32,
        /// Its work, as in `installing node 22.3.0`.
        doing: String,
        /// How long it made no progress.
        seconds: u64,
        /// Whether the holder is stopped, by job control or a debugger.
        stopped: bool,
        /// The holder, if it runs where this machine can't see it.
        unseen: Option<UnseenOwner>,
    },
    /// This process was asked to stop.
    #[error("stopped while waiting for another process")]
    Stop(InstallStop),
    /// The lock file could not be used.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

impl Explain for LockWaitError {
    fn kind(&self) -> TroubleKind {
        match self {
            Self::Stuck { .. } => TroubleKind::Busy,
            Self::Stop(stop) => stop.kind(),
            Self::Disk(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Stuck { unseen: Some(owner), .. } => Some(owner.hint()),
            Self::Stuck { pid: 0, .. } => Some("end the other vx process and try again".into()),
            Self::Stuck { pid, stopped: true, .. } => {
                Some(format!("continue it with `kill -CONT {pid}`, or end it with `kill -KILL {pid}`"))
            }
            Self::Stuck { pid, .. } => Some(format!("end it with `kill {pid}` and try again")),
            Self::Disk(error) => error.hint(),
            Self::Stop(_) => None,
        }
    }
}

/// Name the process of this id.
fn process(pid: u32) -> String {
    if pid == 0 { "another process".to_owned() } else { format!("process {pid}") }
}

/// How a process waits for any lock.
pub(super) struct LockWaitTerms<'a> {
    /// Slot of this process, for its own record.
    pub(super) board: Option<&'a BoardSlot>,
    pub(super) reporter: &'a dyn Reporter,
    pub(super) watch: &'a CancelWatch,
    /// How long a holder may make no progress.
    pub(super) stall: Duration,
    /// Reads the progress of a holder from its board.
    pub(super) progress_of: &'a dyn Fn(&LockHolder) -> Option<InstallProgress>,
}

impl LockWaitTerms<'_> {
    /// Take the lock at this path, waiting while another process holds it. `doing` is the work that the lock is for, as
    /// in `installing node 22.3.0`.
    pub(super) fn acquire(&self, path: &Path, doing: &str) -> Result<FileLock, LockWaitError> {
        let mut seen: Option<Observation> = None;
        let mut refused = 0_u32;
        loop {
            if let Some(lock) = self.acquire_at_once(path)? {
                return Ok(lock);
            }
            self.watch.check().map_err(LockWaitError::Stop)?;
            refused = refused.saturating_add(1);
            // A process that cleans up after dead ones holds a lock only for a moment, which needs no message.
            if refused > 1 {
                self.observe_holder(path, doing, &mut seen)?;
            }
            self.watch.sleep(POLL).map_err(LockWaitError::Stop)?;
        }
    }

    /// Take the lock if it is free.
    pub(super) fn acquire_at_once(&self, path: &Path) -> Result<Option<FileLock>, DiskError> {
        let lock = FileLock::try_acquire(path).with_path("lock", path)?;
        if let Some(lock) = &lock {
            // The lock holds even if its record cannot be written, for example on a full disk.
            let _ = LockHolder::here(self.board.cloned()).write(lock);
        }
        Ok(lock)
    }

    /// Show the holder's progress; fail if it makes none for too long.
    fn observe_holder(&self, path: &Path, doing: &str, seen: &mut Option<Observation>) -> Result<(), LockWaitError> {
        let now = Observation::new(LockHolder::read(path), self.progress_of);
        match seen {
            Some(before) if before.same(&now) => {
                let still = before.since.elapsed();
                if still >= self.stall && now.ought_to_move() {
                    let (pid, doing, seconds) = (now.pid(), doing.to_owned(), still.as_secs());
                    let (stopped, unseen) = (now.stopped, unseen_owner(path));
                    return Err(LockWaitError::Stuck { pid, doing, seconds, stopped, unseen });
                }
            }
            before => {
                self.show(before.as_ref(), &now, doing);
                *before = Some(now);
            }
        }
        Ok(())
    }

    fn show(&self, before: Option<&Observation>, now: &Observation, doing: &str) {
        let total = now.progress.and_then(|progress| progress.total);
        if before.is_none_or(|before| before.board_slot() != now.board_slot()) {
            self.reporter.waits_for(now.board_slot());
        }
        if before.is_none() {
            self.reporter.started(InstallStep::Waiting, total);
        } else {
            self.reporter.total(total);
        }
        self.reporter.advanced(now.progress.map_or(0, |progress| progress.done));
        // The numbers change fifty times a second, the message about them rarely.
        if before.is_none_or(|before| before.words() != now.words()) {
            let (pid, state) = now.words();
            self.reporter.message(&format!("waiting for {}, which is {doing} ({state})", process(pid)));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::thread;
    use std::time::Instant;

    use parking_lot::Mutex;

    use super::super::cancel::CancelToken;
    use super::*;
    use crate::report::SilentReporter;
    use vx_base::paths::Home;

    /// Stores the last report.
    #[derive(Default)]
    struct Last(Mutex<(u64, Option<u64>, String)>);

    impl Reporter for Last {
        fn started(&self, step: InstallStep, total: Option<u64>) {
            assert_eq!(step, InstallStep::Waiting);
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
        fn waits_for(&self, _: Option<&BoardSlot>) {}
        fn attempt(&self, _: u8) {}
    }

    struct Setting {
        home: Home,
        watch: CancelWatch,
        cancel: CancelToken,
        _top: tempfile::TempDir,
    }

    fn setting() -> Setting {
        let top = tempfile::tempdir().expect("a temporary directory");
        let cancel = CancelToken::new();
        let watch = CancelWatch::new(cancel.clone(), None);
        Setting { home: Home::from_root(top.path().to_owned()), watch, cancel, _top: top }
    }

    impl Setting {
        fn path(&self) -> PathBuf {
            self.home.locks().join("node-22.3.0.lock")
        }

        fn wait<'a>(&'a self, reporter: &'a dyn Reporter, stall_ms: u64, of: ProgressOf<'a>) -> LockWaitTerms<'a> {
            LockWaitTerms {
                board: None,
                reporter,
                watch: &self.watch,
                stall: Duration::from_millis(stall_ms),
                progress_of: of,
            }
        }
    }

    type ProgressOf<'a> = &'a dyn Fn(&LockHolder) -> Option<InstallProgress>;

    const DOING: &str = "installing node 22.3.0";

    const UNKNOWN: ProgressOf<'static> = &|_| None;

    #[test]
    fn the_waiting_one_shows_the_holder_and_takes_over_when_it_ends() {
        let setting = setting();
        let held = setting.wait(&SilentReporter, 60_000, UNKNOWN).acquire(&setting.path(), DOING).expect("a free lock");
        let done = AtomicU64::new(0);
        let downloading = |_: &LockHolder| {
            let done = done.load(Ordering::Relaxed);
            Some(InstallProgress { step: InstallStep::Downloading, done, total: Some(500) })
        };
        let last = Last::default();
        thread::scope(|scope| {
            let waiting =
                scope.spawn(|| setting.wait(&last, 60_000, &downloading).acquire(&setting.path(), DOING).map(drop));
            while last.0.lock().1 != Some(500) {
                thread::sleep(Duration::from_millis(5));
            }
            done.store(200, Ordering::Relaxed);
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
        let _held =
            setting.wait(&SilentReporter, 60_000, UNKNOWN).acquire(&setting.path(), DOING).expect("a free lock");
        let done = AtomicU64::new(0);
        let start = Instant::now();
        // The holder's board advances for six times the allowed time, then stops.
        let moving = |_: &LockHolder| {
            let done = if start.elapsed() < Duration::from_millis(600) {
                done.fetch_add(1, Ordering::Relaxed)
            } else {
                done.load(Ordering::Relaxed)
            };
            Some(InstallProgress { step: InstallStep::Extracting, done, total: None })
        };
        let last = Last::default();
        let error = setting.wait(&last, 100, &moving).acquire(&setting.path(), DOING).expect_err("it is stuck");
        assert!(start.elapsed() >= Duration::from_millis(650), "{:?}", start.elapsed());
        assert!(matches!(error, LockWaitError::Stuck { pid, stopped: false, .. } if pid == std::process::id()));
        assert!(error.to_string().contains("installing node 22.3.0"), "{error}");
        assert!(last.0.lock().2.contains("extracting"));
    }

    #[test]
    fn a_holder_that_runs_a_post_install_command_is_not_given_up() {
        let setting = setting();
        let held = setting.wait(&SilentReporter, 60_000, UNKNOWN).acquire(&setting.path(), DOING).expect("a free lock");
        let running = |_: &LockHolder| Some(InstallProgress { step: InstallStep::PostInstall, done: 0, total: None });
        thread::scope(|scope| {
            let waiting =
                scope.spawn(|| setting.wait(&SilentReporter, 50, &running).acquire(&setting.path(), DOING).map(drop));
            thread::sleep(Duration::from_millis(300));
            drop(held);
            waiting.join().expect("an outcome").expect("the lock");
        });
    }

    #[test]
    fn a_holder_that_never_had_a_board_is_named_and_not_given_up() {
        let setting = setting();
        let held = setting.wait(&SilentReporter, 60_000, UNKNOWN).acquire(&setting.path(), DOING).expect("a free lock");
        let last = Last::default();
        thread::scope(|scope| {
            let waiting = scope.spawn(|| setting.wait(&last, 50, UNKNOWN).acquire(&setting.path(), DOING).map(drop));
            thread::sleep(Duration::from_millis(300));
            drop(held);
            waiting.join().expect("an outcome").expect("the lock");
        });
        let message = format!("waiting for process {}, which is {DOING} (at work)", std::process::id());
        assert_eq!(*last.0.lock(), (0, None, message));
    }

    #[test]
    fn a_holder_whose_board_cannot_be_read_is_named_and_given_up_after_the_patience() {
        let setting = setting();
        let gone = BoardSlot { path: setting.home.root().join("gone"), slot: 0, generation: 1 };
        let holding = LockWaitTerms { board: Some(&gone), ..setting.wait(&SilentReporter, 60_000, UNKNOWN) };
        let _held = holding.acquire(&setting.path(), DOING).expect("a free lock");
        let last = Last::default();
        let error = setting.wait(&last, 50, UNKNOWN).acquire(&setting.path(), DOING).expect_err("it is stuck");
        assert!(matches!(error, LockWaitError::Stuck { pid, .. } if pid == std::process::id()), "{error:?}");
        assert!(last.0.lock().2.ends_with("(at work)"));
    }

    #[test]
    fn a_holder_that_left_no_record_is_given_up_after_the_patience() {
        let setting = setting();
        let _held = FileLock::try_acquire(&setting.path()).expect("a lock file").expect("a free lock");
        let error =
            setting.wait(&SilentReporter, 50, UNKNOWN).acquire(&setting.path(), DOING).expect_err("it is stuck");
        assert!(matches!(error, LockWaitError::Stuck { pid: 0, stopped: false, .. }), "{error:?}");
    }

    #[test]
    fn waiting_ends_when_it_is_cancelled() {
        let setting = setting();
        let _held =
            setting.wait(&SilentReporter, 60_000, UNKNOWN).acquire(&setting.path(), DOING).expect("a free lock");
        thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(50));
                setting.cancel.cancel();
            });
            let error = setting
                .wait(&SilentReporter, 60_000, UNKNOWN)
                .acquire(&setting.path(), DOING)
                .expect_err("it is cancelled");
            assert!(matches!(error, LockWaitError::Stop(InstallStop::Cancelled)));
        });
    }

    #[test]
    fn a_stopped_holder_is_told_from_a_stuck_one() {
        let stuck = |stopped| LockWaitError::Stuck { pid: 7, doing: DOING.into(), seconds: 120, stopped, unseen: None };
        assert!(stuck(true).to_string().contains("is stopped and made no progress for 120 s"));
        assert!(stuck(true).hint().is_some_and(|hint| hint.contains("kill -CONT 7")));
        assert!(!stuck(false).to_string().contains("stopped"));
        let unknown = LockWaitError::Stuck { pid: 0, doing: DOING.into(), seconds: 1, stopped: false, unseen: None };
        assert!(unknown.to_string().starts_with("another process is installing"), "{unknown}");
        assert!(unknown.hint().is_some_and(|hint| !hint.contains('0')));
    }
}
