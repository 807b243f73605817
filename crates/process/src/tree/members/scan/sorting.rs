//! Sorts processes that are new to a scan into members, spared processes, and strangers.

use std::collections::{HashMap, HashSet};
use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::Pid;

use super::{Descendants, Roots, TreeMember, TreeScan};
use crate::tree::members::handle::{ProcessFacts, ProcessHandle, await_any};
use crate::tree::members::listing::Listing;
use crate::tree::members::obstacle::has_no_room;

/// A process with its handle, and the facts that were read after the handle was opened.
struct OpenedProcess {
    handle: ProcessHandle,
    facts: ProcessFacts,
}

/// The facts of a process without a handle: its id may be another process's by now.
pub(super) struct ObservedProcess {
    pid: Pid,
    facts: ProcessFacts,
}

/// How a process relates to the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ProcessPlace {
    Member,
    /// It is a child that the rule leaves out, or is below one, or was excluded by the caller.
    Spared,
    Outside,
    /// The rule cannot judge it yet, and the next scan asks it again.
    Changing,
}

/// Places that hold for one round of a scan only.
#[derive(Default)]
struct SortingRound {
    /// Processes that belong to the tree by their facts.
    candidates: HashSet<Pid>,
    /// Children that are left out, and the processes below them.
    spared: HashSet<Pid>,
}

impl Descendants {
    /// Read the facts of these processes, except those that are gone or hidden.
    pub(super) fn ask(&mut self, pids: &[Pid]) -> io::Result<Vec<ObservedProcess>> {
        let mut seen = Vec::new();
        for pid in pids {
            let facts = match ProcessFacts::read(*pid) {
                Err(error) if has_no_room(&error) && self.room.make() => ProcessFacts::read(*pid)?,
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => None,
                read => read?,
            };
            // With roots anywhere, nothing else would show that a skipped process is missing.
            self.met_changing |= self.roots == Roots::Anywhere && facts.as_ref().is_some_and(|facts| facts.changing);
            seen.extend(facts.filter(|facts| !facts.changing).map(|facts| ObservedProcess { pid: *pid, facts }));
        }
        Ok(seen)
    }

    /// Place each of these processes, given the lists from before and after its facts were read. Returns those whose
    /// parent has no place yet, with the parent's id.
    pub(super) fn sort(
        &mut self,
        mut seen: Vec<ObservedProcess>,
        [before, after]: [&Listing; 2],
        look: &mut TreeScan,
    ) -> io::Result<HashMap<Pid, Option<Pid>>> {
        let (mut sorted, mut candidates) = (SortingRound::default(), Vec::new());
        // A process that is not on both lists has ended, or is asked again.
        let inode_throughout = |pid: Pid| before.inode_of(pid).filter(|inode| after.inode_of(pid) == Some(*inode));
        loop {
            let count = seen.len();
            seen.retain(|ObservedProcess { pid, facts }| {
                let Some(place) = self.place_of(*pid, facts, &sorted) else { return true };
                match (place, inode_throughout(*pid)) {
                    (ProcessPlace::Member, _) => {
                        sorted.candidates.insert(*pid);
                        candidates.push(*pid);
                    }
                    (ProcessPlace::Outside, Some(inode)) => drop(self.outside.insert(*pid, inode)),
                    // Asked again by the next scan: when it ends, processes below it become children of this process.
                    (ProcessPlace::Spared, Some(_)) => drop(sorted.spared.insert(*pid)),
                    (ProcessPlace::Changing, _) => self.met_changing = true,
                    (_, None) => {}
                }
                false
            });
            if seen.len() == count {
                break;
            }
        }
        let mut unplaced: HashMap<_, _> = seen.into_iter().map(|seen| (seen.pid, seen.facts.parent)).collect();
        unplaced.extend(self.add_members(&candidates, look)?);
        Ok(unplaced)
    }

