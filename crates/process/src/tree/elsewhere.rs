//! Trees of processes on systems without subreapers: the group, or the job object, stands for the tree.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::{Child, Command, ExitCode, ExitStatus};

use super::group::{Member, Survivors};

/// Nothing to adopt here.
#[derive(Debug)]
pub struct OrphanAdoption(());

impl OrphanAdoption {
    /// No orphan comes to a process here.
    pub fn begin() -> Option<Self> {
        None
    }
}

/// No runner is ever started here.
pub fn tree_runner(_: &[OsString], _: fn() -> Vec<u32>) -> Option<ExitCode> {
    None
}

/// Nothing that concerns the whole process is changed here.
pub fn this_is_vx() {}

/// There are no runners here.
pub fn own_runner() -> Option<std::path::PathBuf> {
    None
}

#[cfg(unix)]
pub(super) fn end_adoption() {}

pub(super) fn end_orphans() -> Survivors {
    Survivors::default()
}

pub(super) fn starts_others() {}

/// Runners are not known here.
pub(super) fn spawn_runner<C>(spawn: impl FnOnce() -> io::Result<(u32, C)>) -> io::Result<C> {
    spawn().map(|(_, child)| child)
}

/// Runners are not known here.
pub(super) fn forget_runner(_: u32) {}

/// The child of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChildRole {
    /// The program.
    Program,
}

/// The command of this program, which has no runner here.
pub(super) fn under_runner(program: &Path, arguments: &[OsString]) -> (Command, ChildRole) {
    let mut command = Command::new(program);
    command.args(arguments);
    (command, ChildRole::Program)
}

/// The end of a command.
#[derive(Clone, Debug)]
pub struct CommandEnd {
    /// The command's own status.
    pub status: ExitStatus,
    /// The signal by which this process was asked to end; never here.
    pub asked: Option<i32>,
    /// No survivors, as nothing is ended here.
    pub left: Survivors,
}

impl CommandEnd {
    /// The status for this process's own end.
    pub fn to_pass_on(&self) -> ExitStatus {
        self.status
    }
}

/// Run a command to its end; `started` is called once it runs.
pub(super) fn run_command(
    command: Command,
    _: Option<&(OsString, OsString)>,
    started: impl FnOnce(),
) -> io::Result<CommandEnd> {
    let status = super::foreground::to_its_end(command, ChildRole::Program, started)?;
    Ok(CommandEnd { status, asked: None, left: Survivors::default() })
}

/// Wait for the child's end.
pub(super) fn wait_or_end(mut child: Child, _: ChildRole) -> io::Result<ExitStatus> {
    child.wait()
}

/// The environment of a process, which other processes do not see here.
#[derive(Clone, Debug, Default)]
pub struct ProcessEnvironment(());

impl ProcessEnvironment {
    /// The value of a variable.
    pub fn variable(&self, _: &str) -> Option<OsString> {
        None
    }
}

/// False: environments are not seen here.
pub fn sees_all_users() -> bool {
    false
}

/// The end of processes that were found by their environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndedProcesses {
    /// Those that were there.
    pub found: Vec<Member>,
    /// Those of them that are still there, though killed and waited for.
    pub left: Survivors,
}

/// None is found here.
pub fn with_environment(_: impl Fn(&ProcessEnvironment) -> bool + Send + Sync + 'static) -> Survivors {
    Survivors::default()
}

/// None is found here.
pub fn end_with_environment(_: impl Fn(&ProcessEnvironment) -> bool + Send + Sync + 'static) -> EndedProcesses {
    EndedProcesses::default()
}
