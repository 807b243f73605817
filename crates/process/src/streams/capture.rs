//! Capturing the output of a child: its last bytes in memory, all of it in a log file, both bounded.

use std::collections::VecDeque;
use std::io::{PipeReader, Read, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{io, thread};

use crossbeam_channel::{Receiver, bounded};
use parking_lot::Mutex;
use vx_text::{clean, last_printed};

use super::lines::LineSplitter;
use super::log::{Log, LogFile};

/// Time to wait for the end of the output once the child has ended: a process that left the group may hold it open.
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

    /// Its lines as a terminal shows them, oldest first, without empty lines and without a first line that is cut.
    /// Bytes that are not UTF-8 are marked.
    pub fn lines(&self) -> Vec<String> {
        let bytes: Vec<u8> = self.bytes.iter().copied().collect();
        let end_of_first = bytes.iter().position(|byte| *byte == b'\n').filter(|_| self.cut);
        let whole = end_of_first.map_or(&bytes[..], |end| &bytes[end + 1..]);
        let (mut found, mut lines) = (Vec::new(), LineSplitter::of_at_most(self.keep_bytes));
        let mut keep = |line: &[u8]| {
            let line = String::from_utf8_lossy(line);
            let line = last_printed(&line).trim_end();
            found.extend(Some(line).filter(|line| !clean(line).trim().is_empty()).map(str::to_owned));
        };
        lines.feed(whole, &mut keep);
        lines.finish(&mut keep);
        found
    }
}

/// Takes each line of a child's output as a terminal shows it, without the line feed.
pub type OnLine = Box<dyn FnMut(&[u8]) + Send>;

/// Sees each piece of a stream, after it was passed on.
pub type OutputObserver = Box<dyn FnMut(&[u8]) + Send>;

/// Everything that observes a child's output.
#[derive(Default)]
pub struct OutputHooks {
    /// Takes each line.
    pub on_line: Option<OnLine>,
    /// Makes an observer for each stream.
    pub look: Option<Box<dyn FnMut() -> OutputObserver + Send>>,
}

/// The longest line, in bytes. In the log, the rest of a longer line becomes another line; for `on_line` it is left
/// out.
const LINE_BYTES: usize = 4 * 1024;

/// Threads that read a child's output, so that the child never waits for a reader.
pub(crate) struct Capture {
    listener: OutputListener,
    finished: Receiver<()>,
    streams: usize,
}

/// Destinations of the output beside the tail.
pub(crate) struct Outlet {
    /// The log of all of it.
    log: Option<Log>,
    pass_on: PassOn,
    ears: OutputHooks,
}

/// The streams of this process that a child's output is passed on to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PassOn {
    /// None.
    Nothing,
    /// All output goes to standard error.
    ToError,
    /// Standard output and error go to the stream of the same kind.
    ToBoth,
}

impl PassOn {
    fn write(self, stream: usize, bytes: &[u8]) {
        // Errors are ignored: the capture continues even if the stream is closed.
        let _ = match (self, stream) {
            (Self::Nothing, _) => Ok(()),
            (Self::ToBoth, 0) => io::stdout().write_all(bytes).and_then(|()| io::stdout().flush()),
            (Self::ToError | Self::ToBoth, _) => io::stderr().write_all(bytes),
        };
    }
}

impl Outlet {
    /// Opens the log, if there is to be one; an error names it.
    pub(crate) fn open(log: Option<LogFile>, pass_on: PassOn, ears: OutputHooks) -> io::Result<Self> {
        Ok(Self { log: log.map(open_log).transpose()?, pass_on, ears })
    }
}

/// Receives the output of all streams of a child.
#[derive(Clone)]
pub(crate) struct OutputListener {
    tail: Arc<Mutex<Tail>>,
    outlet: Arc<Mutex<Outlet>>,
}

impl OutputListener {
    /// A listener that keeps this many bytes of the end.
    pub(crate) fn new(outlet: Outlet, keep_bytes: usize) -> Self {
        Self { tail: Arc::new(Mutex::new(Tail::keeping(keep_bytes))), outlet: Arc::new(Mutex::new(outlet)) }
    }

    /// Makes the receiver for the stream with this number, counted from 0.
    fn stream(&self, number: usize) -> CapturedStream {
        let look = self.outlet.lock().ears.look.as_mut().map(|make| make());
        CapturedStream {
            number,
            to: self.clone(),
            lines: LineSplitter::of_at_most(LINE_BYTES),
            begun: Vec::new(),
            look,
        }
    }

