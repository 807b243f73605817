//! Finding processes by their environment, when neither a runner nor its owners can end them any more.
//!
//! No ancestor of these processes is a subreaper, so a process may have lost its parent. It belongs to the tree if its
//! environment says so, or if it was below such a process when it was scanned. A process that has replaced its
//! environment and lost its parent is not found.

use std::collections::HashSet;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, geteuid};

use super::adoption::await_runners;
use super::ending::TreeEnding;
use crate::facts::callers::callers;
use crate::facts::group::{MemberProcess, Survivors};
use crate::tree::members::handle::ProcessFacts;
use crate::tree::members::mark::{TREE_MARK, TreeMark};
use crate::tree::members::scan::Descendants;

/// Time for these processes to end after they were asked to.
const GRACE: Duration = Duration::from_secs(2);
/// The same for processes of a killed runner. It is shorter, because the owner waits for their end.
const RUNNERLESS_GRACE: Duration = Duration::from_millis(500);

/// The number of times that all processes are searched: a process that was passed over may have become a program of the
/// tree meanwhile.
const ROUNDS: usize = 3;
/// The longest time for repeated scans while a scan can't see everything: for example, a process has no environment for
/// a moment during an exec.
const LOOKING: Duration = Duration::from_millis(500);
/// Pause between such scans.
const GLANCE: Duration = Duration::from_millis(1);

/// The environment of a process, as it was when its program was started.
#[derive(Clone, Debug, Default)]
pub struct ProcessEnvironment {
    variables: Vec<u8>,
    is_own: bool,
}

impl ProcessEnvironment {
    /// Reads the environment of a process of this user, or for the superuser, of any user; `None` if the system does
    /// not show it.
    fn read(pid: Pid) -> Option<Self> {
        let folder = format!("/proc/{pid}");
        // The folder of a process that hides its environment from others belongs to the superuser.
        let is_own = std::fs::metadata(&folder).ok()?.uid() == geteuid().as_raw();
        (is_own || sees_all_users()).then_some(())?;
        std::fs::read(folder + "/environ").ok().map(|variables| Self { variables, is_own })
    }

    /// Returns whether `accepts` holds for the environment of a process; `None` while that is missing because the
    /// process is in an exec.
    pub(super) fn is_of(pid: Pid, accepts: impl Fn(&Self) -> bool) -> Option<bool> {
        let Some(found) = Self::read(pid) else { return Some(false) };
        // Checked after the environment was read: if the exec has finished in between, the process must be read again,
        // too.
        let is_bare = || ProcessFacts::from_pid(pid).is_none_or(|facts| facts.bare);
        (!found.variables.is_empty() || is_bare()).then(|| accepts(&found))
    }

    /// Returns whether the process is this user's. To the superuser, another user's process that hides its environment
    /// from others looks like an own one.
    pub(super) fn is_own(&self) -> bool {
        self.is_own
    }

    /// Returns the value of a variable.
    pub fn variable(&self, name: &str) -> Option<OsString> {
        let value = |entry: &[u8]| entry.strip_prefix(name.as_bytes())?.strip_prefix(b"=").map(<[u8]>::to_vec);
        self.variables.split(|byte| *byte == 0).find_map(value).map(OsString::from_vec)
    }
}

/// Returns whether this process sees the environments of all users' processes.
pub fn sees_all_users() -> bool {
    geteuid().is_root()
}

/// The end of processes that were found by their environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndedProcesses {
    /// Processes that were found.
    pub found: Vec<MemberProcess>,
    /// Those that are still running although they were killed and waited for.
    pub left: Survivors,
}

/// Finds the processes with such an environment, and those below them, except this process and its callers.
pub fn with_environment(accepts: impl Fn(&ProcessEnvironment) -> bool + Send + Sync + 'static) -> Survivors {
    let mut ending = TreeEnding::from_descendants(tree(&Arc::new(accepts)));
    look_until(&mut ending, |found| found.obstacle().is_none() && !found.members().is_empty());
    ending.seen()
}

/// End the processes with such an environment, and those below them, except this process and its callers.
pub fn end_with_environment(accepts: impl Fn(&ProcessEnvironment) -> bool + Send + Sync + 'static) -> EndedProcesses {
    // Wait for runners first: a runner whose owner was killed ends its own tree, and knows more about it.
    sweep(&Arc::new(accepts), GRACE, await_runners)
}

/// End the tree with this mark, whose runner was killed. Returns the survivors.
pub(super) fn end_marked(mark: &TreeMark) -> Survivors {
    let mark = mark.clone();
    let is_marked = move |found: &ProcessEnvironment| {
        found.is_own() && found.variable(TREE_MARK).is_some_and(|value| mark.covers(&value))
    };
    // Don't wait for runners: the owner of an inner tree's runner is in this tree, and is ended with it.
    sweep(&Arc::new(is_marked), RUNNERLESS_GRACE, |_| ()).left
}

fn sweep(
    accepts: &Arc<impl Fn(&ProcessEnvironment) -> bool + Send + Sync + 'static>,
    grace: Duration,
    before: impl Fn(&mut TreeEnding),
) -> EndedProcesses {
    let mut swept = EndedProcesses::default();
    for _ in 0..ROUNDS {
        let mut ending = TreeEnding::from_descendants(tree(accepts));
        look_until(&mut ending, |found| !found.members().is_empty());
        if ending.descendants.members().is_empty() {
            swept.left = ending.seen();
            break;
        }
        before(&mut ending);
        swept.found.extend(ending.named());
        swept.left = ending.end(grace, TreeEnding::await_member);
        if !swept.left.is_none() {
            break;
        }
    }
    swept
}

/// Scan until `holds` is true or the tree is proved empty, for `LOOKING` at most.
fn look_until(ending: &mut TreeEnding, holds: impl Fn(&Descendants) -> bool) {
    let until = Instant::now() + LOOKING;
    while !ending.seen_empty() && !holds(&ending.descendants) && Instant::now() < until {
        if ending.descendants.obstacle().is_some() {
            std::thread::sleep(GLANCE);
        }
    }
}

fn tree(accepts: &Arc<impl Fn(&ProcessEnvironment) -> bool + Send + Sync + 'static>) -> Descendants {
    let accepts = Arc::clone(accepts);
    let callers: HashSet<u32> = callers().into_iter().collect();
    Descendants::anywhere(move |pid: Pid, _: &ProcessFacts| {
        let is_caller = callers.contains(&pid.as_raw_pid().cast_unsigned());
        if is_caller { Some(false) } else { ProcessEnvironment::is_of(pid, |environment| accepts(environment)) }
    })
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// A tree that executes a program again and again: in one of ten scans it has no environment.
    const RESTLESS: &str = r#"exec "$0" -c "$1" "$0" "$1""#;

    #[test]
    fn a_process_that_is_becoming_another_program_is_found_and_ended() {
        for _ in 0..60 {
            let mark = TreeMark::new();
            let mut shell = Command::new("/bin/sh");
            shell.args(["-c", RESTLESS, "/bin/sh", RESTLESS]).env(TREE_MARK, mark.value());
            let mut shell = shell.spawn().expect("a shell");
            // Give it time to begin; it must be found whatever it is doing by then.
            std::thread::sleep(Duration::from_millis(5));

            let left = end_marked(&mark);

            // A process that was found has been collected, too.
            let is_alive = matches!(shell.try_wait(), Ok(None));
            if is_alive {
                shell.kill().and_then(|()| shell.wait()).expect("it ends");
            }
            assert!(left.is_none() && !is_alive, "{left:?}, and alive: {is_alive}");
        }
    }
}
