//! The work for a board of a command's own: its recording, and the removal of old boards.
//!
//! All of it is done while the command runs, and none for a command that ends at once: of that, the board shows
//! everything. A recording begins with the steps so far and their times, so nothing is lost before its first look.

use std::path::Path;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use crate::run::{FlightRecorder, collect_boards};

/// A command that ends within this time has no recording.
const RECORDED_AFTER: Duration = Duration::from_millis(50);
/// After this, removing old boards costs the command little in comparison.
const COLLECTED_AFTER: Duration = Duration::from_secs(1);

/// The work for one board, on a thread of its own.
pub(super) struct Chores {
    /// Closed at the command's end.
    finished: Sender<()>,
    thread: JoinHandle<()>,
}

impl Chores {
    /// Begin. With a crowd of boards old ones are removed in any case, else only if the command takes its time.
    pub(super) fn start(board: &Path, crowded: bool) -> Option<Self> {
        let (finished, over) = bounded(0);
        let board = board.to_owned();
        let thread = thread::Builder::new().name("chores".into()).spawn(move || carry_out(&board, crowded, &over));
        // The user asked for none of it, so the command runs without, too.
        Some(Self { finished, thread: thread.ok()? })
    }

    /// The board is closed: write the end of the recording.
    pub(super) fn finish(self) {
        drop(self.finished);
        let _ = self.thread.join();
    }
}

fn carry_out(board: &Path, crowded: bool, over: &Receiver<()>) {
    let lasts = |time| over.recv_timeout(time) == Err(RecvTimeoutError::Timeout);
    let collect = || {
        // A board that cannot be removed stays for the next run to try again.
        let _ = board.parent().map(collect_boards);
    };
    if crowded {
        collect();
    }
    if !lasts(RECORDED_AFTER) {
        return;
    }
    let recorder = FlightRecorder::start(board, None, over.clone());
    if !crowded && lasts(COLLECTED_AFTER) {
        collect();
    }
    if let Ok(recorder) = recorder {
        let _ = recorder.finish();
    }
}
