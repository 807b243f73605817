//! A program whose output passes through this process: every byte is passed on unchanged, and observers see it, too.
//!
//! The program must not notice. A stream that is a terminal stays one for it: a pseudoterminal of the same size and
//! settings, which leaves the processing of output to the real terminal. Any other stream becomes a pipe. Two streams
//! that are the same file stay one, so that their order is kept. Standard input, group and controlling terminal are
//! this process's, so that signals, job control and password prompts work as usual. If the reader of a stream goes
//! away, the program sees that; if it is slow, the program waits.
//!
//! Programs that take over the whole terminal (an editor, a pager, a menu) don't work here: they read keys from the
//! terminal that they print to, but keys are typed into the real one. Pagers are therefore replaced by `cat`.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use super::capture::OutputObserver;
use crate::tree::{CommandEnd, run_command};

#[cfg(unix)]
mod size;
#[cfg(unix)]
mod way;
#[cfg(not(unix))]
#[path = "relay/elsewhere.rs"]
mod way;

use way::{RelayedStream, Sizes, await_room, follow_sizes};

/// Time without output after the program's end. An output that is still open then is held by a process that the program
/// left behind, and isn't waited for.
const LEFT_OPEN: Duration = Duration::from_millis(200);

/// Variables that name a pager.
const PAGERS: [&str; 2] = ["PAGER", "GIT_PAGER"];

/// Run a program in the foreground to its end, with these variables beside the inherited ones. `look` makes an observer
/// for each of its streams; `started` is called once the program runs. `mark` is a variable among them that no other
/// process has.
///
/// # Errors
/// The program cannot be started.
pub fn relay(
    program: &Path,
    arguments: &[OsString],
    variables: &[(OsString, OsString)],
    mark: Option<&(OsString, OsString)>,
    look: impl FnMut() -> OutputObserver,
    started: impl FnOnce(),
) -> io::Result<CommandEnd> {
    let mut command = Command::new(program);
    command.args(arguments).envs(variables.iter().map(|(name, value)| (name, value)));
    let relay = Relay::open()?;
    command.envs(relay.variables());
    if let Some([output, error]) = relay.programs_ends()? {
        command.stdout(output).stderr(error);
    }
    let flow = relay.begin(look)?;
    let end = run_command(command, mark, started)?;
    flow.drain();
    Ok(end)
}

/// The streams of a program that has not started yet.
pub(crate) struct Relay {
    ways: Vec<RelayedStream>,
    /// The group to signal when the terminal's size changes; 0 for this process's own.
    group: Arc<AtomicU32>,
}

/// The streams of a running program.
pub(crate) struct Flow {
    finished: Receiver<()>,
    streams: usize,
    traffic: Arc<Traffic>,
    group: Arc<AtomicU32>,
    _sizes: Sizes,
}

impl Relay {
    /// Open a relay to each of this process's streams.
    pub(crate) fn open() -> io::Result<Self> {
        Ok(Self { ways: RelayedStream::of_streams()?, group: Arc::default() })
    }

    /// Variables that the program needs to print properly to these streams.
    pub(crate) fn variables(&self) -> Vec<(&'static str, &'static str)> {
        let terminal = self.ways.iter().any(RelayedStream::is_terminal);
        PAGERS.iter().filter(|_| terminal).map(|variable| (*variable, "cat")).collect()
    }

    /// The program's standard output and error.
    pub(crate) fn programs_ends(&self) -> io::Result<Option<[Stdio; 2]>> {
        let (Some(output), Some(error)) = (self.ways.first(), self.ways.last()) else { return Ok(None) };
        Ok(Some([output.programs_end()?, error.programs_end()?]))
    }

    /// Start to pass output on; `look` makes an observer for each stream. Closes the program's ends of the streams.
    pub(crate) fn begin(self, mut look: impl FnMut() -> OutputObserver) -> io::Result<Flow> {
        let sizes = follow_sizes(&self.ways, &self.group)?;
        let (sender, finished) = bounded(self.ways.len());
        let traffic = Arc::new(Traffic::default());
        let streams = self.ways.len();
        for way in self.ways {
            let (from, to) = way.ends();
            let pump = Pump { look: look(), traffic: traffic.clone(), finished: sender.clone() };
            thread::Builder::new().name("relay".into()).spawn(move || pump.run(from, to))?;
        }
        Ok(Flow { finished, streams, traffic, group: self.group, _sizes: sizes })
    }
}

impl Flow {
    /// Report that the terminal was lent to the program's group: changes of its size are signalled to that group.
    pub(crate) fn sizes_for(&self, group: u32) {
        self.group.store(group, Ordering::SeqCst);
    }

    /// Wait until everything that the program has printed was passed on.
    pub(crate) fn drain(&self) {
        let mut before = self.traffic.pieces.load(Ordering::SeqCst);
        let mut open = self.streams;
        while open > 0 {
            match self.finished.recv_timeout(LEFT_OPEN) {
                Ok(()) => open -= 1,
                Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => {
                    let now = self.traffic.pieces.load(Ordering::SeqCst);
                    if now == before && self.traffic.under_way.load(Ordering::SeqCst) == 0 {
                        return;
                    }
                    before = now;
                }
            }
        }
    }
}

/// Counts pieces of output of all streams.
#[derive(Default)]
struct Traffic {
    /// Pieces that were passed on, or failed to be.
    pieces: AtomicU64,
    /// Pieces that were read and are being written.
    under_way: AtomicU64,
}

/// The work of one stream's thread.
struct Pump {
    look: OutputObserver,
    traffic: Arc<Traffic>,
    finished: Sender<()>,
}

impl Pump {
    /// Pass everything on. The reading end is closed before the end is reported, so that the program sees that its
    /// reader is gone.
    fn run(mut self, mut from: File, mut to: File) {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let read = match from.read(&mut buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                // Reading from a pseudoterminal fails once no process holds it open any more.
                Ok(0) | Err(_) => break,
                Ok(read) => read,
            };
            self.traffic.under_way.fetch_add(1, Ordering::SeqCst);
            let passed = write_all(&mut to, &buffer[..read]);
            if passed.is_ok() {
                (self.look)(&buffer[..read]);
            }
            self.traffic.pieces.fetch_add(1, Ordering::SeqCst);
            self.traffic.under_way.fetch_sub(1, Ordering::SeqCst);
            if passed.is_err() {
                break;
            }
        }
        drop((from, self.look));
        let _ = self.finished.send(());
    }
}

/// Write all bytes, even to a terminal that another program has made non-blocking.
fn write_all(to: &mut File, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match to.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => await_room(to)?,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
