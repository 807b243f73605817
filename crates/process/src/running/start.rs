//! Starting a child, usually as the leader of a new group, and reporting its end.

use std::io::Write;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{fmt, io, thread};

use crossbeam_channel::bounded;
use parking_lot::Mutex;
use process_wrap::std::{ChildWrapper, CommandWrap};

use super::launch::{ChildGroup, Inherited, Launch, OutputMode, Stdin};
use super::wiring::Wiring;
use crate::facts::exit::Exit;
use crate::facts::group::{MemberProcess, Survivors, members};
use crate::streams::capture::{OnLine, Outlet, OutputHooks, OutputListener, PassOn, Tail};
use crate::terminal::TerminalLoan;
use crate::tree;

/// The end of a child.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code or signal.
    pub exit: Exit,
    /// The end of its output.
    pub tail: Tail,
    /// Processes of its group that did not end although they were killed and waited for.
    pub left: Survivors,
}

/// A started child. Dropping it leaves the child running.
#[derive(Clone)]
pub struct RunningChild {
    pid: u32,
    /// Its group is ended when it ends.
    ends_group: bool,
    /// It leads its group.
    leads: bool,
    /// It is a runner, which ends everything below it on request.
    is_runner: bool,
    /// `None` once the child has been collected: from then on, another process may have its id.
    child: Arc<Mutex<Option<Box<dyn ChildWrapper>>>>,
    /// The standard input, if it is held open (`Stdin::Held`).
    stdin: Arc<Mutex<Option<ChildStdin>>>,
    /// It is registered as the runner of a tree until it is collected.
    is_known: bool,
}

/// Time to wait for the end of a killed group, which the system doesn't bound.
const GROUP_PATIENCE: Duration = Duration::from_secs(10);

/// Start a child. `on_line` takes each line that it prints. `on_end` is called once, on a thread for this child, when
/// the child has been collected and, if its group ends with it, every other process of the group was killed and is
/// gone.
pub fn start(
    launch: Launch,
    on_line: Option<OnLine>,
    on_end: impl FnOnce(Ended) + Send + 'static,
) -> io::Result<RunningChild> {
    start_heard(launch, OutputHooks { on_line, look: None }, on_end)
}

/// As [`start`], with more hooks for its output.
///
/// The child is started last: whatever fails before leaves no process behind, and after it nothing can fail.
pub fn start_heard(
    launch: Launch,
    ears: OutputHooks,
    on_end: impl FnOnce(Ended) + Send + 'static,
) -> io::Result<RunningChild> {
    let pass_on = match launch.output {
        OutputMode::LinesOn => PassOn::ToBoth,
        _ if launch.pass_on => PassOn::ToError,
        _ => PassOn::Nothing,
    };
    let ((mut command, is_runner), stdin) = (command(&launch), launch.stdin);
    let outlet = Outlet::open(launch.log, pass_on, ears)?;
    let (wiring, ends) = Wiring::lay(launch.output, OutputListener::new(outlet, launch.keep_bytes))?;
    command.command_mut().stdout(ends.output).stderr(ends.error).envs(ends.variables);
    let (sender, started) = bounded::<(RunningChild, Option<ChildStdin>, Option<TerminalLoan>)>(1);
    let (document, own_terminal) = match stdin {
        Stdin::Document(document) => (Some(document), false),
        Stdin::Held | Stdin::Null => (None, false),
        Stdin::Terminal => (None, launch.group.is_own()),
    };
    let held = document.is_none();
    thread::Builder::new().name("child".into()).spawn(move || {
        let Ok((running, stdin, loan)) = started.recv() else { return };
        if loan.is_some() {
            wiring.lent_to(running.pid);
        }
        hand_over(stdin, &document.unwrap_or_default());
        let exit = running.wait(loan);
        running.stdin.lock().take();
        let mut left = Survivors::from(if running.ends_group { running.await_group() } else { Vec::new() });
        if exit != Exit::Code(0) {
            // It may have been killed together with a runner that it had started, whose processes are orphans now.
            left = left.and(tree::end_orphans());
        }
        on_end(Ended { exit, tail: wiring.finish(), left });
    })?;
    let mut child = match launch.group {
        ChildGroup::Runner => tree::spawn_runner(|| command.spawn().map(|child| (child.id(), child)))?,
        _ => command.spawn()?,
    };
    // Lend the terminal at once: until then, keys go to this process.
    let loan = if own_terminal { TerminalLoan::to(child.id()) } else { None };
    // The command holds the writing ends of the pipes. While they are open, the capture never sees the end of the
    // output.
    drop(command);
    let mut stdin = child.stdin().take();
    let kept = if held { stdin.take() } else { None };
    let pid = child.id();
    let (child, stdin_kept) = (Arc::new(Mutex::new(Some(child))), Arc::new(Mutex::new(kept)));
    let (ends_group, leads) = (!launch.group.may_last(), launch.group.is_own());
    let is_known = launch.group == ChildGroup::Runner;
    let running = RunningChild { pid, ends_group, leads, is_runner, is_known, child, stdin: stdin_kept };
    // The thread waits for this message first, so it is there to receive it.
    let _ = sender.send((running.clone(), stdin, loan));
    Ok(running)
}

