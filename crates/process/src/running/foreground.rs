//! A program in the foreground: this process waits for it and continues afterwards.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::{Command, ExitStatus};

use crate::tree;

/// Run a program to its end in this directory, with this process's terminal and standard streams, and with these
/// variables.
///
/// Ctrl-C reaches both processes. This process ignores it and leaves the decision to the program. On Linux, any other
/// request to end this process (SIGTERM, SIGHUP) ends the program and those of its descendants whose parents still
/// live, and the status is that signal.
pub fn foreground(
    program: &Path,
    arguments: &[OsString],
    variables: &[(OsString, OsString)],
    directory: &Path,
) -> io::Result<ExitStatus> {
    let mut command = Command::new(program);
    command.args(arguments);
    carry_out(command, tree::ChildRole::Program, variables, directory)
}

/// As [`foreground`], for a program that may start others. On Linux, everything that it started ends when this process
/// is asked to end or is killed, and when Ctrl-C has ended the program. When the program ends by itself, nothing else
/// is ended, as it may have started a daemon.
pub fn foreground_tree(
    program: &Path,
    arguments: &[OsString],
    variables: &[(OsString, OsString)],
    directory: &Path,
) -> io::Result<ExitStatus> {
    let (command, below) = tree::under_runner(program, arguments);
    carry_out(command, below, variables, directory)
}

fn carry_out(
    mut command: Command,
    below: tree::ChildRole,
    variables: &[(OsString, OsString)],
    directory: &Path,
) -> io::Result<ExitStatus> {
    command.envs(variables.iter().map(|(name, value)| (name, value))).current_dir(directory);
    to_its_end(command, below, || ())
}

/// Run a command in the foreground to its end. Once it runs, `command` is dropped with the streams that it holds, and
/// then `started` is called.
pub(crate) fn to_its_end(
    mut command: Command,
    below: tree::ChildRole,
    started: impl FnOnce(),
) -> io::Result<ExitStatus> {
    // Install a handler instead of ignoring the signal, because the program would inherit an ignored signal.
    #[cfg(unix)]
    let handlers = [signal_hook::consts::SIGINT, signal_hook::consts::SIGQUIT]
        .map(|signal| signal_hook::flag::register(signal, std::sync::Arc::default()));
    let child = command.spawn();
    drop(command);
    if child.is_ok() {
        started();
    }
    let status = child.and_then(|child| tree::wait_or_end(child, below));
    #[cfg(unix)]
    for handler in handlers.into_iter().flatten() {
        signal_hook::low_level::unregister(handler);
    }
    status
}
