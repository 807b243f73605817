//! Short commands: asked for one answer, given a bounded time for it.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, bounded};
use parking_lot::Mutex;
use process_wrap::std::CommandWrap;

use super::Tail;
use super::start::{Ended, Exit, Group, Launch, start};

/// How long a short command may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often a short command is looked at.
const GLANCE: Duration = Duration::from_millis(5);
/// How much of each stream of an answer is kept: the beginning of it.
const KEEP_BYTES: usize = 4 * 1024 * 1024;
/// How long to wait for the end of both streams once the program has ended.
const LEFT_OPEN: Duration = Duration::from_secs(1);

/// How much of the end of what a shell command prints is kept.
const TAIL_BYTES: usize = 8 * 1024;

/// What a short command answered.
#[derive(Debug)]
pub struct Output {
    /// How it ended.
    pub exit: Exit,
    /// The beginning of its standard output.
    pub stdout: Vec<u8>,
    /// The beginning of its standard error.
    pub stderr: Vec<u8>,
}

/// Run a program with these arguments and nothing on its standard input. It is killed, and an error returned, when it
/// takes longer than 30 seconds.
pub fn output(program: &Path, arguments: &[&OsStr]) -> io::Result<Output> {
    let mut command = CommandWrap::with_new(program, |command| {
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    });
    #[cfg(unix)]
    command.wrap(process_wrap::std::ProcessGroup::leader());
    #[cfg(windows)]
    command.wrap(process_wrap::std::JobObject);
    let mut child = command.spawn()?;
    let stdout = read_aside(child.stdout().take());
    let stderr = read_aside(child.stderr().take());
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
    Ok(Output { exit: status.into(), stdout: answer(&stdout, until), stderr: answer(&stderr, until) })
}

/// What came of a stream so far, and a channel that closes with it.
struct Aside {
    bytes: Arc<Mutex<Vec<u8>>>,
    finished: Receiver<()>,
}

/// Both streams are read at once, so that a program that fills one is not held up while the other is read.
fn read_aside(stream: Option<impl Read + Send + 'static>) -> Aside {
    let bytes = Arc::new(Mutex::new(Vec::new()));
    let shared = Arc::clone(&bytes);
    let (sender, finished) = bounded(1);
    thread::spawn(move || {
        if let Some(stream) = stream {
            keep_beginning(stream, &shared);
        }
        let _ = sender.send(());
    });
    Aside { bytes, finished }
}

/// Read to the end, so that the writer is never held up, and keep the beginning.
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

/// A process that outlives the program may hold its output open: what came by then is kept, and more is not waited for
/// much longer.
fn answer(stream: &Aside, until: Instant) -> Vec<u8> {
    let _ = stream.finished.recv_deadline(until);
    std::mem::take(&mut stream.bytes.lock())
}

fn too_late(patience: Duration) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, format!("no end after {} s", patience.as_secs_f32()))
}

/// Run a shell command in a directory, at most `patience` long, until `cancelled` says so.
///
/// It stays in this process's group: who kills that one kills the command with all it started. What it prints goes on to
/// this process's standard error. Returns how it ended and the last of what it printed.
pub fn run_in(
    directory: &Path,
    command: &str,
    environment: Vec<(OsString, OsString)>,
    patience: Duration,
    cancelled: &dyn Fn() -> bool,
) -> io::Result<(Exit, Tail)> {
    // The directory goes in as an argument, so that no name of it can be read as a part of the command.
    let (program, arguments): (PathBuf, Vec<OsString>) = if cfg!(windows) {
        ("cmd".into(), vec!["/D".into(), "/C".into(), format!("cd /d \"%VX_IN%\" && {command}").into()])
    } else {
        ("/bin/sh".into(), vec!["-c".into(), "cd \"$0\" && eval \"$1\"".into(), directory.into(), command.into()])
    };
    let mut environment = environment;
    if cfg!(windows) {
        environment.push(("VX_IN".into(), directory.into()));
    }
    let launch = Launch {
        program,
        arguments,
        environment,
        document: Vec::new(),
        log: None,
        heading: None,
        pass_on: true,
        keep_bytes: TAIL_BYTES,
        group: Group::Inherited,
    };
    let ended = run(launch, patience, cancelled)?;
    Ok((ended.exit, ended.tail))
}

fn run(launch: Launch, patience: Duration, cancelled: &dyn Fn() -> bool) -> io::Result<Ended> {
    let (sender, receiver) = crossbeam_channel::bounded(1);
    let running = start(launch, move |ended| drop(sender.send(ended)))?;
    let deadline = Instant::now() + patience;
    loop {
        if let Ok(ended) = receiver.recv_timeout(10 * GLANCE) {
            return Ok(ended);
        }
        let late = Instant::now() >= deadline;
        if late || cancelled() {
            running.kill();
            let _ = receiver.recv();
            return Err(match late {
                true => too_late(patience),
                false => io::Error::new(io::ErrorKind::Interrupted, "cancelled"),
            });
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn both_streams_of_an_answer_are_kept_apart() {
        let arguments = ["-c", "echo out; echo err >&2; exit 3"].map(OsStr::new);
        let output = output(Path::new("/bin/sh"), &arguments).expect("it runs");
        assert_eq!((output.exit, &*output.stdout, &*output.stderr), (Exit::Code(3), &b"out\n"[..], &b"err\n"[..]));
    }

    #[test]
    fn an_answer_is_kept_when_something_that_outlives_the_program_holds_its_output() {
        let arguments = ["-c", "sleep 20 & echo $!; echo err >&2"].map(OsStr::new);
        let output = output(Path::new("/bin/sh"), &arguments).expect("it runs");
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
    fn a_command_that_hangs_is_killed() {
        let hung = run_in(Path::new("/"), "exec sleep 600", Vec::new(), Duration::from_millis(100), &|| false);
        assert_eq!(hung.expect_err("it is late").kind(), io::ErrorKind::TimedOut);
    }
}
