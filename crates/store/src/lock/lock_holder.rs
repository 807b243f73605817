//! The record in a locked file: which process holds the lock, and the slot that shows its progress.
//!
//! Only the lock counts; the record is for display. So a waiting process is never held up by a record that is missing,
//! half written, of another version, or of a process on another machine.

use std::fs;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use vx_base::board_slot::BoardSlot;
use vx_base::files::small_file::read_small;

use vx_base::files::file_lock::FileLock;

/// Largest record: a process, and a path.
const RECORD_BYTES: u64 = 16 * 1024;

/// The process that holds a lock, by its own record.
///
/// Earlier versions also recorded their progress; those fields are ignored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockHolder {
    /// Process id.
    pub pid: u32,
    /// Slot that it reports to, if any.
    // A record must have this field. Without the attribute, serde would read a missing field as `None`.
    #[serde(deserialize_with = "Option::deserialize")]
    pub board: Option<BoardSlot>,
}

impl LockHolder {
    /// Describe this process, which reports to this slot.
    pub(super) fn here(board: Option<BoardSlot>) -> Self {
        Self { pid: std::process::id(), board }
    }

    /// Read the holder that the file records; `None` before the holder has written its record, and on systems where a
    /// locked file can't be read.
    pub(super) fn read(path: &Path) -> Option<Self> {
        serde_json::from_slice(&read_small(path, RECORD_BYTES)?).ok()
    }

    /// Write the record into the file that this process has locked, replacing an earlier one.
    ///
    /// A waiting process that reads half of it finds invalid JSON and looks again.
    pub(super) fn write(&self, lock: &FileLock) -> io::Result<()> {
        let text = serde_json::to_vec(self)?;
        let mut file = lock.file();
        file.set_len(0)?;
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&text)
    }

    /// Whether the process is stopped, by job control or a debugger; `false` on systems that don't show it.
    pub(super) fn is_stopped(&self) -> bool {
        is_stopped(self.pid)
    }
}

#[cfg(target_os = "linux")]
fn is_stopped(pid: u32) -> bool {
    let Ok(text) = fs::read_to_string(format!("/proc/{pid}/stat")) else { return false };
    // The name before the state may contain anything, `)` included.
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

    fn locked(path: &Path) -> FileLock {
        FileLock::try_acquire(path).expect("a lock file").expect("a free lock")
    }

    #[test]
    fn a_record_reads_back_and_a_shorter_one_hides_a_longer_one() {
        let top = tempfile::tempdir().expect("a temporary directory");
        let path = top.path().join("a.lock");
        let lock = locked(&path);
        let board = BoardSlot { path: "/run/board".into(), slot: 3, generation: 2 };
        LockHolder::here(Some(board.clone())).write(&lock).expect("a record");
        let holder = LockHolder::read(&path).expect("a record");
        assert_eq!((holder.pid, holder.board.as_ref()), (std::process::id(), Some(&board)));
        assert!(!holder.is_stopped());
        LockHolder::here(None).write(&lock).expect("a record");
        assert_eq!(LockHolder::read(&path), Some(LockHolder { pid: std::process::id(), board: None }));
    }

    #[test]
    fn a_record_of_an_earlier_version_names_process_and_slot() {
        let top = tempfile::tempdir().expect("a temporary directory");
        let path = top.path().join("a.lock");
        let slot = r#"{"path":"/run/board","slot":3,"generation":2}"#;
        for (board, expected) in [("null", None), (slot, Some(3))] {
            let text =
                format!(r#"{{"pid":7,"board":{board},"done":5,"total":null,"quiet":true,"phase_number":4}}        "#);
            fs::write(&path, text).expect("a file");
            let holder = LockHolder::read(&path).expect("a record");
            assert_eq!((holder.pid, holder.board.map(|board| board.slot)), (7, expected));
        }
    }

    #[test]
    fn what_is_no_record_counts_as_none() {
        let top = tempfile::tempdir().expect("a temporary directory");
        let path = top.path().join("a.lock");
        for text in ["", "{", "{\"pid\":1}", "7", "\u{0}\u{0}"] {
            fs::write(&path, text).expect("a file");
            assert_eq!(LockHolder::read(&path), None, "{text:?}");
        }
        assert_eq!(LockHolder::read(&top.path().join("none")), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_that_was_stopped_is_seen_as_stopped() {
        use std::time::{Duration, Instant};

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
