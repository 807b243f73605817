//! The place of each process that a look has not known: a member, spared, or a stranger.

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

/// A process with a handle and the facts read after that was opened.
struct OpenedProcess {
    handle: ProcessHandle,
    facts: ProcessFacts,
}

/// A process by its facts, without a handle: its number may be another's by now.
pub(super) struct ObservedProcess {
    pid: Pid,
    facts: ProcessFacts,
}

/// The place of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ProcessPlace {
    Member,
    /// Below this process, by a child that the rule leaves out.
    Spared,
    Outside,
    /// Nowhere yet: the rule cannot judge it, and the next look asks it again.
    Changing,
}

/// Processes whose place is known for this round of a look alone.
#[derive(Default)]
struct SortingRound {
    /// Those that belong to the tree by what was read of them.
    candidates: HashSet<Pid>,
    /// Children that are left out, and those below them.
    spared: HashSet<Pid>,
}

impl Descendants {
    /// Read the facts of these processes; skip those that are gone or hidden.
    pub(super) fn ask(&mut self, pids: &[Pid]) -> io::Result<Vec<ObservedProcess>> {
        let mut seen = Vec::new();
        for pid in pids {
            let facts = match ProcessFacts::read(*pid) {
                Err(error) if has_no_room(&error) && self.room.make() => ProcessFacts::read(*pid)?,
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => None,
                read => read?,
            };
            // If a parent tells nothing, nothing else would show that this one is missing.
            self.met_changing |= self.roots == Roots::Anywhere && facts.as_ref().is_some_and(|facts| facts.changing);
            seen.extend(facts.filter(|facts| !facts.changing).map(|facts| ObservedProcess { pid: *pid, facts }));
        }
        Ok(seen)
    }

    /// Give each of these its place, between the list from before they were asked and that from after; those whose parent is
    /// not known come back, with its number.
    pub(super) fn sort(
        &mut self,
        mut seen: Vec<ObservedProcess>,
        [before, after]: [&Listing; 2],
        look: &mut TreeScan,
    ) -> io::Result<HashMap<Pid, Option<Pid>>> {
        let (mut sorted, mut candidates) = (SortingRound::default(), Vec::new());
        // One that was not there throughout has ended, or is asked again.
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
                    // The next look asks it again: what is below it comes to this process when it ends.
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

    /// The place of a process, by its facts.
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

    /// Take these as members, as far as they are: each gets a handle, and is asked again. Those whose parent is not known come
    /// back, with its number.
    fn add_members(&mut self, candidates: &[Pid], look: &mut TreeScan) -> io::Result<HashMap<Pid, Option<Pid>>> {
        let (found, outcome) = self.open(candidates);
        // From here on a member that is there was there before and after its child was asked for it.
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

    /// Open a handle of each of these, and then ask each: a parent among them has its handle before its child is asked.
    /// If there is no room for all, the others are left to a later look.
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
