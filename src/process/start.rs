//! Starting a child, mostly as the leader of its own group, and reporting its end.

use std::io::{PipeReader, PipeWriter, Write};
use std::process::{ChildStdin, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{fmt, io, thread};

use crossbeam_channel::bounded;
use parking_lot::Mutex;
use process_wrap::std::{ChildWrapper, CommandWrap};

use super::capture::{Capture, OnLine, Outlet, Tail};
use super::exit::Exit;
use super::group::{Member, members};
use super::launch::{Group, Launch, Output, Stdin};
use super::tree;

/// The end of a child.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code or signal.
    pub exit: Exit,
    /// The last of its output.
    pub tail: Tail,
    /// The processes of its group that did not end, although they were killed and waited for.
    pub left: Vec<Member>,
}

/// A started child. Dropping it leaves the child running.
#[derive(Clone)]
pub struct Running {
    pid: u32,
    /// `None` once the child was collected: another process may have its number then.
    child: Arc<Mutex<Option<Box<dyn ChildWrapper>>>>,
    /// The standard input of a child for which it is held.
    stdin: Arc<Mutex<Option<ChildStdin>>>,
    /// It is the runner of a tree.
    is_runner: bool,
}

/// Time to wait for the end of a killed group. The system may take any time, so there is a bound.
const GROUP_PATIENCE: Duration = Duration::from_secs(10);

/// Start a child. `on_line` takes each line that it prints. `on_end` is called once, on a thread of the child's own, when
/// the child was collected and every process left in a group of its own was killed and is gone.
///
/// The child is started last: whatever fails before leaves no process behind, and after it nothing can fail.
pub fn start(
    launch: Launch,
    on_line: Option<OnLine>,
    on_end: impl FnOnce(Ended) + Send + 'static,
) -> io::Result<Running> {
    let (streams, writers) = pipes(launch.output)?;
    let mut command = command(&launch, writers);
    let outlet = Outlet::open(launch.log, launch.pass_on, on_line)?;
    let capture = Capture::start(streams, outlet, launch.keep_bytes)?;
    let (sender, started) = bounded::<(Running, Option<ChildStdin>)>(1);
    let document = match launch.stdin {
        Stdin::Document(document) => Some(document),
        Stdin::Held | Stdin::Null => None,
    };
    let held = document.is_none();
    thread::Builder::new().name("child".into()).spawn(move || {
        let Ok((running, stdin)) = started.recv() else { return };
        hand_over(stdin, &document.unwrap_or_default());
        let exit = running.wait();
        running.stdin.lock().take();
        let mut left = running.await_group();
        if exit != Exit::Code(0) {
            // It may have been killed, and a runner of its own with it.
            left.extend(tree::end_orphans());
        }
        on_end(Ended { exit, tail: capture.finish(), left });
    })?;
    let mut child = match launch.group {
        Group::Runner => tree::spawn_runner(|| command.spawn().map(|child| (child.id(), child)))?,
        Group::Own | Group::Inherited => command.spawn()?,
    };
    // The command holds the writing ends of the pipes. While they are open here, the capture would never see the end.
    drop(command);
    let mut stdin = child.stdin().take();
    let kept = if held { stdin.take() } else { None };
    let (pid, is_runner) = (child.id(), launch.group == Group::Runner);
    let running =
        Running { pid, child: Arc::new(Mutex::new(Some(child))), stdin: Arc::new(Mutex::new(kept)), is_runner };
    // The thread waits for this message first, so it is there to receive it.
    let _ = sender.send((running.clone(), stdin));
    Ok(running)
}

/// The ends of the pipes for a child's output: those to read, and those for standard output and error.
fn pipes(output: Output) -> io::Result<(Vec<PipeReader>, [PipeWriter; 2])> {
    let (reader, writer) = io::pipe()?;
    match output {
        Output::Merged => {
            let other = writer.try_clone()?;
            Ok((vec![reader], [writer, other]))
        }
        Output::Lines => {
            let (error, error_writer) = io::pipe()?;
            Ok((vec![reader, error], [writer, error_writer]))
        }
    }
}

fn command(launch: &Launch, [output, error]: [PipeWriter; 2]) -> CommandWrap {
    let mut command = CommandWrap::with_new(&launch.program, |command| {
        command.args(&launch.arguments).envs(launch.environment.iter().map(|(name, value)| (name, value)));
        let stdin = if matches!(launch.stdin, Stdin::Null) { Stdio::null() } else { Stdio::piped() };
        command.stdin(stdin).stdout(output).stderr(error);
        if let Some(directory) = &launch.directory {
            command.current_dir(directory);
        }
    });
    #[cfg(unix)]
    match launch.group {
        Group::Own => drop(command.wrap(process_wrap::std::ProcessGroup::leader())),
        Group::Runner => drop(command.wrap(process_wrap::std::ProcessSession)),
        Group::Inherited => {}
    }
    #[cfg(windows)]
    if launch.group != Group::Inherited {
        command.wrap(process_wrap::std::JobObject);
    }
    command
}

/// A broken pipe is no error here: if a child ends before it has read everything, its exit decides the result.
fn hand_over(stdin: Option<ChildStdin>, document: &[u8]) {
    if let Some(mut stdin) = stdin {
        let _ = stdin.write_all(document);
    }
}

impl Running {
    /// The child's process id, which is also the number of a group of its own.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Write this to the standard input of a child for which it is held. A child that does not read holds the caller up.
    ///
    /// # Errors
    /// The child has ended, has closed its input, or was started without a held one.
    pub fn feed(&self, bytes: &[u8]) -> io::Result<()> {
        self.stdin.lock().as_mut().map_or(Err(io::ErrorKind::BrokenPipe.into()), |stdin| stdin.write_all(bytes))
    }

