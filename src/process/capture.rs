//! The output of a child: its last bytes in memory, all of it in a log file, both bounded.

use std::collections::VecDeque;
use std::io::{PipeReader, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use std::{io, thread};

use crossbeam_channel::{Receiver, bounded};
use parking_lot::Mutex;

use super::log::Log;

/// Time to wait for the end of the output once the process has ended: a process that left the group may hold it open.
const LEFT_OPEN: Duration = Duration::from_millis(200);

/// The last bytes that a process printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tail {
    bytes: VecDeque<u8>,
    keep_bytes: usize,
    cut: bool,
}

impl Tail {
    /// An empty tail that keeps this many bytes of the end.
    pub fn keeping(keep_bytes: usize) -> Self {
        Self { bytes: VecDeque::new(), keep_bytes, cut: false }
    }

    /// Take the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend(&bytes[bytes.len().saturating_sub(self.keep_bytes)..]);
        let over = self.bytes.len().saturating_sub(self.keep_bytes);
        self.cut |= over > 0 || bytes.len() > self.keep_bytes;
        self.bytes.drain(..over);
    }

    /// Its lines, oldest first, without those that are empty or not whole; text that is no UTF-8 is marked.
    pub fn lines(&self) -> Vec<String> {
        let bytes: Vec<u8> = self.bytes.iter().copied().collect();
        let text = String::from_utf8_lossy(&bytes);
        let whole = if self.cut { text.split_once('\n').map_or(text.as_ref(), |(_, rest)| rest) } else { &text };
        whole.lines().map(str::trim_end).filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }
}

/// A thread that reads a child's output so that the child never waits for a reader.
pub(super) struct Capture {
    tail: Arc<Mutex<Tail>>,
    finished: Receiver<()>,
}

impl Capture {
    /// Read this output from now on. The error names the log if the log cannot be made.
    pub(super) fn start(
        output: PipeReader,
        log: Option<PathBuf>,
        heading: Option<String>,
        pass_on: bool,
        keep_bytes: usize,
    ) -> io::Result<Self> {
        let log = log.map(|path| open_log(&path, heading.as_deref())).transpose()?;
        let tail = Arc::new(Mutex::new(Tail::keeping(keep_bytes)));
        let shared = Arc::clone(&tail);
        let (sender, finished) = bounded(1);
        thread::Builder::new().name("capture".into()).spawn(move || {
            read_all(output, log, pass_on, &shared);
            let _ = sender.send(());
        })?;
        Ok(Self { tail, finished })
    }

    /// The tail, once the output has ended or the wait for its end is over.
    pub(super) fn finish(self) -> Tail {
        let _ = self.finished.recv_timeout(LEFT_OPEN);
        self.tail.lock().clone()
    }
}

/// The error names the log.
fn open_log(path: &Path, heading: Option<&str>) -> io::Result<Log> {
    let cannot =
        |error: io::Error| io::Error::new(error.kind(), format!("cannot make the log `{}`: {error}", path.display()));
    Log::open(path, heading).map_err(cannot)
}

fn read_all(mut output: PipeReader, mut log: Option<Log>, pass_on: bool, tail: &Mutex<Tail>) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = match output.read(&mut buffer) {
            Ok(0) => return,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return,
        };
        tail.lock().push(&buffer[..read]);
        if pass_on {
            // The capture continues even if standard error is closed.
            let _ = io::stderr().write_all(&buffer[..read]);
        }
        if let Some(log) = &mut log {
            log.write(&buffer[..read]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEPT: usize = 8 * 1024;

    #[test]
    fn a_tail_keeps_the_end_and_only_whole_lines() {
        let mut tail = Tail::keeping(KEPT);
        for line in 0..10_000 {
            tail.push(format!("line {line}\n").as_bytes());
        }
        let lines = tail.lines();
        assert_eq!(lines.last().map(String::as_str), Some("line 9999"));
        assert!(lines.iter().all(|line| line.starts_with("line ")), "{:?}", lines.first());
        assert!(tail.bytes.len() <= KEPT);
    }

    #[test]
    fn one_endless_line_does_not_grow_the_tail() {
        let mut tail = Tail::keeping(KEPT);
        tail.push(&vec![b'x'; 100 * KEPT]);
        assert_eq!(tail.bytes.len(), KEPT);
    }
}
