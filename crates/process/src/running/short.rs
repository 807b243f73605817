//! Short commands: each prints a short output, within a bounded time.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, bounded};
use parking_lot::Mutex;
use process_wrap::std::{ChildWrapper, CommandWrap};

use super::launch::{self, ChildGroup, Launch, Stdin};
use super::start::{Ended, start};
use crate::Tail;
use crate::facts::exit::Exit;
#[cfg(target_os = "linux")]
use crate::facts::group::Survivors;
#[cfg(target_os = "linux")]
use crate::streams::capture::{Capture, Outlet, OutputHooks, OutputListener, PassOn};
use crate::tree;
#[cfg(target_os = "linux")]
use crate::tree::{ProcessTree, TreeEnd, TreeLaunch};

/// The longest time that a short command may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Pause between two checks of whether a short command has ended.
const GLANCE: Duration = Duration::from_millis(5);
/// Number of bytes kept of the beginning of each output stream.
const KEEP_BYTES: usize = 4 * 1024 * 1024;
/// Time to wait for the end of both streams once the program has ended.
const LEFT_OPEN: Duration = Duration::from_secs(1);

/// Number of bytes kept of the end of a shell command's output.
const TAIL_BYTES: usize = 8 * 1024;

/// Time for remaining processes to end by themselves after the command that started them has succeeded.
#[cfg(target_os = "linux")]
const LINGER: Duration = Duration::from_secs(2);
/// Time for remaining processes to end once they are asked to, before they are killed.
#[cfg(target_os = "linux")]
const LEFT_GRACE: Duration = Duration::from_millis(500);
/// Time for a command to end after a timeout or a cancellation. Less than the three seconds after which its install is
/// killed.
#[cfg(target_os = "linux")]
const STOP_GRACE: Duration = Duration::from_secs(2);

/// The exit and the output of a short command.
#[derive(Debug)]
pub struct CommandOutput {
    /// Its exit code or signal.
    pub exit: Exit,
    /// The beginning of its standard output.
    pub stdout: Vec<u8>,
    /// The beginning of its standard error.
    pub stderr: Vec<u8>,
}

/// Run a program in this directory, with these arguments and an empty standard input. If it takes longer than 30
/// seconds, it is killed, and an error is returned.
pub fn output(program: &Path, arguments: &[&OsStr], directory: &Path) -> io::Result<CommandOutput> {
    let mut command = CommandWrap::with_new(program, |command| {
        command
            .args(arguments)
            .current_dir(directory)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
    });
    #[cfg(unix)]
    command.wrap(process_wrap::std::ProcessGroup::leader());
    #[cfg(windows)]
    command.wrap(process_wrap::std::JobObject);
    tree::starts_others();
    let mut child = command.spawn()?;
    let (stdout, stderr) = match read_both(child.as_mut()) {
        Ok(streams) => streams,
        Err(error) => {
            let _ = child.start_kill();
            let _ = child.wait();
            return Err(error);
        }
    };
    let deadline = Instant::now() + PATIENCE;
    let status = loop {
        match child.try_wait()? {
            Some(status) => break status,
            None if Instant::now() >= deadline => {
                let _ = child.start_kill();
                let _ = child.wait();
                return Err(too_late(PATIENCE));
            }
            None => thread::sleep(GLANCE),
        }
    };
    let until = Instant::now() + LEFT_OPEN;
    Ok(CommandOutput { exit: status.into(), stdout: answer(&stdout, until), stderr: answer(&stderr, until) })
}

/// The bytes read from a stream so far, and a channel that gets a message at its end.
struct BackgroundReader {
    bytes: Arc<Mutex<Vec<u8>>>,
    finished: Receiver<()>,
}

fn read_both(child: &mut dyn ChildWrapper) -> io::Result<(BackgroundReader, BackgroundReader)> {
    Ok((read_aside(child.stdout().take())?, read_aside(child.stderr().take())?))
}

/// Read a stream on another thread, so that a program that fills one stream is not blocked while the other is read.
fn read_aside(stream: Option<impl Read + Send + 'static>) -> io::Result<BackgroundReader> {
    let bytes = Arc::new(Mutex::new(Vec::new()));
    let shared = Arc::clone(&bytes);
    let (sender, finished) = bounded(1);
    thread::Builder::new().name("answer".into()).spawn(move || {
        if let Some(stream) = stream {
            keep_beginning(stream, &shared);
        }
        let _ = sender.send(());
    })?;
    Ok(BackgroundReader { bytes, finished })
}

/// Keep the beginning of a stream, but read it to the end, so that its writer is never blocked.
fn keep_beginning(mut stream: impl Read, bytes: &Mutex<Vec<u8>>) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return,
            Ok(read) => {
                let mut bytes = bytes.lock();
                let room = KEEP_BYTES - bytes.len();
                bytes.extend_from_slice(&buffer[..read.min(room)]);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}

