//! Replacing this process by another program, which then owns its signals, terminal and exit code.

use std::ffi::OsString;
use std::io;
use std::path::Path;
#[cfg(unix)]
use std::process::Command;
use std::process::ExitCode;

/// Replace this process by a program, with these variables set beside the inherited ones.
///
/// # Errors
/// Returns only if the program cannot be run, with the system's reason.
#[cfg(unix)]
pub fn replace(file: &Path, arguments: &[OsString], variables: &[(OsString, OsString)]) -> io::Result<ExitCode> {
    use std::os::unix::process::CommandExt;

    crate::tree::end_adoption();
    let variables = variables.iter().map(|(name, value)| (name, value));
    Err(Command::new(file).args(arguments).envs(variables).exec())
}

/// This system cannot replace a process, so the program runs as a child that ends with this process, and its exit code
/// becomes this process's.
#[cfg(not(unix))]
pub fn replace(file: &Path, arguments: &[OsString], variables: &[(OsString, OsString)]) -> io::Result<ExitCode> {
    use process_wrap::std::CommandWrap;

    let mut command = CommandWrap::with_new(file, |command| {
        command.args(arguments).envs(variables.iter().map(|(name, value)| (name, value)));
    });
    #[cfg(windows)]
    command.wrap(process_wrap::std::JobObject);
    let status = command.spawn()?.wait()?;
    // A status outside the range of exit codes counts as a failure.
    Ok(status.code().map_or(ExitCode::FAILURE, |code| ExitCode::from(u8::try_from(code).unwrap_or(1))))
}