    /// Makes an observer for a stream that a relay passes on.
    pub(crate) fn observer(&self, number: usize) -> OutputObserver {
        let mut stream = self.stream(number);
        Box::new(move |bytes| stream.receive(bytes))
    }

    /// The tail of the output so far.
    pub(crate) fn tail(&self) -> Tail {
        self.tail.lock().clone()
    }
}

impl Capture {
    /// Start to read these streams. If there are several, each is received in whole lines.
    pub(crate) fn start(streams: Vec<PipeReader>, listener: OutputListener) -> io::Result<Self> {
        let count = streams.len();
        let (sender, finished) = bounded(count);
        for (number, output) in streams.into_iter().enumerate() {
            let (mut stream, sender) = (listener.stream(number), sender.clone());
            thread::Builder::new().name("capture".into()).spawn(move || {
                stream.read_all(output, count > 1);
                drop(stream);
                let _ = sender.send(());
            })?;
        }
        Ok(Self { listener, finished, streams: count })
    }

    /// The tail, once the output has ended or the wait for its end is over.
    pub(crate) fn finish(self) -> Tail {
        let until = Instant::now() + LEFT_OPEN;
        for _ in 0..self.streams {
            let _ = self.finished.recv_deadline(until);
        }
        self.listener.tail()
    }
}

/// Opens the log; an error names its path.
fn open_log(log: LogFile) -> io::Result<Log> {
    let path = log.path.clone();
    Log::open(log)
        .map_err(|error| io::Error::new(error.kind(), format!("cannot make the log `{}`: {error}", path.display())))
}

/// One stream.
struct CapturedStream {
    number: usize,
    to: OutputListener,
    look: Option<OutputObserver>,
    lines: LineSplitter,
    /// The beginning of a line whose end has not arrived yet.
    begun: Vec<u8>,
}

impl CapturedStream {
    fn read_all(&mut self, mut output: PipeReader, whole_lines: bool) {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let read = match output.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => break,
            };
            if whole_lines {
                self.take_whole_lines(&buffer[..read]);
            } else {
                self.receive(&buffer[..read]);
            }
        }
        let rest = std::mem::take(&mut self.begun);
        self.receive(&rest);
    }

    fn take_whole_lines(&mut self, bytes: &[u8]) {
        let end = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let (whole, rest) = bytes.split_at(end);
        if !whole.is_empty() {
            let mut lines = std::mem::take(&mut self.begun);
            lines.extend(whole);
            self.receive(&lines);
        }
        self.begun.extend(rest);
        if self.begun.len() > LINE_BYTES {
            let mut line = std::mem::take(&mut self.begun);
            line.push(b'\n');
            self.receive(&line);
        }
    }

    fn receive(&mut self, bytes: &[u8]) {
        self.to.tail.lock().push(bytes);
        {
            let mut outlet = self.to.outlet.lock();
            outlet.pass_on.write(self.number, bytes);
            if let Some(log) = &mut outlet.log {
                log.write(bytes);
            }
            if let Some(on_line) = &mut outlet.ears.on_line {
                self.lines.feed(bytes, on_line);
            }
        }
        if let Some(look) = &mut self.look {
            look(bytes);
        }
    }
}

/// A last line may have no line feed; pass it on at the end.
impl Drop for CapturedStream {
    fn drop(&mut self) {
        if let Some(on_line) = &mut self.to.outlet.lock().ears.on_line {
            self.lines.finish(on_line);
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
    fn a_line_that_was_overwritten_is_in_the_tail_as_a_terminal_shows_it() {
        let mut tail = Tail::keeping(KEPT);
        tail.push("building\r\n1/3\r2/3\r\u{1b}[2K3/3\nfailed\r\n\n".as_bytes());
        assert_eq!(tail.lines(), ["building", "\u{1b}[2K3/3", "failed"]);
        // Text that was printed and then erased is not a line.
        tail.push("*\u{1b}[1G\u{1b}[0K\n".as_bytes());
        assert_eq!(tail.lines().last().map(String::as_str), Some("failed"));
    }

    #[test]
    fn one_endless_line_does_not_grow_the_tail() {
        let mut tail = Tail::keeping(KEPT);
        tail.push(&vec![b'x'; 100 * KEPT]);
        assert_eq!(tail.bytes.len(), KEPT);
    }
}
