//! Starting a child, mostly as the leader of its own group, and being told how it ended.

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::{ChildStdin, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{fmt, io, thread};

use crossbeam_channel::bounded;
use parking_lot::Mutex;
use process_wrap::std::{ChildWrapper, CommandWrap};

use super::capture::{Capture, Tail};
use super::group::{Member, members};

/// What to start.
#[derive(Debug)]
pub struct Launch {
    /// The program's file.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Variables to set beside the inherited ones.
    pub environment: Vec<(OsString, OsString)>,
    /// What it finds on its standard input, which is then closed.
    pub document: Vec<u8>,
    /// Where everything it prints is kept; nowhere but in the tail when `None`.
    pub log: Option<PathBuf>,
    /// A line in the log before that, behind what the log holds already; `None` begins the log anew.
    pub heading: Option<String>,
    /// Whether everything it prints is passed on to the standard error of this process, too.
    pub pass_on: bool,
    /// How many bytes of the end of what it prints are kept in memory.
    pub keep_bytes: usize,
    /// Whose group it and all that it starts belong to.
    pub group: Group,
}

/// The group of processes that a child belongs to: what ends the group ends the child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// One of its own, which ends with it.
    Own,
    /// That of the process that starts it, so that it cannot outlive who kills that one.
    Inherited,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It returned this exit code.
    Code(i32),
    /// This signal ended it.
    Signal(i32),
}

/// The end of a child.
#[derive(Debug)]
pub struct Ended {
    /// How.
    pub exit: Exit,
    /// The last of what it printed.
    pub tail: Tail,
    /// Who is left of its group, though killed and waited for.
    pub left: Vec<Member>,
}

/// A started child. Dropping it leaves the child running.
#[derive(Clone)]
pub struct Running {
    pid: u32,
    /// `None` once the child was collected: its number may then be somebody else's.
    child: Arc<Mutex<Option<Box<dyn ChildWrapper>>>>,
}

/// How long the end of a killed group is waited for. The system may take any time, so there is a bound.
const GROUP_PATIENCE: Duration = Duration::from_secs(10);

/// Start a child; `on_end` is called once, on a thread of the child's own, when it was collected and every process
/// left in a group of its own was killed and is gone.
///
/// The child is started last: whatever fails before leaves no process behind, and after it nothing can fail.
pub fn start(launch: Launch, on_end: impl FnOnce(Ended) + Send + 'static) -> io::Result<Running> {
    let (output, writer) = io::pipe()?;
    let error_writer = writer.try_clone()?;
    let mut command = CommandWrap::with_new(&launch.program, |command| {
        command.args(&launch.arguments).envs(launch.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::piped()).stdout(writer).stderr(error_writer);
    });
    if launch.group == Group::Own {
        #[cfg(unix)]
        command.wrap(process_wrap::std::ProcessGroup::leader());
        #[cfg(windows)]
        command.wrap(process_wrap::std::JobObject);
    }
    let capture = Capture::start(output, launch.log, launch.heading, launch.pass_on, launch.keep_bytes)?;
    let (sender, started) = bounded::<(Running, Option<ChildStdin>)>(1);
    thread::Builder::new().name("child".into()).spawn(move || {
        let Ok((running, stdin)) = started.recv() else { return };
        hand_over(stdin, &launch.document);
        let exit = running.wait();
        let left = running.await_group();
        on_end(Ended { exit, tail: capture.finish(), left });
    })?;
    let mut child = command.spawn()?;
    // The command holds the pipe's writing ends: while they are open here, the capture would never see the end.
    drop(command);
    let stdin = child.stdin().take();
    let running = Running { pid: child.id(), child: Arc::new(Mutex::new(Some(child))) };
    // The thread waits for this and for nothing else, so it is there to take it.
    let _ = sender.send((running.clone(), stdin));
    Ok(running)
}

/// A child that ends before it has read everything is judged by its end, so a broken pipe is no news here.
fn hand_over(stdin: Option<ChildStdin>, document: &[u8]) {
    if let Some(mut stdin) = stdin {
        let _ = stdin.write_all(document);
    }
}

