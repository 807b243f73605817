//! Finding the processes of a sandbox by their environment, which contains the sandbox's directory.

use std::fs;
use std::path::Path;

use rustix::process::{Pid, Signal, kill_process};

/// A process that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    pub(crate) parent: u32,
    pub(crate) group: u32,
    /// Its arguments, separated by spaces.
    pub(crate) command: String,
    /// Its variables as `NAME=value`.
    pub(crate) environment: Vec<String>,
}

/// The processes in whose environment this directory appears; empty if the system has no `/proc`.
pub(crate) fn processes_of(directory: &Path) -> Vec<Process> {
    let directory = directory.to_string_lossy();
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let processes = numbers.filter_map(process);
    processes.filter(|process| process.environment.iter().any(|variable| variable.contains(&*directory))).collect()
}

fn process(pid: u32) -> Option<Process> {
    let strings = |name: &str| {
        let bytes = fs::read(format!("/proc/{pid}/{name}")).ok()?;
        let texts = bytes.split(|byte| *byte == 0).map(|text| String::from_utf8_lossy(text).into_owned());
        Some(texts.filter(|text| !text.is_empty()).collect::<Vec<_>>())
    };
    let environment = strings("environ")?;
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may contain anything; state, parent and group follow the last parenthesis.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(1);
    let parent = fields.next()?.parse().ok()?;
    let group = fields.next()?.parse().ok()?;
    Some(Process { pid, parent, group, command: strings("cmdline")?.join(" "), environment })
}

/// Send a signal to a process. It is not an error if the process is already gone.
pub(crate) fn send(pid: u32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(pid.cast_signed()) {
        let _ = kill_process(pid, signal);
    }
}
