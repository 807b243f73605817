//! The flight recorder of a run: reads its board like any other viewer, and writes the changes.

use std::fs::File;
use std::io;
use std::path::Path;
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};
use vx_shm::recording::{self, LOOK_EVERY_NS, Recorder};
use vx_shm::{Reader, Snapshot};

use crate::recordings::{KEPT_RECORDING_BYTES, recording_beside};

/// A thread that records a board until its run is over.
pub struct FlightRecorder {
    thread: thread::JoinHandle<io::Result<()>>,
}

impl FlightRecorder {
    /// Record this board until `finished` closes: into a small file beside the board, as for every run, and into
    /// `asked`, if given, which may grow larger. The installs are not slowed, because the board is only read.
    pub fn start(board: &Path, asked: Option<File>, finished: Receiver<()>) -> io::Result<Self> {
        let mut reader = Reader::open(board).map_err(io::Error::other)?;
        let mut snapshot = reader.snapshot().map_err(io::Error::other)?;
        let beside = recording_beside(board, &snapshot.board.id);
        // The user did not request this recording, so the run continues without it.
        let kept =
            recording::create(&beside).and_then(|file| Recorder::new(file, KEPT_RECORDING_BYTES, &snapshot)).ok();
        let asked = asked.map(|file| Recorder::new(file, recording::MOST_BYTES, &snapshot)).transpose()?;
        let thread = thread::Builder::new().name("recorder".into()).spawn(move || {
            let mut kept = FlightRecordingOutput { recorder: kept, failure: None };
            let mut asked = FlightRecordingOutput { recorder: asked, failure: None };
            while finished.recv_timeout(Duration::from_nanos(LOOK_EVERY_NS)) == Err(RecvTimeoutError::Timeout) {
                if reader.refresh(&mut snapshot).is_ok() {
                    kept.add_reading(&snapshot);
                    asked.add_reading(&snapshot);
                }
            }
            // If the board can no longer be read, the last reading is written.
            let _ = reader.refresh(&mut snapshot);
            let _ = kept.end(&snapshot);
            asked.end(&snapshot)
        })?;
        Ok(Self { thread })
    }

    /// Wait until the end is written.
    ///
    /// # Errors
    /// The recording that was asked for could not be written; the file then ends before the first failure.
    pub fn finish(self) -> io::Result<()> {
        self.thread.join().unwrap_or_else(|_| Err(io::Error::other("the thread that records the board panicked")))
    }
}

/// A recording's file, written until a write fails.
struct FlightRecordingOutput {
    recorder: Option<Recorder<File>>,
    failure: Option<io::Error>,
}

impl FlightRecordingOutput {
    fn add_reading(&mut self, snapshot: &Snapshot) {
        let noted = self.recorder.as_mut().map(|recorder| recorder.add_reading(snapshot));
        if let Some(Err(error)) = noted {
            self.failure = Some(error);
            self.recorder = None;
        }
    }

    fn end(self, snapshot: &Snapshot) -> io::Result<()> {
        match (self.failure, self.recorder) {
            (Some(failure), _) => Err(failure),
            (None, Some(recorder)) => recorder.end(snapshot).map(drop),
            (None, None) => Ok(()),
        }
    }
}