/// Waits for the end of a stream until `until` at most, since a process that outlives the program may hold it open.
fn answer(stream: &BackgroundReader, until: Instant) -> Vec<u8> {
    let _ = stream.finished.recv_deadline(until);
    std::mem::take(&mut stream.bytes.lock())
}

fn too_late(patience: Duration) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, format!("did not end within {} s", patience.as_secs_f32()))
}

/// Run a shell command in a directory, for at most `patience`, or until `cancelled` returns true.
///
/// The command counts as ended when everything it started has ended. Processes that it leaves behind have two seconds
/// to end by themselves, are then ended, and are named in its output. If this process is killed, the command ends with
/// everything it started. Its output is passed on to this process's standard error. Returns the command's exit and the
/// end of its output.
///
/// This holds for the `vx` program on Linux. In other programs and on other systems the command stays in this process's
/// group, so that a signal that kills the group kills the command, but a process that leaves the group is not followed.
pub fn run_in(
    directory: &Path,
    command: &str,
    environment: Vec<(OsString, OsString)>,
    patience: Duration,
    cancelled: &dyn Fn() -> bool,
) -> io::Result<(Exit, Tail)> {
    // The directory is passed as an argument, so that no part of its name can be read as a command.
    let (program, arguments): (PathBuf, Vec<OsString>) = if cfg!(windows) {
        ("cmd".into(), vec!["/D".into(), "/C".into(), format!("cd /d \"%VX_IN%\" && {command}").into()])
    } else {
        ("/bin/sh".into(), vec!["-c".into(), "cd \"$0\" && eval \"$1\"".into(), directory.into(), command.into()])
    };
    let mut environment = environment;
    if cfg!(windows) {
        environment.push(("VX_IN".into(), directory.into()));
    }
    run_whole(ShortCommand { program, arguments, environment, pass_on: true, network: true }, patience, cancelled)
}

/// Start a program once, for at most `patience`, or until `cancelled` returns true. As in [`run_in`], it counts as
/// ended when everything it started has ended; its output is dropped. If the system lets a user do so, it is cut off
/// from the network.
pub fn try_once(
    program: &Path,
    arguments: &[String],
    patience: Duration,
    cancelled: &dyn Fn() -> bool,
) -> io::Result<Exit> {
    let arguments = arguments.iter().map(OsString::from).collect();
    let command = ShortCommand {
        program: program.to_owned(),
        arguments,
        environment: Vec::new(),
        pass_on: false,
        network: false,
    };
    run_whole(command, patience, cancelled).map(|(exit, _)| exit)
}

/// A command to run together with everything that it starts.
struct ShortCommand {
    program: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    /// Pass its output on to this process's standard error.
    pass_on: bool,
    /// Let it use the network. Only a tree can be cut off from it, and only where the system allows that.
    network: bool,
}

fn run_whole(command: ShortCommand, patience: Duration, cancelled: &dyn Fn() -> bool) -> io::Result<(Exit, Tail)> {
    #[cfg(target_os = "linux")]
    if let Some(runner) = tree::runner() {
        return run_as_tree(runner, command, patience, cancelled);
    }
    let ShortCommand { program, arguments, environment, pass_on, network: _ } = command;
    let launch = Launch {
        program,
        arguments,
        inherited: None,
        environment,
        directory: None,
        stdin: Stdin::Document(Vec::new()),
        output: launch::OutputMode::Merged,
        log: None,
        pass_on,
        keep_bytes: TAIL_BYTES,
        group: ChildGroup::Inherited,
    };
    let ended = run(launch, patience, cancelled)?;
    Ok((ended.exit, ended.tail))
}

/// Run a program as the leader of a tree, with `runner` as the runner's program.
#[cfg(target_os = "linux")]
fn run_as_tree(
    runner: &Path,
    command: ShortCommand,
    patience: Duration,
    cancelled: &dyn Fn() -> bool,
) -> io::Result<(Exit, Tail)> {
    let _adoption = tree::OrphanAdoption::begin();
    let (output, writer) = io::pipe()?;
    let (stdout, stderr) = (writer.try_clone()?.into(), writer.into());
    let ShortCommand { program, arguments, environment, pass_on, network } = command;
    let pass_on = if pass_on { PassOn::ToError } else { PassOn::Nothing };
    let outlet = Outlet::open(None, pass_on, OutputHooks::default())?;
    let capture = Capture::start(vec![output], OutputListener::new(outlet, TAIL_BYTES))?;
    let (linger, grace) = (LINGER, LEFT_GRACE);
    let runner = runner.to_owned();
    let launch = TreeLaunch {
        runner,
        program,
        arguments,
        environment,
        removed: Vec::new(),
        directory: None,
        stdin: None,
        stdout,
        stderr,
        linger,
        grace,
        network,
    };
    let mut tree = ProcessTree::start(launch)?;
    let deadline = Instant::now() + patience;
    let end = loop {
        if let Some(end) = tree.wait(10 * GLANCE)? {
            break end;
        }
        let late = Instant::now() >= deadline;
        if late || cancelled() {
            all_have_ended(left_after(tree.end(STOP_GRACE)?))?;
            return Err(stopped(late, patience));
        }
    };
    all_have_ended(end.left)?;
    Ok((end.exit, capture.finish()))
}