/// Builds the command. The second value is set if the command is a runner's.
fn command(launch: &Launch) -> (CommandWrap, bool) {
    let (mut command, below) = if launch.group.may_last() {
        tree::starts_others();
        tree::under_runner(&launch.program, &launch.arguments)
    } else {
        let mut command = Command::new(&launch.program);
        command.args(&launch.arguments);
        (command, tree::ChildRole::Program)
    };
    if let Some(Inherited(variables)) = &launch.inherited {
        command.env_clear().envs(variables.iter().map(|(name, value)| (name, value)));
    }
    command.envs(launch.environment.iter().map(|(name, value)| (name, value))).stdin(match launch.stdin {
        Stdin::Null => Stdio::null(),
        Stdin::Terminal => Stdio::inherit(),
        Stdin::Document(_) | Stdin::Held => Stdio::piped(),
    });
    if let Some(directory) = &launch.directory {
        command.current_dir(directory);
    }
    let mut command = CommandWrap::from(command);
    #[cfg(unix)]
    match launch.group {
        ChildGroup::Own | ChildGroup::Lasting => drop(command.wrap(process_wrap::std::ProcessGroup::leader())),
        ChildGroup::Runner => drop(command.wrap(process_wrap::std::ProcessSession)),
        ChildGroup::Inherited | ChildGroup::Shared => {}
    }
    #[cfg(windows)]
    if launch.group.is_own() {
        command.wrap(process_wrap::std::JobObject);
    }
    (command, below != tree::ChildRole::Program)
}

/// A broken pipe is ignored: if a child ends before it has read everything, its exit decides the result.
fn hand_over(stdin: Option<ChildStdin>, document: &[u8]) {
    if let Some(mut stdin) = stdin {
        let _ = stdin.write_all(document);
    }
}

impl RunningChild {
    /// The child's process id, which is also the id of the group that it leads.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Write to the standard input of a child that was started with [`Stdin::Held`]. Blocks while the child does not
    /// read.
    ///
    /// # Errors
    /// The child has ended, has closed its input, or was started with another standard input.
    pub fn feed(&self, bytes: &[u8]) -> io::Result<()> {
        self.stdin.lock().as_mut().map_or(Err(io::ErrorKind::BrokenPipe.into()), |stdin| stdin.write_all(bytes))
    }

    /// Ask the child and the group that it leads to end (SIGTERM; on Windows the job is ended at once). A runner is
    /// signalled alone, and passes the request on: programs may treat a second signal as more urgent.
    pub fn ask_to_stop(&self) {
        if let Some(child) = self.child.lock().as_mut() {
            #[cfg(unix)]
            let _ = match rustix::process::Pid::from_raw(self.pid.cast_signed()).filter(|_| self.is_runner) {
                Some(runner) => {
                    rustix::process::kill_process(runner, rustix::process::Signal::TERM).map_err(Into::into)
                }
                None => child.signal(signal_hook::consts::SIGTERM),
            };
            #[cfg(not(unix))]
            let _ = child.start_kill();
            self.wake(child.as_mut());
        }
    }

    /// Kill the child and the group that it leads. A runner without a group is asked to end, and then kills the
    /// processes below it itself.
    pub fn kill(&self) {
        if self.is_runner && !self.leads {
            self.ask_to_stop();
        } else if let Some(child) = self.child.lock().as_mut() {
            let _ = child.start_kill();
        }
    }

    /// Continue a stopped group, which acts on a signal only once it runs again.
    fn wake(&self, child: &mut dyn ChildWrapper) {
        #[cfg(unix)]
        let _ = child.signal(signal_hook::consts::SIGCONT);
        #[cfg(not(unix))]
        let _ = child;
    }

    /// Wait for the leader's end, take the terminal back, kill the rest of its group if that ends with it, collect the
    /// leader.
    fn wait(&self, loan: Option<TerminalLoan>) -> Exit {
        let by_signal = self.await_end(loan.as_ref());
        if let Some(loan) = loan {
            loan.end(by_signal);
        }
        let mut child = self.child.lock();
        let Some(mut ended) = child.take() else { return Exit::Code(0) };
        // The leader is not collected yet, so no other group has its id.
        #[cfg(unix)]
        if !self.ends_group {
            // The rest of its group may be children of this process by adoption; don't wait for those.
            return self.collect_leader().unwrap_or(Exit::Code(1));
        }
        let _ = ended.start_kill();
        let status = ended.wait();
        if self.is_known {
            tree::forget_runner(self.pid);
        }
        match status {
            Ok(status) => Exit::from(status),
            Err(_) => Exit::Code(1),
        }
    }

