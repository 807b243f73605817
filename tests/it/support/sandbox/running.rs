//! A `vx` at work.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::{Finished, PATIENCE, send};

/// A `vx` at work; killed when dropped.
pub(crate) struct Running {
    command: String,
    child: Child,
    stdout: PathBuf,
    stderr: PathBuf,
}

impl Running {
    /// Start it with its output in these files, not in pipes: a process left behind by a killed vx would hold a pipe
    /// open.
    pub(super) fn start(name: &str, mut command: Command, stdout: PathBuf, stderr: PathBuf) -> Self {
        let file = |path| fs::File::create(path).expect("a file");
        let child = command.stdout(file(&stdout)).stderr(file(&stderr)).spawn().expect("it starts");
        Self { command: name.to_owned(), child, stdout, stderr }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Send it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        send(self.child.id(), signal);
    }

    /// Its output so far.
    pub(crate) fn said(&self) -> String {
        let read = |path: &Path| fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        [&self.stdout, &self.stderr].into_iter().filter_map(|path| read(path).ok()).collect()
    }

    /// Wait for its end; it is killed when it takes too long.
    pub(crate) fn finish(self) -> Finished {
        self.finish_within(PATIENCE)
    }

    /// Wait for its end; it is killed when it takes longer than `patience`.
    pub(crate) fn finish_within(mut self, patience: Duration) -> Finished {
        let deadline = Instant::now() + patience;
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                break status;
            }
            assert!(Instant::now() < deadline, "`{}` did not end in time", self.command);
            std::thread::sleep(Duration::from_millis(3));
        };
        let read = |path: &Path| fs::read(path).unwrap_or_default();
        Finished::new(&self.command, status, read(&self.stdout), read(&self.stderr))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
