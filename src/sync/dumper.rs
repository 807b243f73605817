//! Dumps of a run's board: now and then while it runs, and once at its end.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};
use vx_shm::{Reader, Snapshot, dump};

/// A thread that dumps a board into a directory.
pub struct Dumper {
    thread: thread::JoinHandle<io::Result<()>>,
}

impl Dumper {
    /// Dump this board into `directory`, made when missing: `board-000001.vxb`, … every `every`, and `final.vxb` and
    /// `final.json` once `finished` closes. Each file appears whole or not at all.
    pub fn start(
        board: &Path,
        directory: PathBuf,
        every: Option<Duration>,
        finished: Receiver<()>,
    ) -> io::Result<Self> {
        std::fs::create_dir_all(&directory)?;
        let mut reader = Reader::open(board).map_err(io::Error::other)?;
        let thread = thread::Builder::new().name("dumps".into()).spawn(move || {
            if let Some(every) = every {
                dump_while_running(&mut reader, &directory, every, &finished)?;
            } else {
                let _ = finished.recv();
            }
            dump::write(&mut reader, &directory.join("final.vxb")).map_err(io::Error::other)?;
            let mut snapshot = Snapshot::default();
            reader.refresh(&mut snapshot).map_err(io::Error::other)?;
            write_whole(&directory.join("final.json"), format!("{:#}\n", dump::to_json(&snapshot)).as_bytes())
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
    for number in 1.. {
        if finished.recv_timeout(every) != Err(RecvTimeoutError::Timeout) {
            break;
        }
        dump::write(reader, &directory.join(format!("board-{number:06}.vxb"))).map_err(io::Error::other)?;
    }
    Ok(())
}

fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(directory)?;
    file.write_all(bytes)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
