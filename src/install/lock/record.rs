//! What the holder of a lock says of itself in the locked file: who it is, where its board is, how far it got.
//!
//! The lock is what counts; the record is only shown. So one that is missing, half written, of another version or of a
//! process of another machine never hinders anybody.

use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::config::BoardSlot;
use crate::report::Phase;

use super::super::file_lock::FileLock;

/// How often the holder writes how far it got.
pub(super) const BEAT: Duration = Duration::from_millis(500);

/// The process that is at work on what somebody waits for, as it says itself.
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

/// A lock that is held, and the record in its file.
#[derive(Debug)]
pub(in crate::install) struct HeldLock {
    lock: FileLock,
    said: Mutex<Said>,
}

#[derive(Debug)]
struct Said {
    holder: Holder,
    at: Instant,
}

impl Holder {
    /// What the holder said last; `None` before it said anything, and where a locked file cannot be read.
    pub(super) fn read(path: &Path) -> Option<Self> {
        serde_json::from_slice(fs::read(path).ok()?.trim_ascii_end()).ok()
    }

    /// Whether it is stopped, by job control or a debugger; false where nobody says.
    pub(super) fn is_stopped(&self) -> bool {
        is_stopped(self.pid)
    }
}

impl HeldLock {
    /// What this process has just taken.
    pub(in crate::install) fn new(lock: FileLock, board: Option<BoardSlot>) -> Self {
        let holder = Holder { pid: std::process::id(), board, done: 0, total: None, quiet: false, phase_number: 0 };
        let lock = Self { lock, said: Mutex::new(Said { holder, at: Instant::now() }) };
        lock.say(&lock.said.lock().holder);
        lock
    }

    /// A new phase begins, of this much work.
    pub(in crate::install) fn started(&self, phase: Phase, total: Option<u64>) {
        let mut said = self.said.lock();
        said.holder.phase_number += 1;
        said.holder.quiet = matches!(phase, Phase::Linking | Phase::PostInstall);
        (said.holder.done, said.holder.total, said.at) = (0, total, Instant::now());
        self.say(&said.holder);
    }

    /// This much of the phase is done; written now and then.
    pub(in crate::install) fn advanced(&self, done: u64) {
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
    use super::*;

    #[test]
    fn a_record_reads_back_and_a_shorter_one_hides_a_longer_one() {
        let top = tempfile::tempdir().expect("a temporary directory");
        let path = top.path().join("a.lock");
        let lock = FileLock::try_acquire(&path).expect("a lock file").expect("a free lock");
        let board = BoardSlot { path: "/run/board".into(), slot: 3, generation: 2 };
        let held = HeldLock::new(lock, Some(board.clone()));
        held.started(Phase::Downloading, Some(u64::MAX));
        let holder = Holder::read(&path).expect("a record");
        assert_eq!((holder.pid, holder.board, holder.total), (std::process::id(), Some(board), Some(u64::MAX)));
        held.started(Phase::PostInstall, None);
        let holder = Holder::read(&path).expect("a record");
        assert_eq!((holder.total, holder.quiet), (None, true));
        assert!(!holder.is_stopped());
    }

    #[test]
    fn what_is_no_record_counts_as_none() {
        let top = tempfile::tempdir().expect("a temporary directory");
        let path = top.path().join("a.lock");
        for text in ["", "{", "{\"pid\":1}", "7", "\u{0}\u{0}"] {
            fs::write(&path, text).expect("a file");
            assert_eq!(Holder::read(&path), None, "{text:?}");
        }
        assert_eq!(Holder::read(&top.path().join("none")), None);
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
            std::thread::sleep(Duration::from_millis(20));
        }
        let stopped = is_stopped(child.id());
        child.kill().expect("a signal");
        child.wait().expect("an end");
        assert!(stopped);
    }
}
