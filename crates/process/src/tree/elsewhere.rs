//! Process trees on systems without subreapers: only the group, or the job object, is ended.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::{Child, Command, ExitCode, ExitStatus};

use super::facts::group::{MemberProcess, Survivors};

/// Always false: guards stand on subreapers and handles of processes.
pub fn has_guards() -> bool {
    false
}

/// Adoption of orphans, which this system doesn't have.
#[derive(Debug)]
pub struct OrphanAdoption(());

impl OrphanAdoption {
    /// Always `None`.
    pub fn begin() -> Option<Self> {
        None
    }
}

/// Always `None`: this system has no runners.
pub fn tree_runner(_: &[OsString], _: fn() -> Vec<u32>) -> Option<ExitCode> {
    None
}

/// Does nothing: no state of the whole process is changed on this system.
pub fn this_is_vx() {}

/// Always `None`: this system has no runners.
pub fn own_runner() -> Option<std::path::PathBuf> {
    None
}

#[cfg(unix)]
pub(super) fn end_adoption() {}

pub(super) fn end_orphans() -> Survivors {
    Survivors::default()
}

pub(super) fn starts_others() {}

/// Starts a process without registering it as a runner.
pub(super) fn spawn_runner<C>(spawn: impl FnOnce() -> io::Result<(u32, C)>) -> io::Result<C> {
    spawn().map(|(_, child)| child)
}

/// Does nothing: runners are not registered.
pub(super) fn forget_runner(_: u32) {}

/// The child of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChildRole {
    /// The program.
    Program,
}

/// The command of this program, without a runner.
pub(super) fn under_runner(program: &Path, arguments: &[OsString]) -> (Command, ChildRole) {
    let mut command = Command::new(program);
    command.args(arguments);
    (command, ChildRole::Program)
}

/// The end of a command.
#[derive(Clone, Debug)]
pub struct CommandEnd {
    /// The command's exit status.
    pub status: ExitStatus,
    /// The signal by which this process was asked to end; always `None`.
    pub asked: Option<i32>,
    /// Always empty: this system doesn't end what a command has started.
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
    let status = super::running::foreground::to_its_end(command, ChildRole::Program, started)?;
    Ok(CommandEnd { status, asked: None, left: Survivors::default() })
}

/// Wait for the child's end.
pub(super) fn wait_or_end(mut child: Child, _: ChildRole) -> io::Result<ExitStatus> {
    child.wait()
}

/// The environment of a process, which this system does not show to others.
#[derive(Clone, Debug, Default)]
pub struct ProcessEnvironment(());

impl ProcessEnvironment {
    /// Always `None`.
    pub fn variable(&self, _: &str) -> Option<OsString> {
        None
    }
}

/// Always false: this system does not show environments.
pub fn sees_all_users() -> bool {
    false
}

/// The end of processes that were found by their environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndedProcesses {
    /// Processes that were found.
    pub found: Vec<MemberProcess>,
    /// Those that are still running although they were killed and waited for.
    pub left: Survivors,
}

/// Finds none.
pub fn with_environment(_: impl Fn(&ProcessEnvironment) -> bool + Send + Sync + 'static) -> Survivors {
    Survivors::default()
}

/// Finds and ends none.
pub fn end_with_environment(_: impl Fn(&ProcessEnvironment) -> bool + Send + Sync + 'static) -> EndedProcesses {
    EndedProcesses::default()
}