impl Running {
    /// The child's process id; that of its own group too.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Ask it, and its own group, to end (SIGTERM; on Windows the job is ended at once).
    pub fn ask_to_stop(&self) {
        if let Some(child) = self.child.lock().as_mut() {
            #[cfg(unix)]
            let _ = child.signal(signal_hook::consts::SIGTERM);
            #[cfg(not(unix))]
            let _ = child.start_kill();
            self.wake(child.as_mut());
        }
    }

    /// Kill it, and its own group.
    pub fn kill(&self) {
        if let Some(child) = self.child.lock().as_mut() {
            let _ = child.start_kill();
        }
    }

    /// A stopped group acts on a signal only once it runs again.
    fn wake(&self, child: &mut dyn ChildWrapper) {
        #[cfg(unix)]
        let _ = child.signal(signal_hook::consts::SIGCONT);
        #[cfg(not(unix))]
        let _ = child;
    }

    /// Wait for the leader's end, kill what is left of its group, collect it.
    fn wait(&self) -> Exit {
        self.await_end();
        let mut child = self.child.lock();
        let Some(mut ended) = child.take() else { return Exit::Code(0) };
        // The leader is not collected yet, so its number still names its group and nobody else's.
        let _ = ended.start_kill();
        match ended.wait() {
            Ok(status) => Exit::from(status),
            Err(_) => Exit::Code(1),
        }
    }

    /// Wait until the killed group is gone, and say who is not.
    #[cfg(unix)]
    fn await_group(&self) -> Vec<Member> {
        let Some(group) = rustix::process::Pid::from_raw(self.pid.cast_signed()) else { return Vec::new() };
        let deadline = Instant::now() + GROUP_PATIENCE;
        let mut pause = Duration::from_millis(1);
        // While somebody is in the group, the system gives its number to nobody else.
        while rustix::process::test_kill_process_group(group).is_ok() {
            let left = members(self.pid);
            if left.is_empty() || Instant::now() >= deadline {
                return left;
            }
            thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(50));
        }
        Vec::new()
    }

    /// A job ends as a whole.
    #[cfg(not(unix))]
    fn await_group(&self) -> Vec<Member> {
        members(self.pid)
    }

    #[cfg(unix)]
    fn await_end(&self) {
        use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
        let Some(pid) = Pid::from_raw(self.pid.cast_signed()) else { return };
        while let Err(rustix::io::Errno::INTR) = waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT)
        {
        }
    }

    #[cfg(not(unix))]
    fn await_end(&self) {
        loop {
            match self.child.lock().as_mut().map(|child| child.try_wait()) {
                Some(Ok(None)) => {}
                _ => return,
            }
            thread::sleep(std::time::Duration::from_millis(20));
        }
    }
}

impl From<ExitStatus> for Exit {
    fn from(status: ExitStatus) -> Self {
        #[cfg(unix)]
        if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
            return Exit::Signal(signal);
        }
        Exit::Code(status.code().unwrap_or(1))
    }
}

impl Exit {
    /// Whether the process says that it succeeded.
    pub fn success(self) -> bool {
        self == Exit::Code(0)
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Exit::Code(code) => write!(f, "exit code {code}"),
            Exit::Signal(signal) => match signal_name(*signal) {
                Some(name) => write!(f, "signal {signal} ({name})"),
                None => write!(f, "signal {signal}"),
            },
        }
    }
}