    /// The place of a process by its facts; `None` while its parent has no place.
    fn place_of(&self, pid: Pid, facts: &ProcessFacts, sorted: &SortingRound) -> Option<ProcessPlace> {
        if self.spared.contains(&pid) {
            return Some(ProcessPlace::Spared);
        }
        if self.roots == Roots::Anywhere {
            match (self.rule)(pid, facts) {
                Some(true) => return Some(ProcessPlace::Member),
                None => return Some(ProcessPlace::Changing),
                Some(false) => {}
            }
        }
        let Some(parent) = facts.parent else { return Some(ProcessPlace::Outside) };
        if parent == self.own {
            let accepted = self.roots != Roots::Anywhere && (self.rule)(pid, facts) == Some(true);
            return Some(if accepted { ProcessPlace::Member } else { ProcessPlace::Spared });
        }
        if self.outside.contains_key(&parent) {
            return Some(ProcessPlace::Outside);
        }
        if sorted.spared.contains(&parent) {
            return Some(ProcessPlace::Spared);
        }
        let is_member = || self.members.iter().any(|member| member.handle.pid == parent);
        (sorted.candidates.contains(&parent) || is_member()).then_some(ProcessPlace::Member)
    }

    /// Open a handle of each candidate, read its facts again, and make it a member if they confirm that. Returns those
    /// whose parent has no place, with the parent's id.
    fn add_members(&mut self, candidates: &[Pid], look: &mut TreeScan) -> io::Result<HashMap<Pid, Option<Pid>>> {
        let (found, outcome) = self.open(candidates);
        // The remaining members existed both before and after the candidates' facts were read.
        self.drop_ended(look);
        let ended = await_any(found.iter().map(|found| found.handle.as_fd()), Some(Duration::ZERO));
        let mut open = Vec::new();
        for (found, ended) in found.into_iter().zip(ended) {
            if !ended {
                open.push(found);
            } else if found.facts.parent == Some(self.own) && (self.rule)(found.handle.pid, &found.facts) == Some(true)
            {
                match found.handle.collect() {
                    Some(_) => look.collected += 1,
                    None => look.uncollected += 1,
                }
            }
        }
        loop {
            let before = open.len();
            for found in std::mem::take(&mut open) {
                match self.place_of(found.handle.pid, &found.facts, &SortingRound::default()) {
                    Some(ProcessPlace::Member) => {
                        self.members.push(TreeMember { start: found.facts.start, handle: found.handle });
                    }
                    _ => open.push(found),
                }
            }
            if open.len() == before {
                break;
            }
        }
        outcome.map(|()| open.into_iter().map(|found| (found.handle.pid, found.facts.parent)).collect())
    }

    /// Open the handles of all, and only then read the facts of all, so that a parent among them has its handle before
    /// its child is asked. If there is no room for all handles, the others are left to a later scan.
    fn open(&mut self, pids: &[Pid]) -> (Vec<OpenedProcess>, io::Result<()>) {
        let (mut handles, mut found) = (Vec::new(), Vec::new());
        let opened = pids.iter().try_for_each(|pid| self.open_one(*pid).map(|handle| handles.extend(handle)));
        let asked = handles.into_iter().try_for_each(|handle| {
            let facts = ProcessFacts::read(handle.pid)?.filter(|facts| !facts.changing);
            found.extend(facts.map(|facts| OpenedProcess { handle, facts }));
            Ok(())
        });
        (found, opened.and(asked))
    }

    fn open_one(&mut self, pid: Pid) -> io::Result<Option<ProcessHandle>> {
        let opened = match ProcessHandle::open(pid) {
            Err(error) if has_no_room(&error) && self.room.make() => ProcessHandle::open(pid)?,
            opened => opened?,
        };
        match opened {
            Some(handle) if !self.room.has_place_beside(handle.as_fd()) => Err(Errno::MFILE.into()),
            opened => Ok(opened),
        }
    }
}
