//! The flight recorder of a run: looks at its board like any other viewer, and writes what has changed.

use std::fs::File;
use std::io;
use std::path::Path;
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};
use vx_shm::recording::{self, LOOK_EVERY_NS, Recorder};
use vx_shm::{Reader, Snapshot};

use super::recordings::{KEPT_RECORDING_BYTES, recording_beside};

/// A thread that records a board until its run is over.
pub struct FlightRecorder {
    thread: thread::JoinHandle<io::Result<()>>,
}

impl FlightRecorder {
    /// Record this board into the file beside it that the last runs have, and into `asked`, where there is one, with more
    /// room; until `finished` closes. The installs do not notice: nothing is asked of them, and the board is only read.
    pub fn start(board: &Path, asked: Option<File>, finished: Receiver<()>) -> io::Result<Self> {
        let mut reader = Reader::open(board).map_err(io::Error::other)?;
        let mut snapshot = reader.snapshot().map_err(io::Error::other)?;
        let beside = recording_beside(board, &snapshot.board.id);
        // Nobody asked for this one: a run is none the worse without it.
        let kept =
            recording::create(&beside).and_then(|file| Recorder::new(file, KEPT_RECORDING_BYTES, &snapshot)).ok();
        let asked = asked.map(|file| Recorder::new(file, recording::MOST_BYTES, &snapshot)).transpose()?;
        let thread = thread::Builder::new().name("recorder".into()).spawn(move || {
            let mut kept = Track { recorder: kept, failure: None };
            let mut asked = Track { recorder: asked, failure: None };
            while finished.recv_timeout(Duration::from_nanos(LOOK_EVERY_NS)) == Err(RecvTimeoutError::Timeout) {
                if reader.refresh(&mut snapshot).is_ok() {
                    kept.note(&snapshot);
                    asked.note(&snapshot);
                }
            }
            // A board that can no longer be read leaves what was read last.
            let _ = reader.refresh(&mut snapshot);
            let _ = kept.end(&snapshot);
            asked.end(&snapshot)
        })?;
        Ok(Self { thread })
    }

    /// Wait until the end is written.
    ///
    /// # Errors
    /// When what was asked for could not be written; there is then all of it until the moment when that began.
    pub fn finish(self) -> io::Result<()> {
        self.thread.join().unwrap_or_else(|_| Err(io::Error::other("the thread that records the board panicked")))
    }
}

/// One file that is written to until that fails.
struct Track {
    recorder: Option<Recorder<File>>,
    failure: Option<io::Error>,
}

impl Track {
    fn note(&mut self, snapshot: &Snapshot) {
        let noted = self.recorder.as_mut().map(|recorder| recorder.note(snapshot));
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