fn signal_name(signal: i32) -> Option<&'static str> {
    #[cfg(unix)]
    return signal_hook::low_level::signal_name(signal);
    #[cfg(not(unix))]
    {
        let _ = signal;
        None
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").field("pid", &self.pid).finish_non_exhaustive()
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::process::Heeds;

    fn launch(script: &str, document: &[u8]) -> Launch {
        Launch {
            program: "/bin/sh".into(),
            arguments: vec!["-c".into(), script.into()],
            environment: Vec::new(),
            document: document.to_vec(),
            log: None,
            heading: None,
            pass_on: false,
            keep_bytes: 1024,
            group: Group::Own,
        }
    }

    fn shell(script: &str, document: &[u8]) -> (Running, crossbeam_channel::Receiver<Ended>) {
        let (sender, receiver) = bounded(1);
        let running = start(launch(script, document), move |ended| sender.send(ended).expect("the test waits"));
        (running.expect("a shell starts"), receiver)
    }

    const PATIENCE: Duration = Duration::from_secs(20);

    #[test]
    fn a_child_reads_its_document_and_its_last_words_are_kept() {
        let (_, ended) = shell("cat; echo out; echo err >&2; exit 7", b"the document\n");
        let ended = ended.recv_timeout(PATIENCE).expect("it ends");
        assert_eq!(ended.exit, Exit::Code(7));
        assert_eq!(ended.tail.lines(), ["the document", "out", "err"]);
    }

    #[test]
    fn killing_a_child_kills_what_it_started() {
        let (running, ended) = shell("sleep 600 & echo $!; wait", b"");
        let started = Instant::now();
        std::thread::sleep(Duration::from_millis(200));
        running.kill();
        let ended = ended.recv_timeout(PATIENCE).expect("it ends");
        assert_eq!(ended.exit, Exit::Signal(9));
        assert!(started.elapsed() < PATIENCE);
        let grandchild: i32 = ended.tail.lines()[0].parse().expect("a process id");
        let pid = rustix::process::Pid::from_raw(grandchild).expect("a process id");
        let gone = rustix::process::test_kill_process(pid).is_err() || is_zombie(grandchild);
        assert!(gone && ended.left.is_empty(), "the grandchild lives on after its group was said to be gone");
    }

    #[test]
    fn who_does_not_listen_is_named() {
        let (running, ended) = shell("trap '' TERM; echo ready; sleep 600", b"");
        let deadline = Instant::now() + PATIENCE;
        let deaf = loop {
            let deaf: Vec<Member> = members(running.pid()).into_iter().filter(|m| m.heeds == Heeds::Ignores).collect();
            if deaf.len() == 2 || Instant::now() > deadline {
                break deaf;
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        let said: Vec<String> = deaf.iter().map(ToString::to_string).collect();
        assert!(said.contains(&format!("pid {} (sh) ignores SIGTERM", running.pid())), "{said:?}");
        assert!(said.iter().any(|member| member.contains("(sleep) ignores SIGTERM")), "{said:?}");
        running.kill();
        assert!(ended.recv_timeout(PATIENCE).expect("it ends").left.is_empty());
        assert_eq!(members(running.pid()), []);
    }

    fn is_zombie(pid: i32) -> bool {
        std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| stat.contains(") Z"))
    }

    #[test]
    fn a_leader_that_ends_takes_its_group_along() {
        let (_, ended) = shell("sleep 600 & exit 0", b"");
        let ended = ended.recv_timeout(PATIENCE).expect("a sleeping grandchild holds nothing up");
        assert_eq!(ended.exit, Exit::Code(0));
    }

    #[test]
    fn a_stopped_child_can_be_asked_to_stop() {
        let (running, ended) = shell("kill -STOP $$; sleep 600", b"");
        std::thread::sleep(Duration::from_millis(200));
        running.ask_to_stop();
        assert_eq!(ended.recv_timeout(PATIENCE).expect("it ends").exit, Exit::Signal(15));
    }

    #[test]
    fn a_log_that_cannot_be_made_is_named_and_nothing_is_started() {
        let directory = tempfile::tempdir().expect("a directory");
        let (log, trace) = (directory.path().join("missing").join("x.log"), directory.path().join("trace"));
        let unlogged = Launch { log: Some(log.clone()), ..launch(&format!("echo > '{}'", trace.display()), b"") };
        let error = start(unlogged, |_| unreachable!("nothing ends")).expect_err("there is no place for the log");
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert!(error.to_string().contains(&log.display().to_string()), "{error}");
        std::thread::sleep(Duration::from_millis(200));
        assert!(!trace.exists(), "a child ran without its log");
    }

    #[test]
    fn a_program_that_is_not_there_ends_nothing_and_is_said_at_once() {
        let (sender, ended) = bounded::<Ended>(1);
        let missing = Launch { program: "/no/such/program".into(), ..launch("", b"") };
        let error = start(missing, move |ended| drop(sender.send(ended))).expect_err("there is no such program");
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        // The thread that would have waited goes, and what it would have called goes with it.
        assert_eq!(ended.recv_timeout(PATIENCE).err(), Some(crossbeam_channel::RecvTimeoutError::Disconnected));
    }
}
