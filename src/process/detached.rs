//! A program that outlives this process: in a session of its own, with nothing to read and nowhere to print.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::thread;

use process_wrap::std::CommandWrap;

/// Start it in this directory, without these variables.
///
/// # Errors
/// It cannot be started.
pub fn start_detached(program: &Path, arguments: &[OsString], directory: &Path, without: &[&str]) -> io::Result<()> {
    start_watched(program, arguments, directory, without, drop)
}

/// The same; `ended` is called with its status, on a thread of its own, if it ends while this process is still there.
///
/// # Errors
/// It cannot be started.
pub fn start_watched(
    program: &Path,
    arguments: &[OsString],
    directory: &Path,
    without: &[&str],
    ended: impl FnOnce(io::Result<ExitStatus>) + Send + 'static,
) -> io::Result<()> {
    let mut command = CommandWrap::with_new(program, |command| {
        command.args(arguments).current_dir(directory);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        for variable in without {
            command.env_remove(variable);
        }
    });
    #[cfg(unix)]
    command.wrap(process_wrap::std::ProcessSession);
    super::tree::starts_others();
    let mut child = command.spawn()?;
    // If it ends while this process is still there, it is collected.
    thread::Builder::new().name("detached".into()).spawn(move || ended(child.wait()))?;
    Ok(())
}
