//! Ending a tree: its processes are asked, awaited, stopped, killed from the leaves, and looked for again.
//!
//! Every signal but one goes to a handle, never to a process id. The exception is the kill of the leader's group, which
//! also reaches processes that are just being forked; the leader, alive or as a zombie, holds that id until the tree is
//! empty.

use std::collections::HashSet;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::protocol::TreeEndCounts;
use crate::facts::group::{self, MemberProcess, Survivors};
use crate::tree::members::handle::{await_any, now_ticks};
use crate::tree::members::obstacle::Obstacle;
use crate::tree::members::scan::{Descendants, TreeScan};

/// The longest wait for killed processes, whose end the system doesn't bound.
const PATIENCE: Duration = Duration::from_secs(10);
/// Pauses between two scans of a tree in which no known process ends: the first, and the longest.
const PAUSES: [Duration; 2] = [Duration::from_millis(10), Duration::from_millis(200)];
/// The longest wait for killed processes before the next scan.
const KILLED: Duration = Duration::from_millis(20);
/// The wait before the next scan when the last one found no living member, only ended ones to collect.
const UNSEEN: Duration = Duration::from_millis(1);
/// The number of scans for processes that were started before their parents were stopped. A tree that grows for longer
/// is killed while it grows.
const STOPPING_LOOKS: usize = 4;
/// The number of clean scans in a row that prove a tree empty.
const CLEAN_LOOKS: usize = 2;

/// A tree whose end is awaited, or brought about.
pub(super) struct TreeEnding {
    pub descendants: Descendants,
    pub counts: TreeEndCounts,
    clean: usize,
    /// The time at which members were first asked to end, in ticks since the system's boot.
    asked_at: Option<u64>,
    asked: HashSet<(Pid, u64)>,
    /// The signal by which members are asked to end.
    signal: Signal,
    pause: Duration,
}

impl TreeEnding {
    /// A tree that consists of these processes.
    pub(super) fn from_descendants(descendants: Descendants) -> Self {
        let counts = TreeEndCounts::default();
        Self {
            descendants,
            counts,
            clean: 0,
            asked_at: None,
            asked: HashSet::new(),
            signal: Signal::TERM,
            pause: PAUSES[0],
        }
    }

    /// Ask with this signal instead of SIGTERM.
    pub(super) fn ask_with(&mut self, signal: Signal) {
        self.signal = signal;
    }

    /// Scan once more. Returns whether the tree is empty.
    ///
    /// A scan is clean if it is complete, finds no living member and collects none: a process that forks and exits
    /// faster than a scan sees it leaves one zombie to collect with every step.
    pub(super) fn seen_empty(&mut self) -> bool {
        let TreeScan { collected, complete, .. } = self.descendants.scan();
        self.counts.looks += 1;
        let clean = complete && collected == 0 && self.descendants.members().is_empty();
        self.clean = if clean { self.clean + 1 } else { 0 };
        self.clean >= CLEAN_LOOKS
    }

    /// Scan as often as it takes to prove the tree empty, if it is.
    pub(super) fn is_empty(&mut self) -> bool {
        (0..CLEAN_LOOKS).any(|_| self.seen_empty())
    }

    /// End the tree: ask, wait for the grace, kill. `wait` returns when a member ends or the given pause is over; it
    /// may return another grace, which counts if it is shorter. Returns the survivors, and the reason if there may be
    /// unseen ones.
    pub(super) fn end(
        &mut self,
        grace: Duration,
        mut wait: impl FnMut(&Self, Duration) -> Option<Duration>,
    ) -> Survivors {
        let asked_at = Instant::now();
        let mut until = asked_at + grace;
        while Instant::now() < until {
            if self.seen_empty() {
                return Survivors::default();
            }
            self.ask();
            let pause = self.pause().min(until.saturating_duration_since(Instant::now()));
            if let Some(grace) = wait(self, pause) {
                until = until.min(asked_at + grace);
            }
        }
        let killed_at = Instant::now();
        let left = self.kill();
        self.counts.killing_us = u64::try_from(killed_at.elapsed().as_micros()).ok();
        left
    }

    /// Wait for the end of a member, for this pause at most.
    pub(super) fn await_member(&self, pause: Duration) -> Option<Duration> {
        await_any(self.handles(), Some(pause));
        None
    }

    /// Ask each member once to end, if it was started before the first call.
    fn ask(&mut self) {
        if self.asked_at.is_none() {
            // Scan again to find members that were started during the last scan.
            self.seen_empty();
            self.pause = PAUSES[0];
        }
        // At the first call, all members are asked. Later, a member counts as part of the clean-up of those just asked
        // if it started in the tick of the first call or after it, since a tick is long.
        let before = self.asked_at.unwrap_or(u64::MAX);
        self.asked_at.get_or_insert_with(now_ticks);
        for member in self.descendants.members().iter().filter(|member| member.start < before) {
            if self.asked.insert((member.handle.pid, member.start)) {
                self.counts.asked += usize::from(member.handle.signal(self.signal));
                // A stopped process acts on a signal only once it runs again.
                member.handle.signal(Signal::CONT);
            }
        }
    }

    /// The members' handles, which become ready when a member ends.
    pub(super) fn handles(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.descendants.members().iter().map(|member| member.handle.as_fd())
    }

