//! Orphans of runners that were killed: while a process adopts, they come to it and not to the system's first process.
//!
//! An orphan's runner is not known any more, so it belongs to every killed one. It is known by its session: nothing can
//! join a session, runners are the leaders of their own, and no other child of this process has one. So children in this
//! process's session, and those of runners that are alive, are never touched.

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

/// The grace of orphans.
const GRACE: Duration = Duration::from_millis(500);

/// The time that a runner has for its work beyond a grace that it is given: its own grace for orphans, its bound for
/// killed processes, and some more. A runner that takes longer was stopped.
pub(super) const RUNNER_PATIENCE: Duration = Duration::from_secs(12);

/// The pause between two looks at runners. A runner that was killed may have left a copy of itself, which is about to
/// become the program that it starts.
const RUNNER_GLANCE: Duration = Duration::from_millis(50);

/// The number of adoptions at work.
static ADOPTIONS: AtomicUsize = AtomicUsize::new(0);

/// The runners that this process started and has not collected.
pub(super) static RUNNERS: Mutex<Vec<Pid>> = Mutex::new(Vec::new());

/// While this is there, orphans come to this process, if it is the `vx` program.
#[derive(Debug)]
pub struct OrphanAdoption(());

impl OrphanAdoption {
    /// Adopt from now on. Nothing happens in a program that embeds vx, nor where an orphan might be of a stranger.
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

/// Before another program takes the place of this one: it would adopt, and never collect.
pub(crate) fn end_adoption() {
    if ADOPTIONS.load(Ordering::SeqCst) > 0 {
        let _ = set_child_subreaper(None);
    }
}

/// End the orphans that have come to this process, after a runner, or an owner of one, was killed; who is still there
/// comes back.
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

/// A runner whose owner was killed has come here, and ends its own tree.
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

/// Start a runner that this process waits for by itself: known from the start, under one lock, as those of trees are.
pub(crate) fn spawn_runner<C>(spawn: impl FnOnce() -> io::Result<(u32, C)>) -> io::Result<C> {
    let mut runners = RUNNERS.lock();
    let (pid, child) = spawn()?;
    runners.extend(i32::try_from(pid).ok().and_then(Pid::from_raw));
    Ok(child)
}

/// Forget a runner that was collected, if it was one. Its number may be a new runner's already, which is known once more.
pub(crate) fn forget_runner(pid: u32) {
    let mut runners = RUNNERS.lock();
    if let Some(at) = runners.iter().position(|known| known.as_raw_pid().cast_unsigned() == pid) {
        runners.swap_remove(at);
    }
}

/// Forget a runner, which has ended, and collect it: under the lock, since from then on its number may be another's.
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
