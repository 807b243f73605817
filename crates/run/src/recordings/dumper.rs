//! Dumps of a run's board: at intervals while it runs, and once at its end.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};
use vx_shm::{Reader, dump};
use vx_status::document::to_json;
use vx_text::escaped;

use vx_base::files::replace_file::replace_file;

/// A thread that dumps a board into a directory.
pub struct Dumper {
    thread: thread::JoinHandle<io::Result<()>>,
}

impl Dumper {
    /// Dump this board into `directory`, which is created if missing: `board-000001.vxb` and so on at intervals of
    /// `every`, and `final.vxb` and `final.json` once `finished` closes. Each file appears whole or not at all.
    pub fn start(
        board: &Path,
        directory: PathBuf,
        every: Option<Duration>,
        finished: Receiver<()>,
    ) -> io::Result<Self> {
        std::fs::create_dir_all(&directory)?;
        let mut reader = Reader::open(board).map_err(io::Error::other)?;
        let thread = thread::Builder::new().name("dumps".into()).spawn(move || {
            let before = match every {
                Some(every) => dump_while_running(&mut reader, &directory, every, &finished),
                None => finished.recv().or(Ok(())),
            };
            // Each dump is tried, even after a failure; the first failure is returned.
            let last = dump::write(&mut reader, &directory.join("final.vxb")).map_err(io::Error::other);
            let document = write_json(&mut reader, &directory.join("final.json"));
            before.and(last).and(document)
        })?;
        Ok(Self { thread })
    }

    /// Wait for the last dump.
    pub fn finish(self) -> io::Result<()> {
        self.thread.join().unwrap_or_else(|_| Err(io::Error::other("the thread that dumps the board panicked")))
    }
}

fn dump_while_running(
    reader: &mut Reader,
    directory: &Path,
    every: Duration,
    finished: &Receiver<()>,
) -> io::Result<()> {
    let mut outcome = Ok(());
    for number in 1.. {
        if finished.recv_timeout(every) != Err(RecvTimeoutError::Timeout) {
            break;
        }
        let dumped = dump::write(reader, &directory.join(format!("board-{number:06}.vxb")));
        outcome = outcome.and(dumped.map_err(io::Error::other));
    }
    outcome
}

fn write_json(reader: &mut Reader, path: &Path) -> io::Result<()> {
    let snapshot = reader.snapshot().map_err(io::Error::other)?;
    let json = format!("{:#}", to_json(&snapshot));
    replace_file(path, |file| writeln!(file, "{}", escaped(&json)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use vx_shm::Board;

    #[test]
    fn a_dump_that_fails_costs_none_of_those_behind_it() {
        let top = tempfile::tempdir().expect("a directory");
        let path = top.path().join("run.board");
        let _board = Board::create(&path, "run", 1).expect("a board");
        let dumps = top.path().join("dumps");
        // A directory stands where the first dump would go.
        std::fs::create_dir_all(dumps.join("board-000001.vxb").join("something")).expect("a directory");
        let (running, finished) = crossbeam_channel::bounded(0);
        let dumper = Dumper::start(&path, dumps.clone(), Some(Duration::from_millis(10)), finished).expect("a thread");
        let begun = std::time::Instant::now();
        while !dumps.join("board-000002.vxb").exists() {
            assert!(begun.elapsed() < Duration::from_secs(20), "no second dump");
            thread::sleep(Duration::from_millis(5));
        }
        drop(running);
        assert!(dumper.finish().is_err(), "and the failure is returned");
        assert!(dumps.join("final.vxb").is_file() && dumps.join("final.json").is_file());
    }
}
