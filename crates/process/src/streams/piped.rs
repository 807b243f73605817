//! A program whose three streams are pipes to this process. With a runner it leads a tree, without one a group.
//!
//! One thread waits for everything: the program's output, its end, and the end of all that it started. Both streams are
//! read as fast as data arrives, unless the thread holds the output.

mod group;

use std::ffi::OsString;
use std::io::{self, PipeReader, PipeWriter, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::facts::exit::Exit;
use crate::facts::group::Survivors;
#[cfg(target_os = "linux")]
use crate::tree::{OrphanAdoption, ProcessTree, TreeEnd, TreeLaunch};
use group::Grouped;

/// The most bytes of one read: as many as a pipe holds.
const READ_BYTES: usize = 64 * 1024;
/// Time for a runner's work beyond the grace of its tree. A runner that takes longer may have been stopped, and is
/// killed.
#[cfg(target_os = "linux")]
const RUNNER_PATIENCE: Duration = Duration::from_secs(12);

/// A program to start on pipes.
#[derive(Debug)]
pub struct PipedLaunch {
    /// The `vx` program to use as the runner of a tree; without a runner, only the program's group is ended.
    pub runner: Option<PathBuf>,
    /// The program's file.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Variables to set beside the inherited ones.
    pub environment: Vec<(OsString, OsString)>,
    /// Inherited variables to remove, unless `environment` sets them.
    pub removed: Vec<OsString>,
    /// Its working directory.
    pub directory: PathBuf,
    /// Its standard input is a pipe to write to; if false, it is empty.
    pub has_input: bool,
    /// Time for processes that a successful program has left behind to end by themselves.
    pub linger: Duration,
    /// Time for processes to end after they were asked to, before they are killed.
    pub grace: Duration,
}

/// How a program and all that it started have ended.
#[derive(Debug)]
pub struct PipedEnd {
    /// The program's exit code or signal.
    pub exit: Exit,
    /// A process that it left behind held its output open and had to be ended.
    pub held_output: bool,
    /// Processes that could not be ended.
    pub left: Survivors,
}

/// An event of a program.
#[derive(Debug)]
pub enum PipedEvent<'a> {
    /// The program has written this to its standard output.
    Output(&'a [u8]),
    /// The program has written this to its standard error.
    Errors(&'a [u8]),
    /// The program has ended. Processes that it has started may still be running.
    LeaderEnded,
    /// The program has ended with all that it started, or that can't be determined. Its streams may still hold unread
    /// data.
    Ended(io::Result<PipedEnd>),
    /// The `wake` pipe has something to read, or has been closed.
    Woken,
}

/// A program on pipes. Dropping it ends it.
pub struct Piped {
    whole: PipedProcesses,
    output: Option<PipeReader>,
    errors: Option<PipeReader>,
    input: Option<PipeWriter>,
    buffer: Vec<u8>,
    /// Output is left in its pipe for the time being.
    is_held: bool,
    over: bool,
}

/// The program with all that it started.
enum PipedProcesses {
    #[cfg(target_os = "linux")]
    Tree {
        tree: ProcessTree,
        /// If the runner is killed, this process adopts its tree.
        _adoption: Option<OrphanAdoption>,
        leader_ended: bool,
        give_up_at: Option<Instant>,
    },
    Group(Grouped),
}

impl Piped {
    /// Start a program. It has started when this returns.
    ///
    /// # Errors
    /// It cannot be started; then no process is left behind.
    pub fn start(launch: PipedLaunch) -> io::Result<Self> {
        let (output, output_writer) = io::pipe()?;
        let (errors, errors_writer) = io::pipe()?;
        let (stdin, input) = match launch.has_input {
            true => io::pipe().map(|(reader, writer)| (Some(reader), Some(writer)))?,
            false => (None, None),
        };
        let ends = ChildPipeEnds { stdin, output: output_writer, errors: errors_writer };
        let whole = PipedProcesses::start(launch, ends)?;
        let (output, errors) = (Some(output), Some(errors));
        Ok(Self { whole, output, errors, input, buffer: vec![0; READ_BYTES], is_held: false, over: false })
    }

    /// Take its standard input, once. Dropping the writer closes it.
    pub fn take_input(&mut self) -> Option<PipeWriter> {
        self.input.take()
    }

    /// Returns whether all that the program starts is ended with it, not only its group.
    pub fn is_whole_tree(&self) -> bool {
        !matches!(self.whole, PipedProcesses::Group(_))
    }

    /// Returns whether both streams have been read to their ends.
    pub fn is_drained(&self) -> bool {
        self.output.is_none() && self.errors.is_none()
    }

    /// Leave standard output in its pipe from now on, or read it again. Meanwhile the program blocks once the pipe is
    /// full.
    pub fn hold_output(&mut self, is_held: bool) {
        self.is_held = is_held;
    }

    /// Ask the program and all that it started to end; processes that have not ended after the grace are killed.
    pub fn ask_to_end(&mut self, grace: Duration) {
        match &mut self.whole {
            #[cfg(target_os = "linux")]
            PipedProcesses::Tree { tree, give_up_at, .. } => {
                tree.ask_to_end(grace);
                *give_up_at = Some(Instant::now() + grace + RUNNER_PATIENCE);
            }
            PipedProcesses::Group(group) => group.ask_to_end(grace),
        }
    }

    /// Wait for events until the time `until` at most, and report all that have happened. The end is reported once.
    ///
    /// # Errors
    /// The system cannot wait.
    pub fn next(
        &mut self,
        wake: Option<&PipeReader>,
        until: Option<Instant>,
        on_news: &mut dyn FnMut(PipedEvent<'_>),
    ) -> io::Result<()> {
        let until = [until, self.whole.look_at().filter(|_| !self.over)].into_iter().flatten().min();
        let whole = self.whole.awaited().filter(|_| !self.over);
        let output = self.output.as_ref().filter(|_| !self.is_held);
        let fds = [output.map(AsFd::as_fd), self.errors.as_ref().map(AsFd::as_fd), whole];
        let [output, errors, whole, woken] = await_some([fds[0], fds[1], fds[2], wake.map(AsFd::as_fd)], until)?;
        if output {
            read_once(&mut self.output, &mut self.buffer, |bytes| on_news(PipedEvent::Output(bytes)));
        }
        if errors {
            read_once(&mut self.errors, &mut self.buffer, |bytes| on_news(PipedEvent::Errors(bytes)));
        }
        if woken {
            on_news(PipedEvent::Woken);
        }
        if !self.over && (whole || self.whole.look_at().is_some_and(|at| at <= Instant::now())) {
            self.over = self.whole.poll(self.output.is_none() && self.errors.is_none(), on_news);
        }
        Ok(())
    }
}

/// The ends of the pipes that the program gets.
struct ChildPipeEnds {
    stdin: Option<PipeReader>,
    output: PipeWriter,
    errors: PipeWriter,
}

impl PipedProcesses {
    fn start(launch: PipedLaunch, ends: ChildPipeEnds) -> io::Result<Self> {
        #[cfg(target_os = "linux")]
        if let Some(runner) = launch.runner {
            let adoption = OrphanAdoption::begin();
            let mut tree = ProcessTree::start(TreeLaunch {
                runner,
                program: launch.program,
                arguments: launch.arguments,
                environment: launch.environment,
                removed: launch.removed,
                directory: Some(launch.directory),
                stdin: ends.stdin.map(Into::into),
                stdout: ends.output.into(),
                stderr: ends.errors.into(),
                linger: launch.linger,
                grace: launch.grace,
                network: true,
            })?;
            tree.await_start()?;
            return Ok(Self::Tree { tree, _adoption: adoption, leader_ended: false, give_up_at: None });
        }
        Grouped::start(launch, ends).map(Self::Group)
    }

    /// A file that becomes readable when [`poll`](Self::poll) has something to find.
    fn awaited(&self) -> Option<BorrowedFd<'_>> {
        match self {
            #[cfg(target_os = "linux")]
            Self::Tree { tree, .. } => Some(tree.as_fd()),
            Self::Group(group) => group.awaited(),
        }
    }

    /// The time to call [`poll`](Self::poll) even if the awaited file is not readable.
    fn look_at(&self) -> Option<Instant> {
        match self {
            #[cfg(target_os = "linux")]
            Self::Tree { give_up_at, .. } => *give_up_at,
            Self::Group(group) => group.look_at(),
        }
    }

    /// Check for events of the processes; returns true once all is over. Pass `drained` once both streams have been
    /// read to their ends.
    fn poll(&mut self, drained: bool, on_news: &mut dyn FnMut(PipedEvent<'_>)) -> bool {
        match self {
            #[cfg(target_os = "linux")]
            Self::Tree { tree, leader_ended, give_up_at, .. } => {
                let end = tree.wait(Duration::ZERO);
                if !*leader_ended && tree.leader_ended() {
                    *leader_ended = true;
                    on_news(PipedEvent::LeaderEnded);
                }
                if give_up_at.is_some_and(|at| at <= Instant::now()) {
                    tree.kill_runner();
                    *give_up_at = None;
                }
                let Some(end) = end.transpose() else { return false };
                let end = end.map(|TreeEnd { exit, held_output, left, .. }| PipedEnd { exit, held_output, left });
                on_news(PipedEvent::Ended(end));
                true
            }
            Self::Group(group) => group.poll(drained, on_news),
        }
    }
}

/// Read once from a stream; at its end, close it.
fn read_once(from: &mut Option<PipeReader>, buffer: &mut [u8], on_bytes: impl FnOnce(&[u8])) {
    let Some(reader) = from else { return };
    match reader.read(buffer) {
        Ok(read @ 1..) => on_bytes(&buffer[..read]),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
        Ok(_) | Err(_) => *from = None,
    }
}

/// Wait until one of these files is ready, until the time `until` at most, and return for each whether it is.
fn await_some<const N: usize>(fds: [Option<BorrowedFd<'_>>; N], until: Option<Instant>) -> io::Result<[bool; N]> {
    let present: Vec<usize> = (0..N).filter(|index| fds[*index].is_some()).collect();
    let mut polled: Vec<PollFd<'_>> =
        fds.iter().flatten().map(|fd| PollFd::from_borrowed_fd(*fd, PollFlags::IN)).collect();
    loop {
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        let timeout = left.and_then(|left| Timespec::try_from(left).ok());
        match poll(&mut polled, timeout.as_ref()) {
            // The end of any child interrupts the wait.
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
            Ok(_) => break,
        }
    }
    let mut ready = [false; N];
    for (index, fd) in present.into_iter().zip(&polled) {
        ready[index] = !fd.revents().is_empty();
    }
    Ok(ready)
}
