//! Background work for a command's own board: its recording, and the removal of old boards.
//!
//! It is done while the command runs, and not at all for a command that ends at once, since the board itself shows
//! everything about that. A recording begins with the steps so far and their times, so starting late loses nothing. A
//! requested recording is made in any case, even for a command that could not be started.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use vx_run::{FlightRecorder, collect_boards};
use vx_shm::recording;

use super::WrapError;

/// A command that ends within this time has no recording.
const RECORDED_AFTER: Duration = Duration::from_millis(50);
/// After this, removing old boards costs the command little in comparison.
const COLLECTED_AFTER: Duration = Duration::from_secs(1);

/// The file of a requested recording.
pub(super) struct RecordingFile {
    path: PathBuf,
    file: File,
}

impl RecordingFile {
    pub(super) fn create(path: PathBuf) -> Result<Self, WrapError> {
        match recording::create(&path) {
            Ok(file) => Ok(Self { path, file }),
            Err(cause) => Err(WrapError::Recording { path, cause }),
        }
    }
}

/// The background work for one board, on a separate thread.
pub(super) struct Chores {
    board: PathBuf,
    /// Whether there are many boards beside it.
    crowded: bool,
    /// The file for a requested recording.
    record: Option<RecordingFile>,
}

/// Chores that have been started.
pub(super) struct RunningChores {
    /// Closed at the command's end.
    finished: Sender<()>,
    thread: io::Result<JoinHandle<io::Result<()>>>,
    recorded: Option<PathBuf>,
}

impl Chores {
    /// If it is `crowded`, old boards are removed in any case, else only if the command runs long enough.
    pub(super) fn new(board: &Path, crowded: bool, record: Option<RecordingFile>) -> Self {
        Self { board: board.to_owned(), crowded, record }
    }

    /// Start the thread.
    pub(super) fn start(self) -> RunningChores {
        let (finished, over) = bounded(0);
        let Self { board, crowded, record } = self;
        let (recorded, file) = record.map(|record| (record.path, record.file)).unzip();
        let thread = thread::Builder::new().name("chores".into());
        let thread = thread.spawn(move || carry_out(&board, crowded, file, &over));
        RunningChores { finished, thread, recorded }
    }

    /// The command did not start: only write a requested recording.
    pub(super) fn skip(self) -> Result<(), WrapError> {
        if self.record.is_some() { self.start().finish() } else { Ok(()) }
    }
}

impl RunningChores {
    /// The board is closed: write the end of the recording.
    ///
    /// # Errors
    /// The requested recording could not be written. A recording that nobody requested may fail without an error.
    pub(super) fn finish(self) -> Result<(), WrapError> {
        drop(self.finished);
        let panicked = |_| Err(io::Error::other("the thread that records the board panicked"));
        let ended = self.thread.and_then(|thread| thread.join().unwrap_or_else(panicked));
        match (self.recorded, ended) {
            (Some(path), Err(cause)) => Err(WrapError::Recording { path, cause }),
            _ => Ok(()),
        }
    }
}

fn carry_out(board: &Path, crowded: bool, record: Option<File>, over: &Receiver<()>) -> io::Result<()> {
    let lasts = |time| over.recv_timeout(time) == Err(RecvTimeoutError::Timeout);
    let collect = || {
        // If a board cannot be removed now, the next run tries again.
        let _ = board.parent().map(collect_boards);
    };
    if crowded {
        collect();
    }
    if record.is_none() && !lasts(RECORDED_AFTER) {
        return Ok(());
    }
    let recorder = FlightRecorder::start(board, record, over.clone());
    if !crowded && lasts(COLLECTED_AFTER) {
        collect();
    }
    recorder?.finish()
}
