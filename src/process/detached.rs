//! A program that outlives this process, and the work that this process is a part of: in a session of its own, with nothing
//! to read and nowhere to print.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::thread;

use crossbeam_channel::{Receiver, bounded};
use process_wrap::std::CommandWrap;

use crate::variables::WORK_MARKS;

/// A file without a name for what such a program prints. On Linux it's in memory, so a full disk can't stop us.
///
/// # Errors
/// There is no memory for it.
pub fn nameless_file() -> io::Result<File> {
    #[cfg(target_os = "linux")]
    return Ok(rustix::fs::memfd_create("vx", rustix::fs::MemfdFlags::CLOEXEC)?.into());
    #[cfg(not(target_os = "linux"))]
    tempfile::tempfile()
}

/// A program that outlives this process, while this process is there.
#[derive(Debug)]
pub struct Detached {
    /// Its number.
    pub pid: u32,
    /// Its status, once it has ended.
    pub ended: Receiver<io::Result<ExitStatus>>,
}

/// Start it in this directory, with these variables and without those, and with this file for its errors.
///
/// # Errors
/// It cannot be started.
pub fn start_detached_for(
    program: &Path,
    arguments: &[OsString],
    directory: &Path,
    (variables, without): (&[(&str, &OsStr)], &[&str]),
    errors: File,
) -> io::Result<Detached> {
    let (sender, ended) = bounded(1);
    let change = |command: &mut Command| {
        for name in without {
            command.env_remove(name);
        }
        command.envs(variables.iter().copied()).stderr(errors);
    };
    let pid = start_changed(program, arguments, directory, change, move |status| drop(sender.send(status)))?;
    Ok(Detached { pid, ended })
}

/// The same, without a file; `ended` is called with its status, on a thread of its own, if it ends while this process is still there.
///
/// # Errors
/// It cannot be started.
pub fn start_watched(
    program: &Path,
    arguments: &[OsString],
    directory: &Path,
    ended: impl FnOnce(io::Result<ExitStatus>) + Send + 'static,
) -> io::Result<()> {
    start_changed(program, arguments, directory, |_| {}, ended).map(drop)
}

fn start_changed(
    program: &Path,
    arguments: &[OsString],
    directory: &Path,
    change: impl FnOnce(&mut Command),
    ended: impl FnOnce(io::Result<ExitStatus>) + Send + 'static,
) -> io::Result<u32> {
    let mut command = CommandWrap::with_new(program, |command| {
        command.args(arguments).current_dir(directory);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        change(command);
        // Last, since the variables of a client may have marks, too.
        for mark in WORK_MARKS {
            command.env_remove(mark);
        }
    });
    #[cfg(unix)]
    command.wrap(process_wrap::std::ProcessSession);
    super::tree::starts_others();
    let mut child = command.spawn()?;
    let pid = child.id();
    // If it ends while this process is still there, it is collected.
    thread::Builder::new().name("detached".into()).spawn(move || ended(child.wait()))?;
    Ok(pid)
}
