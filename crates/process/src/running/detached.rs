//! A program that outlives this process, and the work that this process is a part of. It leads a new session; its
//! standard input is empty and its output is discarded.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::thread;

use crossbeam_channel::{Receiver, bounded};
use process_wrap::std::CommandWrap;

use vx_base::system::variables::WORK_MARKS;
use vx_base::trouble::Trouble;

/// Creates a file without a name for a program's output. On Linux it's in memory, so a full disk can't stop us.
///
/// # Errors
/// There is no memory for it.
pub fn nameless_file() -> io::Result<File> {
    #[cfg(target_os = "linux")]
    return Ok(rustix::fs::memfd_create("vx", rustix::fs::MemfdFlags::CLOEXEC)?.into());
    #[cfg(not(target_os = "linux"))]
    tempfile::tempfile()
}

/// The most that is read from the end of a program's error output, in bytes.
const WORDS: u64 = 64 * 1024;

/// The error output of a process of vx that has ended.
#[derive(Debug, Default)]
pub struct LastWords {
    /// Its error, which it writes as a document if it was started with [`ERROR_DOCUMENT`].
    pub error: Option<Trouble>,
    /// The last line that is not such a document, for a process that ended without writing an error.
    pub line: Option<String>,
}

/// The option by which a process of vx writes its error for another process to read.
pub const ERROR_DOCUMENT: &str = "--error-document";

/// Read the error output that a process has written to its file.
pub fn last_words(file: &mut File) -> LastWords {
    let mut bytes = Vec::new();
    let begin = file.seek(SeekFrom::End(0)).map(|length| length.saturating_sub(WORDS));
    let read = begin.and_then(|begin| file.seek(SeekFrom::Start(begin))).and_then(|_| file.read_to_end(&mut bytes));
    if read.is_err() {
        return LastWords::default();
    }
    let text = String::from_utf8_lossy(&bytes);
    let lines = || text.lines().rev().map(str::trim).filter(|line| !line.is_empty());
    LastWords {
        error: lines().find_map(Trouble::of_document),
        line: lines().find(|line| Trouble::of_document(line).is_none()).map(str::to_owned),
    }
}

/// A detached program, as seen by this process as long as that runs.
#[derive(Debug)]
pub struct Detached {
    /// Its process id.
    pub pid: u32,
    /// Its status, once it has ended.
    pub ended: Receiver<io::Result<ExitStatus>>,
}

/// Start a detached program in this directory, with `variables` set and `without` removed; standard error goes to
/// `errors`.
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

/// Start a detached program whose output is discarded. If it ends while this process is still running, `ended` is
/// called with its status on another thread.
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
        // Removed last, since the variables of a client may contain marks, too.
        for mark in WORK_MARKS {
            command.env_remove(mark);
        }
    });
    #[cfg(unix)]
    command.wrap(process_wrap::std::ProcessSession);
    crate::tree::starts_others();
    let mut child = command.spawn()?;
    let pid = child.id();
    // Collect it if it ends while this process is still running.
    thread::Builder::new().name("detached".into()).spawn(move || ended(child.wait()))?;
    Ok(pid)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use vx_base::trouble::TroubleKind;

    #[test]
    fn an_error_is_read_from_its_document_and_from_no_sentence() {
        let trouble = Trouble::new(TroubleKind::Configuration, "vx.toml:1:2: error: no").hinted("mend it");
        let mut file = nameless_file().expect("a file");
        write!(file, "error: another\nhint: other\n{}\n\nthe end\n\n", trouble.to_document()).expect("it is written");
        let words = last_words(&mut file);
        assert_eq!((words.error, words.line.as_deref()), (Some(trouble), Some("the end")));
        let mut file = nameless_file().expect("a file");
        write!(file, "{}\nerror: x\nhint: y", "long\n".repeat(20_000)).expect("it is written");
        let words = last_words(&mut file);
        assert_eq!((words.error, words.line.as_deref()), (None, Some("hint: y")));
        assert_eq!(last_words(&mut nameless_file().expect("a file")).line, None);
    }
}
