//! A program at work in place of this one, which waits for it and goes on afterwards.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::{Command, ExitStatus};

/// Run a program with the terminal, the standard streams and these variables, in this directory, to its end.
///
/// Ctrl-C goes to both: this process lets the program decide what comes of it.
pub fn foreground(
    program: &Path,
    arguments: &[OsString],
    variables: &[(OsString, OsString)],
    directory: &Path,
) -> io::Result<ExitStatus> {
    let variables = variables.iter().map(|(name, value)| (name, value));
    let mut command = Command::new(program);
    command.args(arguments).envs(variables).current_dir(directory);
    // A handler, not the signal ignored: the program would inherit that.
    #[cfg(unix)]
    let handlers = [signal_hook::consts::SIGINT, signal_hook::consts::SIGQUIT]
        .map(|signal| signal_hook::flag::register(signal, std::sync::Arc::default()));
    let status = command.status();
    #[cfg(unix)]
    for handler in handlers.into_iter().flatten() {
        signal_hook::low_level::unregister(handler);
    }
    status
}

/// End as this program has ended: of the same signal, where it was one. Comes back with the exit code otherwise.
pub fn end_alike(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        let _ = signal_hook::low_level::emulate_default_handler(signal);
        return u8::try_from(128 + signal).unwrap_or(1);
    }
    // What does not fit into an exit code is a failure all the same.
    status.code().map_or(1, |code| u8::try_from(code).unwrap_or(1))
}