    /// The longest wait before the next scan, which grows from scan to scan. Zero after a clean scan.
    pub(super) fn pause(&mut self) -> Duration {
        if self.clean > 0 {
            return Duration::ZERO;
        }
        let longer = (self.pause * 2).min(PAUSES[1]);
        std::mem::replace(&mut self.pause, longer)
    }

    /// Kill every member, and scan until none is found, for ten seconds at most. Returns the survivors.
    ///
    /// Members are stopped from the root, so that no parent acts on the end of its child. They are killed from the
    /// leaves: if this process is killed midway, the remaining members are still below their parents.
    fn kill(&mut self) -> Survivors {
        let deadline = Instant::now() + PATIENCE;
        self.clean = 0;
        while Instant::now() < deadline {
            if self.stop_all() {
                return Survivors::default();
            }
            for member in self.descendants.members().iter().rev() {
                self.counts.killed += usize::from(member.handle.signal(Signal::KILL));
            }
            if let Some(leader) = self.descendants.leader() {
                let _ = kill_process_group(leader, Signal::KILL);
            }
            match self.descendants.members().is_empty() {
                true => std::thread::sleep(UNSEEN),
                false => await_all(self.handles().collect(), Instant::now() + KILLED),
            }
        }
        let mut left = self.seen();
        if left.is_none() {
            // Only two clean scans prove that no process is left.
            left.unseen = Some(Obstacle::Restless.to_string());
        }
        left
    }

    /// The members that the last scan found, and the reason why it may have missed some.
    pub(super) fn seen(&self) -> Survivors {
        Survivors { seen: self.named(), unseen: self.descendants.obstacle().map(ToString::to_string) }
    }

    /// Stop every member, including those that were started meanwhile. Returns whether the tree is empty.
    fn stop_all(&mut self) -> bool {
        let mut stopped = HashSet::new();
        for _ in 0..STOPPING_LOOKS {
            if self.seen_empty() {
                return true;
            }
            let before = stopped.len();
            for member in self.descendants.members() {
                if stopped.insert((member.handle.pid, member.start)) {
                    member.handle.signal(Signal::STOP);
                }
            }
            if stopped.len() == before && self.clean == 0 {
                return false;
            }
        }
        false
    }

    /// The members by name, each with its reaction to a request to end.
    pub(super) fn named(&self) -> Vec<MemberProcess> {
        let members = self.descendants.members().iter();
        members.filter_map(|member| group::named(member.handle.pid.as_raw_pid().cast_unsigned())).collect()
    }
}

/// Wait until all of these processes have ended, until `deadline` at most.
fn await_all(mut handles: Vec<BorrowedFd<'_>>, deadline: Instant) {
    while !handles.is_empty()
        && let Some(left) = deadline.checked_duration_since(Instant::now())
    {
        let mut ended = await_any(handles.iter().copied(), Some(left)).into_iter();
        handles.retain(|_| !ended.next().unwrap_or(false));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Child, Command, Stdio};

    struct Led {
        ending: TreeEnding,
        directory: tempfile::TempDir,
        _shell: Child,
    }

    impl Led {
        /// A tree led by a shell that runs this script; returned once the script is ready.
        fn by(script: &str) -> Self {
            let directory = tempfile::tempdir().expect("a directory");
            let script = format!("cd '{}'; {script}", directory.path().display());
            let shell = Command::new("/bin/sh").args(["-c", &script]).stdout(Stdio::null()).spawn().expect("a shell");
            let pid = Pid::from_child(&shell);
            let mut descendants = Descendants::by_rule(move |found, _| found == pid);
            descendants.lead_by(pid).expect("it is there");
            while !directory.path().join("ready").exists() {
                std::thread::sleep(Duration::from_millis(2));
            }
            Self { ending: TreeEnding::from_descendants(descendants), directory, _shell: shell }
        }
    }

    impl Drop for Led {
        fn drop(&mut self) {
            self.ending.kill();
        }
    }

    #[test]
    fn a_member_is_asked_once_and_those_that_start_later_are_not() {
        let clean_up = "(trap \"echo later >> said\" TERM; sleep 30 & wait) & sleep 0.1";
        let mut tree =
            Led::by(&format!("trap 'echo asked >> said; {clean_up}' TERM; : > ready; while :; do sleep 0.05; done"));
        for _ in 0..20 {
            assert!(!tree.ending.seen_empty());
            tree.ending.ask();
            std::thread::sleep(Duration::from_millis(20));
        }
        let said = std::fs::read_to_string(tree.directory.path().join("said")).expect("it was asked");
        assert_eq!(said, "asked\n");
        assert!(tree.ending.kill().is_none());
    }

    #[test]
    fn a_member_that_ignores_the_request_is_killed_and_its_status_is_kept() {
        let mut tree = Led::by("trap '' TERM; : > ready; while :; do sleep 0.05; done");
        assert!(!tree.ending.seen_empty());
        tree.ending.ask();
        std::thread::sleep(Duration::from_millis(50));
        assert!(!tree.ending.seen_empty(), "it ignores the request");
        assert!(tree.ending.kill().is_none());
        assert!(tree.ending.counts.killed >= 1, "{:?}", tree.ending.counts);
        let signal = tree.ending.descendants.leader_status().and_then(|status| status.terminating_signal());
        assert_eq!(signal, Some(9));
    }
}
