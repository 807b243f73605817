//! Processes found by their environment, for what neither a runner nor its owners can end any more.
//!
//! They have no ancestor here that would be a subreaper, so parents prove little: a process belongs to the tree if its
//! environment says so, or if it was below such a process when it was looked at. One that replaces its environment and
//! has lost its parent is not found.

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

/// The time that these processes have to end after they were asked to.
const GRACE: Duration = Duration::from_secs(2);
/// The same for those of a runner that was killed: somebody waits for the end.
const RUNNERLESS_GRACE: Duration = Duration::from_millis(500);

/// The number of times that all processes are asked anew after an end: a stranger may have become a program of the tree.
const ROUNDS: usize = 3;
/// The longest that they are looked at again because a look could not see all, as while a process becomes another program:
/// that has no environment for a moment.
const LOOKING: Duration = Duration::from_millis(500);
/// The pause before the next look then.
const GLANCE: Duration = Duration::from_millis(1);

/// The environment of a process, as it was when its program was started.
#[derive(Clone, Debug, Default)]
pub struct ProcessEnvironment {
    variables: Vec<u8>,
    is_own: bool,
}

impl ProcessEnvironment {
    /// The environment of a process of this user, or for the superuser of anybody's; none where the system does not show
    /// it.
    fn read(pid: Pid) -> Option<Self> {
        let folder = format!("/proc/{pid}");
        // Processes whose environment is to be kept from others belong to the superuser there.
        let is_own = std::fs::metadata(&folder).ok()?.uid() == geteuid().as_raw();
        (is_own || sees_all_users()).then_some(())?;
        std::fs::read(folder + "/environ").ok().map(|variables| Self { variables, is_own })
    }

    /// True if a process has an environment that this accepts; none while the process has none because it is becoming
    /// another program.
    pub(super) fn is_of(pid: Pid, accepts: impl Fn(&Self) -> bool) -> Option<bool> {
        let Some(found) = Self::read(pid) else { return Some(false) };
        // Asked after the environment was read: one that has become the other program meanwhile is asked again, too.
        let is_bare = || ProcessFacts::from_pid(pid).is_none_or(|facts| facts.bare);
        (!found.variables.is_empty() || is_bare()).then(|| accepts(&found))
    }

    /// True if the process is this user's. To the superuser, a process of another user's that keeps its environment from
    /// others looks so, too.
    pub(super) fn is_own(&self) -> bool {
        self.is_own
    }

    /// The value of a variable.
    pub fn variable(&self, name: &str) -> Option<OsString> {
        let value = |entry: &[u8]| entry.strip_prefix(name.as_bytes())?.strip_prefix(b"=").map(<[u8]>::to_vec);
        self.variables.split(|byte| *byte == 0).find_map(value).map(OsString::from_vec)
    }
}

/// True if this process sees the environments of all users' processes.
pub fn sees_all_users() -> bool {
    geteuid().is_root()
}

/// The end of processes that were found by their environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndedProcesses {
    /// Those that were there.
    pub found: Vec<MemberProcess>,
    /// Those of them that are still there, though killed and waited for.
    pub left: Survivors,
}

/// The processes with such an environment, and those below them. This process and its callers are none.
pub fn with_environment(accepts: impl Fn(&ProcessEnvironment) -> bool + Send + Sync + 'static) -> Survivors {
    let mut ending = TreeEnding::from_descendants(tree(&Arc::new(accepts)));
    look_until(&mut ending, |found| found.obstacle().is_none() && !found.members().is_empty());
    ending.seen()
}

/// End them.
pub fn end_with_environment(accepts: impl Fn(&ProcessEnvironment) -> bool + Send + Sync + 'static) -> EndedProcesses {
    // A runner whose owner was killed ends its own tree, and knows more about it.
    sweep(&Arc::new(accepts), GRACE, await_runners)
}

/// End the tree with this mark, whose runner was killed; who is still there comes back.
pub(super) fn end_marked(mark: &TreeMark) -> Survivors {
    let mark = mark.clone();
    let is_marked = move |found: &ProcessEnvironment| {
        found.is_own() && found.variable(TREE_MARK).is_some_and(|value| mark.covers(&value))
    };
    // A runner of a tree inside of this one has an owner that is ended with it.
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

/// Look until this holds, or it is known that nobody is there, but for no longer than the time for looking.
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

    /// A tree that is always about to become another program: in one of ten looks it has no environment.
    const RESTLESS: &str = r#"exec "$0" -c "$1" "$0" "$1""#;

    #[test]
    fn a_process_that_is_becoming_another_program_is_found_and_ended() {
        for _ in 0..60 {
            let mark = TreeMark::new();
            let mut shell = Command::new("/bin/sh");
            shell.args(["-c", RESTLESS, "/bin/sh", RESTLESS]).env(TREE_MARK, mark.value());
            let mut shell = shell.spawn().expect("a shell");
            // Time for it to begin; whatever it does by then, it is found.
            std::thread::sleep(Duration::from_millis(5));

            let left = end_marked(&mark);

            // One that was found was collected, too.
            let is_alive = matches!(shell.try_wait(), Ok(None));
            if is_alive {
                shell.kill().and_then(|()| shell.wait()).expect("it ends");
            }
            assert!(left.is_none() && !is_alive, "{left:?}, and alive: {is_alive}");
        }
    }
}
