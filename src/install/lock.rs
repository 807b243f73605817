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
                let still = before.since.elapsed();
                if still >= self.stall {
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
        let holder = Holder { pid: std::process::id(), board, done: 0, total: None, phase_number: 0 };
        let lock = Self { lock, said: Mutex::new(Said { holder, at: Instant::now() }) };
        lock.say(&lock.said.lock().holder);
        lock
    }

    /// A new phase begins, of this much work.
    pub(super) fn started(&self, total: Option<u64>) {
        let mut said = self.said.lock();
        said.holder.phase_number += 1;
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
