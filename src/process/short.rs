//! Short commands: asked for one answer, given a bounded time for it.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Tail;
use super::start::{Ended, Exit, Launch, start};

/// How long a short command may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How much of an answer is kept: the end of it.
const KEEP_BYTES: usize = 1024 * 1024;

/// What a short command answered.
#[derive(Debug)]
pub struct Output {
    /// How it ended.
    pub exit: Exit,
    /// The last lines it printed, to either stream.
    pub lines: Vec<String>,
}

/// Run a program with these arguments and nothing on its standard input. It is killed, and an error returned, when it
/// takes longer than 30 seconds.
pub fn output(program: &OsStr, arguments: &[&str]) -> io::Result<Output> {
    let arguments = arguments.iter().map(OsString::from).collect();
    let launch = Launch {
        program: program.into(),
        arguments,
        environment: Vec::new(),
        document: Vec::new(),
        log: None,
        keep_bytes: KEEP_BYTES,
    };
    let ended = run(launch, PATIENCE, &|| false)?;
    Ok(Output { exit: ended.exit, lines: ended.tail.lines() })
}

/// Run a shell command in a directory, at most `patience` long, until `cancelled` says so.
///
/// Returns how it ended and the last of what it printed.
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
    let launch = Launch { program, arguments, environment, document: Vec::new(), log: None, keep_bytes: KEEP_BYTES };
    let ended = run(launch, patience, cancelled)?;
    Ok((ended.exit, ended.tail))
}

fn run(launch: Launch, patience: Duration, cancelled: &dyn Fn() -> bool) -> io::Result<Ended> {
    const GLANCE: Duration = Duration::from_millis(50);
    let (sender, receiver) = crossbeam_channel::bounded(1);
    let running = start(launch, move |ended| drop(sender.send(ended)))?;
    let deadline = std::time::Instant::now() + patience;
    loop {
        if let Ok(ended) = receiver.recv_timeout(GLANCE) {
            return Ok(ended);
        }
        let late = std::time::Instant::now() >= deadline;
        if late || cancelled() {
            running.kill();
            let _ = receiver.recv();
            return Err(match late {
                true => io::Error::new(io::ErrorKind::TimedOut, format!("no end after {} s", patience.as_secs())),
                false => io::Error::new(io::ErrorKind::Interrupted, "cancelled"),
            });
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

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
        let hung = run_in(Path::new("/"), "sleep 600", Vec::new(), Duration::from_millis(100), &|| false);
        assert_eq!(hung.expect_err("it is late").kind(), io::ErrorKind::TimedOut);
    }
}
