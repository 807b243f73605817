//! A program in the foreground: this process waits for it and continues afterwards.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::{Command, ExitStatus};

use crate::tree;

/// Run a program with the terminal, the standard streams and these variables, in this directory, to its end.
///
/// Ctrl-C reaches both processes. This one does not act on it: the program decides. On Linux, another request to end this
/// process (SIGTERM, SIGHUP) ends the program with those below it that have not left their parents, and the status is
/// that signal.
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

/// The same for a program that may start others. On Linux, all that it started ends when this process is asked to end or
/// is killed, and when Ctrl-C has ended the program. At the program's own end nothing else is ended, as it may have
/// started a daemon.
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

/// Run a command in the foreground to its end. Its description is dropped once it runs, with the streams that it holds;
/// then `started` is called.
pub(crate) fn to_its_end(
    mut command: Command,
    below: tree::ChildRole,
    started: impl FnOnce(),
) -> io::Result<ExitStatus> {
    // Install a handler instead of ignoring the signal, because the program would inherit that.
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
