//! A program in the foreground: this process waits for it and continues afterwards.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::{Command, ExitStatus};

use super::tree;

/// Run a program with the terminal, the standard streams and these variables, in this directory, to its end.
///
/// Ctrl-C reaches both processes. This one does not act on it: the program decides. On Linux, another request to end this
/// process (SIGTERM, SIGHUP) ends the program with all that is below it, and the status is that signal. At the program's
/// own end nothing else is ended, as it may have started a daemon.
pub fn foreground(
    program: &Path,
    arguments: &[OsString],
    variables: &[(OsString, OsString)],
    directory: &Path,
) -> io::Result<ExitStatus> {
    let variables = variables.iter().map(|(name, value)| (name, value));
    let mut command = Command::new(program);
    command.args(arguments).envs(variables).current_dir(directory);
    // Install a handler instead of ignoring the signal, because the program would inherit that.
    #[cfg(unix)]
    let handlers = [signal_hook::consts::SIGINT, signal_hook::consts::SIGQUIT]
        .map(|signal| signal_hook::flag::register(signal, std::sync::Arc::default()));
    let status = command.spawn().and_then(tree::wait_or_end);
    #[cfg(unix)]
    for handler in handlers.into_iter().flatten() {
        signal_hook::low_level::unregister(handler);
    }
    status
}

/// End by the signal that ended this program, if one did; otherwise return its exit code.
pub fn end_alike(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        let _ = signal_hook::low_level::emulate_default_handler(signal);
        return u8::try_from(128 + signal).unwrap_or(1);
    }
    // A status outside of an exit code's range is a failure.
    status.code().map_or(1, |code| u8::try_from(code).unwrap_or(1))
}