    /// Request the end of the child and its own group (SIGTERM; on Windows the job is ended at once).
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
        // The leader is not collected yet, so no other group has its number.
        let _ = ended.start_kill();
        let status = ended.wait();
        if self.is_runner {
            tree::forget_runner(self.pid);
        }
        match status {
            Ok(status) => Exit::from(status),
            Err(_) => Exit::Code(1),
        }
    }

    /// Wait until the killed group is gone. Returns the processes that are still there.
    #[cfg(unix)]
    fn await_group(&self) -> Vec<Member> {
        let Some(group) = rustix::process::Pid::from_raw(self.pid.cast_signed()) else { return Vec::new() };
        let deadline = Instant::now() + GROUP_PATIENCE;
        let mut pause = Duration::from_millis(1);
        // While a process is in the group, the system does not reuse the group's number.
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

    /// A Windows job ends as a whole.
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

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").field("pid", &self.pid).finish_non_exhaustive()
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::process::{Heeds, LogFile, LogPolicy};

    fn launch(script: &str, document: &[u8]) -> Launch {
        Launch {
            program: "/bin/sh".into(),
            arguments: vec!["-c".into(), script.into()],
            environment: Vec::new(),
            directory: None,
            stdin: Stdin::Document(document.to_vec()),
            output: Output::Merged,
            log: None,
            pass_on: false,
            keep_bytes: 1024,
            group: Group::Own,
        }
    }

    fn shell(script: &str, document: &[u8]) -> (Running, crossbeam_channel::Receiver<Ended>) {
        let (sender, receiver) = bounded(1);
        let running = start(launch(script, document), None, move |ended| sender.send(ended).expect("the test waits"));
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

    /// The end of this child, and the lines that it printed.
    fn printed(launch: Launch) -> (Ended, Vec<String>) {
        let (sender, ended) = bounded(1);
        let lines = Arc::new(Mutex::new(Vec::new()));
        let taken = Arc::clone(&lines);
        let on_line: OnLine = Box::new(move |line| taken.lock().push(String::from_utf8_lossy(line).into_owned()));
        start(launch, Some(on_line), move |ended| sender.send(ended).expect("the test waits")).expect("a shell starts");
        let ended = ended.recv_timeout(PATIENCE).expect("it ends");
        let lines = lines.lock().clone();
        (ended, lines)
    }

    #[test]
    fn a_child_begins_in_its_directory_with_nothing_to_read() {
        let directory = tempfile::tempdir().expect("a directory");
        let inside = directory.path().canonicalize().expect("a path");
        let (ended, lines) = printed(Launch {
            directory: Some(inside.clone()),
            stdin: Stdin::Null,
            ..launch("pwd; cat; echo read", b"")
        });
        assert_eq!(ended.exit, Exit::Code(0));
        assert_eq!(lines, [&inside.display().to_string(), "read"]);
    }

    #[test]
    fn lines_of_two_streams_stay_whole() {
        let script = "for n in 1 2 3; do printf 'out '; printf 'err ' >&2; sleep 0.02; echo $n; echo $n >&2; done";
        let (ended, mut lines) = printed(Launch { output: Output::Lines, ..launch(script, b"") });
        lines.sort();
        assert_eq!(lines, ["err 1", "err 2", "err 3", "out 1", "out 2", "out 3"]);
        let mut kept = ended.tail.lines();
        kept.sort();
        assert_eq!(kept, lines);
    }

    #[test]
    fn a_held_input_stays_open_and_takes_more() {
        let (sender, ended) = bounded(1);
        let script = "read one; echo $one; read two; echo $two";
        let held = Launch { stdin: Stdin::Held, ..launch(script, b"") };
        let running =
            start(held, None, move |ended| sender.send(ended).expect("the test waits")).expect("a shell starts");
        running.feed(b"first\n").expect("it reads");
        assert!(ended.recv_timeout(Duration::from_millis(100)).is_err(), "it waits for more");
        running.feed(b"second\n").expect("it reads");
        let ended = ended.recv_timeout(PATIENCE).expect("it ends");
        assert_eq!((ended.exit, ended.tail.lines()), (Exit::Code(0), vec!["first".to_owned(), "second".to_owned()]));
        assert!(running.feed(b"third\n").is_err());
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
    fn members_that_ignore_a_request_are_named() {
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
        let unlogged = Launch {
            log: Some(LogFile { path: log.clone(), heading: None, policy: LogPolicy::default() }),
            ..launch(&format!("echo > '{}'", trace.display()), b"")
        };
        let error = start(unlogged, None, |_| unreachable!("nothing ends")).expect_err("there is no place for the log");
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert!(error.to_string().contains(&log.display().to_string()), "{error}");
        std::thread::sleep(Duration::from_millis(200));
        assert!(!trace.exists(), "a child ran without its log");
    }

    #[test]
    fn a_program_that_is_not_there_ends_nothing_and_is_said_at_once() {
        let (sender, ended) = bounded::<Ended>(1);
        let missing = Launch { program: "/no/such/program".into(), ..launch("", b"") };
        let error = start(missing, None, move |ended| drop(sender.send(ended))).expect_err("there is no such program");
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        // The thread that would have waited ends, and drops the callback.
        assert_eq!(ended.recv_timeout(PATIENCE).err(), Some(crossbeam_channel::RecvTimeoutError::Disconnected));
    }
}