/// The processes left after this end. Without an end, the runner has not answered, and processes may be left.
#[cfg(target_os = "linux")]
fn left_after(end: Option<TreeEnd>) -> Survivors {
    let unseen = || Survivors { unseen: Some("its runner does not answer".into()), ..Survivors::default() };
    end.map_or_else(unseen, |end| end.left)
}

#[cfg(target_os = "linux")]
fn all_have_ended(left: Survivors) -> io::Result<()> {
    if left.is_none() { Ok(()) } else { Err(io::Error::other(format!("killed, and {left}"))) }
}

fn run(launch: Launch, patience: Duration, cancelled: &dyn Fn() -> bool) -> io::Result<Ended> {
    let (sender, receiver) = crossbeam_channel::bounded(1);
    let running = start(launch, None, move |ended| drop(sender.send(ended)))?;
    let deadline = Instant::now() + patience;
    loop {
        if let Ok(ended) = receiver.recv_timeout(10 * GLANCE) {
            return Ok(ended);
        }
        let late = Instant::now() >= deadline;
        if late || cancelled() {
            running.kill();
            let _ = receiver.recv();
            return Err(stopped(late, patience));
        }
    }
}

fn stopped(late: bool, patience: Duration) -> io::Error {
    match late {
        true => too_late(patience),
        false => io::Error::new(io::ErrorKind::Interrupted, "cancelled"),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn both_streams_of_an_answer_are_kept_apart() {
        let arguments = ["-c", "echo out; echo err >&2; exit 3"].map(OsStr::new);
        let output = output(Path::new("/bin/sh"), &arguments, Path::new("/")).expect("it runs");
        assert_eq!((output.exit, &*output.stdout, &*output.stderr), (Exit::Code(3), &b"out\n"[..], &b"err\n"[..]));
    }

    #[test]
    fn an_answer_is_kept_when_something_that_outlives_the_program_holds_its_output() {
        let arguments = ["-c", "sleep 20 & echo $!; echo err >&2"].map(OsStr::new);
        let output = output(Path::new("/bin/sh"), &arguments, Path::new("/")).expect("it runs");
        let survivor =
            String::from_utf8_lossy(&output.stdout).trim().parse().ok().and_then(rustix::process::Pid::from_raw);
        let survivor = survivor.unwrap_or_else(|| panic!("no process id in {output:?}"));
        rustix::process::kill_process(survivor, rustix::process::Signal::KILL).expect("it still sleeps");
        assert_eq!((output.exit, &*output.stderr), (Exit::Code(0), &b"err\n"[..]));
    }

    #[test]
    fn of_a_long_answer_the_beginning_is_kept() {
        let long = [vec![b'a'; KEEP_BYTES - 1], vec![b'b'; 100_000]].concat();
        let bytes = Mutex::new(Vec::new());
        keep_beginning(&*long, &bytes);
        assert_eq!(bytes.into_inner(), long[..KEEP_BYTES]);
    }

    #[test]
    fn a_command_runs_in_its_directory_whatever_its_name() {
        let parent = tempfile::tempdir().expect("a directory");
        let odd = parent.path().join("a \"b\" $(c) 'd");
        std::fs::create_dir(&odd).expect("a directory");
        let (exit, tail) =
            run_in(&odd, "echo $X; pwd", vec![("X".into(), "y z".into())], PATIENCE, &|| false).expect("it runs");
        assert!(exit.success());
        let lines = tail.lines();
        assert_eq!(lines[0], "y z");
        assert!(lines[1].ends_with("a \"b\" $(c) 'd"), "{lines:?}");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_runner_that_does_not_answer_leaves_it_open_who_is_left() {
        let error = all_have_ended(left_after(None)).expect_err("nothing is known");
        assert!(error.to_string().contains("its runner does not answer"), "{error}");
    }

    #[test]
    fn a_command_that_hangs_is_killed() {
        let hung = run_in(Path::new("/"), "exec sleep 600", Vec::new(), Duration::from_millis(100), &|| false);
        assert_eq!(hung.expect_err("it is late").kind(), io::ErrorKind::TimedOut);
    }
}