    /// Collect only the leader.
    #[cfg(unix)]
    fn collect_leader(&self) -> Option<Exit> {
        use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
        let status = waitid(WaitId::Pid(Pid::from_raw(self.pid.cast_signed())?), WaitIdOptions::EXITED).ok()??;
        status.exit_status().map(Exit::Code).or(status.terminating_signal().map(Exit::Signal))
    }

    /// Wait until the killed group is gone. Returns the processes that are still running.
    #[cfg(unix)]
    fn await_group(&self) -> Vec<MemberProcess> {
        let Some(group) = rustix::process::Pid::from_raw(self.pid.cast_signed()) else { return Vec::new() };
        let deadline = Instant::now() + GROUP_PATIENCE;
        let mut pause = Duration::from_millis(1);
        // While a process is in the group, the system does not reuse the group's id.
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
    fn await_group(&self) -> Vec<MemberProcess> {
        members(self.pid)
    }

    /// Wait for the end, and handle each stop of a child that has the terminal. Returns whether a signal ended it.
    #[cfg(unix)]
    fn await_end(&self, loan: Option<&TerminalLoan>) -> bool {
        use rustix::process::{Pid, Signal, WaitId, WaitIdOptions as Options, waitid};
        let Some(pid) = Pid::from_raw(self.pid.cast_signed()) else { return false };
        let stops = if loan.is_some() { Options::STOPPED } else { Options::empty() };
        loop {
            match (waitid(WaitId::Pid(pid), Options::EXITED | stops | Options::NOWAIT), loan) {
                (Err(rustix::io::Errno::INTR), _) => {}
                (Ok(Some(status)), Some(loan)) if status.stopped() => {
                    let stop = waitid(WaitId::Pid(pid), Options::STOPPED | Options::NOHANG);
                    let by = stop.ok().flatten().and_then(|stop| stop.stopping_signal());
                    loan.child_stopped(by.and_then(Signal::from_named_raw).unwrap_or(Signal::STOP));
                }
                (ended, _) => return ended.ok().flatten().is_some_and(|status| status.terminating_signal().is_some()),
            }
        }
    }

    #[cfg(not(unix))]
    fn await_end(&self, _: Option<&TerminalLoan>) -> bool {
        loop {
            match self.child.lock().as_mut().map(|child| child.try_wait()) {
                Some(Ok(None)) => {}
                _ => return false,
            }
            thread::sleep(std::time::Duration::from_millis(20));
        }
    }
}

impl fmt::Debug for RunningChild {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").field("pid", &self.pid).finish_non_exhaustive()
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::{ChildGroup, Heeds, LogFile, LogPolicy};

    fn launch(script: &str, document: &[u8]) -> Launch {
        Launch {
            program: "/bin/sh".into(),
            arguments: vec!["-c".into(), script.into()],
            inherited: None,
            environment: Vec::new(),
            directory: None,
            stdin: Stdin::Document(document.to_vec()),
            output: OutputMode::Merged,
            log: None,
            pass_on: false,
            keep_bytes: 1024,
            group: ChildGroup::Own,
        }
    }

    fn shell(script: &str, document: &[u8]) -> (RunningChild, crossbeam_channel::Receiver<Ended>) {
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
        let (ended, mut lines) = printed(Launch { output: OutputMode::Lines, ..launch(script, b"") });
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
        assert!(gone && ended.left.is_none(), "the grandchild lives on after its group was said to be gone");
    }

    #[test]
    fn members_that_ignore_a_request_are_named() {
        let (running, ended) = shell("trap '' TERM; echo ready; sleep 600", b"");
        let deadline = Instant::now() + PATIENCE;
        let deaf = loop {
            let deaf: Vec<MemberProcess> =
                members(running.pid()).into_iter().filter(|m| m.heeds == Heeds::Ignores).collect();
            if deaf.len() == 2 || Instant::now() > deadline {
                break deaf;
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        let said: Vec<String> = deaf.iter().map(ToString::to_string).collect();
        assert!(said.contains(&format!("pid {} (sh) ignores SIGTERM", running.pid())), "{said:?}");
        assert!(said.iter().any(|member| member.contains("(sleep) ignores SIGTERM")), "{said:?}");
        running.kill();
        assert!(ended.recv_timeout(PATIENCE).expect("it ends").left.is_none());
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
        // The waiting thread ends without a child, and drops the callback.
        assert_eq!(ended.recv_timeout(PATIENCE).err(), Some(crossbeam_channel::RecvTimeoutError::Disconnected));
    }
}
