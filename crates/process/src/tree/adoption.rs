//! Orphans of killed runners: a process that adopts becomes their parent, in place of the system's first process.
//!
//! Which killed runner an orphan belonged to is not known any more, so orphans of all killed runners are treated alike.
//! An orphan is recognized by its session: a process can't join an existing session, each runner leads a new one, and
//! no other child of this process does. So children in this process's session, and runners that are alive, are never
//! touched.

use std::io;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rustix::process::{Pid, getpid, set_child_subreaper};

use super::ending::TreeEnding;
use super::program::orphans_are_of_trees;
use super::protocol::RUNNER;
use crate::facts::group::Survivors;
use crate::tree::members::handle::{ProcessFacts, ProcessHandle, await_any};
use crate::tree::members::obstacle::Obstacle;
use crate::tree::members::scan::Descendants;

/// Time for orphans to end after they were asked to.
const GRACE: Duration = Duration::from_millis(500);

/// Time for a runner's work beyond the grace that it is given: its own grace for orphans, its bound for killed
/// processes, and a margin. A runner that takes longer has been stopped.
pub(super) const RUNNER_PATIENCE: Duration = Duration::from_secs(12);

/// Pause between two checks of runners. A runner that was killed during a fork may have left a copy of itself, which
/// looks like a runner until it executes the program.
const RUNNER_GLANCE: Duration = Duration::from_millis(50);

/// The number of adoptions in effect.
static ADOPTIONS: AtomicUsize = AtomicUsize::new(0);

/// The runners that this process started and has not collected.
pub(super) static RUNNERS: Mutex<Vec<Pid>> = Mutex::new(Vec::new());

/// As long as this value lives, this process adopts orphans, if it is the `vx` program.
#[derive(Debug)]
pub struct OrphanAdoption(());

impl OrphanAdoption {
    /// Adopt from now on. `None` in a program that embeds vx, and if an orphan might not come from a tree.
    pub fn begin() -> Option<Self> {
        if !orphans_are_of_trees() {
            return None;
        }
        if ADOPTIONS.fetch_add(1, Ordering::SeqCst) == 0 {
            let _ = set_child_subreaper(Some(Pid::INIT));
        }
        Some(Self(()))
    }
}

impl Drop for OrphanAdoption {
    fn drop(&mut self) {
        if ADOPTIONS.fetch_sub(1, Ordering::SeqCst) == 1 {
            let _ = set_child_subreaper(None);
        }
    }
}

/// Stop adopting before another program replaces this one: that would go on adopting, and never collect.
pub(crate) fn end_adoption() {
    if ADOPTIONS.load(Ordering::SeqCst) > 0 {
        let _ = set_child_subreaper(None);
    }
}

/// End the orphans that this process has adopted after a runner, or an owner of one, was killed. Returns the survivors.
pub(crate) fn end_orphans() -> Survivors {
    if ADOPTIONS.load(Ordering::SeqCst) == 0 || !orphans_are_of_trees() {
        return Survivors::default();
    }
    let own = match ProcessFacts::read(getpid()) {
        Ok(Some(own)) => own,
        read => {
            let refused = Obstacle::from(read.err().unwrap_or_else(|| io::ErrorKind::NotFound.into()));
            return Survivors { unseen: Some(refused.to_string()), ..Survivors::default() };
        }
    };
    let mut ending = TreeEnding::from_descendants(Descendants::by_rule(move |pid, facts| {
        facts.session.is_some() && facts.session != own.session && !RUNNERS.lock().contains(&pid)
    }));
    await_runners(&mut ending);
    ending.end(GRACE, TreeEnding::await_member)
}

/// Wait for adopted runners: a runner whose owner was killed ends its tree itself.
pub(super) fn await_runners(ending: &mut TreeEnding) {
    let deadline = Instant::now() + RUNNER_PATIENCE;
    loop {
        if ending.seen_empty() {
            return;
        }
        let runners = ending.descendants.members().iter().filter(|member| is_runner(member.handle.pid));
        let runners: Vec<_> = runners.map(|member| member.handle.as_fd()).collect();
        let left = deadline.saturating_duration_since(Instant::now());
        if runners.is_empty() || left.is_zero() {
            return;
        }
        await_any(runners.into_iter(), Some(left.min(RUNNER_GLANCE)));
    }
}

fn is_runner(pid: Pid) -> bool {
    let words = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    words.split(|byte| *byte == 0).nth(1) == Some(RUNNER.as_bytes())
}

/// Start a runner that the caller waits for. It is registered under the same lock, as runners of trees are, so that no
/// other thread takes it for an orphan.
pub(crate) fn spawn_runner<C>(spawn: impl FnOnce() -> io::Result<(u32, C)>) -> io::Result<C> {
    let mut runners = RUNNERS.lock();
    let (pid, child) = spawn()?;
    runners.extend(i32::try_from(pid).ok().and_then(Pid::from_raw));
    Ok(child)
}

/// Forget a collected process, if it was a runner. Its id may already be a new runner's, which then has another entry.
pub(crate) fn forget_runner(pid: u32) {
    let mut runners = RUNNERS.lock();
    if let Some(at) = runners.iter().position(|known| known.as_raw_pid().cast_unsigned() == pid) {
        runners.swap_remove(at);
    }
}

/// Collect a runner that has ended, and forget it; both under the lock, since its id may be another's afterwards.
pub(super) fn collect_runner(handle: &ProcessHandle) {
    let mut runners = RUNNERS.lock();
    if handle.collect().is_some() || ProcessFacts::from_pid(handle.pid).is_none() {
        runners.retain(|pid| *pid != handle.pid);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_embeds_vx_adopts_nothing() {
        assert!(OrphanAdoption::begin().is_none());
        assert_eq!(rustix::process::child_subreaper(), Ok(None));
        assert!(end_orphans().is_none());
    }
}
