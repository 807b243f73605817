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
use std::time::Duration;

use rustix::process::{Pid, geteuid};

use super::adoption::await_runners;
use super::ending::Ending;
use super::handle::Facts;
use super::look::Descendants;
use super::mark::{TREE_MARK, TreeMark};
use crate::process::callers::callers;
use crate::process::group::{Member, Survivors};

/// The time that these processes have to end after they were asked to.
const GRACE: Duration = Duration::from_secs(2);
/// The same for those of a runner that was killed: somebody waits for the end.
const RUNNERLESS_GRACE: Duration = Duration::from_millis(500);

/// The number of times that all processes are looked at anew: a process that is about to become another program has no
/// environment for a moment.
const ROUNDS: usize = 3;

/// The environment of a process, as it was when its program was started.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    variables: Vec<u8>,
    is_own: bool,
}

impl Environment {
    /// The environment of a process of this user, or for the superuser of anybody's; none where the system does not show
    /// it.
    pub(super) fn of(pid: Pid) -> Option<Self> {
        let folder = format!("/proc/{pid}");
        // Processes whose environment is to be kept from others belong to the superuser there.
        let is_own = std::fs::metadata(&folder).ok()?.uid() == geteuid().as_raw();
        (is_own || sees_all_users()).then_some(())?;
        std::fs::read(folder + "/environ").ok().map(|variables| Self { variables, is_own })
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
pub struct Swept {
    /// Those that were there.
    pub found: Vec<Member>,
    /// Those of them that are still there, though killed and waited for.
    pub left: Survivors,
}

/// The processes with such an environment, and those below them. This process and its callers are none.
pub fn with_environment(accepts: impl Fn(&Environment) -> bool + Send + Sync + 'static) -> Survivors {
    let mut ending = Ending::of(tree(&Arc::new(accepts)));
    for _ in 0..ROUNDS {
        ending.seen_empty();
        if ending.descendants.obstacle().is_none() {
            break;
        }
    }
    ending.seen()
}

/// End them.
pub fn end_with_environment(accepts: impl Fn(&Environment) -> bool + Send + Sync + 'static) -> Swept {
    // A runner whose owner was killed ends its own tree, and knows more about it.
    sweep(&Arc::new(accepts), GRACE, await_runners)
}

/// End the tree with this mark, whose runner was killed; who is still there comes back.
pub(super) fn end_marked(mark: &TreeMark) -> Survivors {
    let mark = mark.clone();
    let is_marked =
        move |found: &Environment| found.is_own() && found.variable(TREE_MARK).is_some_and(|value| mark.covers(&value));
    // A runner of a tree inside of this one has an owner that is ended with it.
    sweep(&Arc::new(is_marked), RUNNERLESS_GRACE, |_| ()).left
}

fn sweep(
    accepts: &Arc<impl Fn(&Environment) -> bool + Send + Sync + 'static>,
    grace: Duration,
    before: impl Fn(&mut Ending),
) -> Swept {
    let mut swept = Swept::default();
    for _ in 0..ROUNDS {
        let mut ending = Ending::of(tree(accepts));
        if ending.seen_empty() || ending.descendants.members().is_empty() {
            swept.left = ending.seen();
            if swept.left.is_none() {
                break;
            }
            continue;
        }
        before(&mut ending);
        swept.found.extend(ending.named());
        swept.left = ending.end(grace, Ending::await_member);
        if !swept.left.is_none() {
            break;
        }
    }
    swept
}

fn tree(accepts: &Arc<impl Fn(&Environment) -> bool + Send + Sync + 'static>) -> Descendants {
    let accepts = Arc::clone(accepts);
    let callers: HashSet<u32> = callers().into_iter().collect();
    Descendants::anywhere(move |pid: Pid, _: &Facts| {
        let is_caller = callers.contains(&pid.as_raw_pid().cast_unsigned());
        !is_caller && Environment::of(pid).is_some_and(|environment| accepts(&environment))
    })
}
