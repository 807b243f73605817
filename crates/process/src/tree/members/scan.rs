//! All processes below this one, or below processes that a rule names.
//!
//! The system moves an orphan to its nearest ancestor that is a subreaper. Below a subreaper, therefore, a descendant
//! stays one for all its life, and a process that is none never becomes one. So each process of the system is asked for
//! its parent once; after that its place in the [`Listing`] stands for the answer. A look costs one list, and three calls
//! for each process that was started since the last one. Only members get a handle: as many files are open as the tree
//! has processes, whatever else runs on the machine.
//!
//! **A parent's number is believed** only if the same process had it before the question and after it: a member's handle was
//! open before and is silent after; a stranger is on the list from before and on that from after, with the same inode.
//! Else the parent may have ended, its number may be another process's, and the question is asked again. A process that
//! belongs to the tree is asked once more when its handle is open, so that what was read is of whom the handle names.
//!
//! **No look is one instant**: a process that is started during it may be missing, and so may one whose parent was missing.
//! Two things show that a tree is empty nevertheless. Two looks in a row that find and collect nobody, for whoever hides
//! from a look by forking and exiting leaves one to be collected by the next. And, where every child of this process
//! belongs to the tree, the system's own word that none is alive, which it gives for one instant: the parent of a process
//! is alive, so whoever is alive below this process has an ancestor among its children. A look that finds nobody and is
//! contradicted by that word counts for nothing; if the contradiction stays, all strangers are asked again.
//!
//! Lists of children (`/proc/PID/task/TID/children`) are not used. Many systems do not have them, they promise something only
//! of processes that stand still, and they would save no more than the list.

mod sorting;

use std::collections::{HashMap, HashSet};
use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use rustix::process::{Pid, WaitIdStatus, getpid};

use super::handle::{ProcessFacts, ProcessHandle, await_any, has_living_children};
use super::listing::Listing;
use super::obstacle::{Obstacle, has_no_room};
use super::room::Room;

/// The number of times that one look asks for parents again.
const ROUNDS: usize = 4;

/// The number of looks in a row that the system may contradict before all strangers are asked again. A tree that changes
/// fast is contradicted, too.
const CONTRADICTIONS: usize = 4;

/// A process below this one that has not ended.
#[derive(Debug)]
pub(in crate::tree) struct TreeMember {
    pub handle: ProcessHandle,
    /// The time of its start, in ticks since the system's own.
    pub start: u64,
}

/// The result of one look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::tree) struct TreeScan {
    /// The number of ended processes that this one collected. Each was a member, possibly one that no look has seen: a
    /// process that forks and exits faster than a look leaves one with every step.
    pub collected: usize,
    /// The number of ended children that could not be collected, as a process that is not this one traces them.
    pub uncollected: usize,
    /// True if every process of the system was placed, and the system does not contradict.
    pub complete: bool,
}

/// The rule for roots: true if such a process, and all below it, belongs to the tree; none while that is not known.
type Rule = Box<dyn Fn(Pid, &ProcessFacts) -> Option<bool> + Send>;

/// The processes that a rule applies to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Roots {
    /// All children of this process, without a question.
    AllChildren,
    /// Children of this process.
    Children,
    /// All but this process.
    Anywhere,
}

/// The processes below this one, or below roots elsewhere.
pub(in crate::tree) struct Descendants {
    own: Pid,
    roots: Roots,
    rule: Rule,
    /// Processes that do not belong to the tree, nor do those below them.
    spared: HashSet<Pid>,
    leader: Option<ProcessHandle>,
    /// In the order in which they were found: a parent before its children.
    members: Vec<TreeMember>,
    /// Processes that are not below this one, by number, each with the inode of its folder on the last list.
    outside: HashMap<Pid, u64>,
    room: Room,
    /// Why the last look may not have seen all.
    obstacle: Option<Obstacle>,
    /// True if the last look met a process that does not show yet whether it belongs to the tree.
    met_changing: bool,
    /// The number of looks in a row that the system has contradicted.
    contradicted: usize,
}

impl Descendants {
    /// Those below this process by children that the rule accepts. Children that it leaves out are not touched.
    pub(in crate::tree) fn by_rule(rule: impl Fn(Pid, &ProcessFacts) -> bool + Send + 'static) -> Self {
        Self::from_roots(Roots::Children, Box::new(move |pid, facts| Some(rule(pid, facts))))
    }

    /// Those that the rule accepts, wherever they are, and those below them; a look at one that it cannot judge yet is not
    /// complete. None of them is collected, unless it is a
    /// child of this process. An orphan of theirs that the rule does not accept is out of sight if its parent ended
    /// before it was seen.
    pub(in crate::tree) fn anywhere(rule: impl Fn(Pid, &ProcessFacts) -> Option<bool> + Send + 'static) -> Self {
        Self::from_roots(Roots::Anywhere, Box::new(rule))
    }

    /// All below this process, which is a subreaper, and has no children but those of the tree.
    pub(in crate::tree) fn all() -> Self {
        Self::from_roots(Roots::AllChildren, Box::new(|_, _| Some(true)))
    }

    fn from_roots(roots: Roots, rule: Rule) -> Self {
        Self {
            own: getpid(),
            roots,
            rule,
            spared: HashSet::new(),
            leader: None,
            members: Vec::new(),
            outside: HashMap::new(),
            room: Room::default(),
            obstacle: None,
            met_changing: false,
            contradicted: 0,
        }
    }

    /// All below this process, which is a subreaper and has no child yet: every other process of the system is outside.
    ///
    /// # Errors
    /// The system has no `/proc`.
    pub(in crate::tree) fn of_childless() -> io::Result<Self> {
        let (mut descendants, listing) = (Self::all(), Listing::read()?);
        let others = listing.pids().filter(|pid| *pid != descendants.own);
        descendants.outside = others.filter_map(|pid| Some((pid, listing.inode_of(pid)?))).collect();
        Ok(descendants)
    }

    /// A child that was just started. It is not collected before [`collect_leader`](Self::collect_leader), so that its
    /// number, and its group's, stay its own.
    ///
    /// # Errors
    /// The system gives no handle of it.
    pub(in crate::tree) fn lead_by(&mut self, pid: Pid) -> io::Result<()> {
        let gone = || io::Error::from(io::ErrorKind::NotFound);
        self.leader = Some(ProcessHandle::open(pid)?.ok_or_else(gone)?);
        let (handle, facts) =
            (ProcessHandle::open(pid)?.ok_or_else(gone)?, ProcessFacts::from_pid(pid).ok_or_else(gone)?);
        self.members.push(TreeMember { handle, start: facts.start });
        Ok(())
    }

    /// Leave out these processes, and those below them.
    pub(in crate::tree) fn spare(&mut self, spared: HashSet<Pid>) {
        self.spared = spared;
    }

    /// The leader's status, once it has ended; it keeps its number.
    pub(in crate::tree) fn leader_status(&self) -> Option<WaitIdStatus> {
        self.leader.as_ref()?.status()
    }

    /// The leader's number, which is its group's, too.
    pub(in crate::tree) fn leader(&self) -> Option<Pid> {
        self.leader.as_ref().map(|leader| leader.pid)
    }

    /// The leader, for waiting for its end.
    pub(in crate::tree) fn leader_handle(&self) -> Option<&ProcessHandle> {
        self.leader.as_ref()
    }

    /// Collect the leader, once it has ended.
    pub(in crate::tree) fn collect_leader(&mut self) {
        self.leader.take_if(|leader| leader.collect().is_some());
    }

    /// Those that had not ended at the last look, each behind its parent.
    pub(in crate::tree) fn members(&self) -> &[TreeMember] {
        &self.members
    }

    /// Why the last look may not have seen all.
    pub(in crate::tree) fn obstacle(&self) -> Option<&Obstacle> {
        self.obstacle.as_ref()
    }

    /// Look at every process.
    pub(in crate::tree) fn scan(&mut self) -> TreeScan {
        let mut look = TreeScan::default();
        self.met_changing = false;
        let seen = self.scan_processes(&mut look);
        self.obstacle = seen.err().or_else(|| self.met_changing.then_some(Obstacle::Changing));
        look.complete = self.obstacle.is_none();
        look
    }

    fn scan_processes(&mut self, look: &mut TreeScan) -> Result<(), Obstacle> {
        let listed = self.list();
        self.drop_ended(look);
        let mut before = listed?;
        let mut open = self.unknown(before.pids());
        let mut asked = HashMap::new();
        for _ in 0..ROUNDS {
            let seen = self.ask(&open)?;
            if seen.is_empty() {
                return self.confirm(look);
            }
            let after = self.list()?;
            let mut unplaced = self.sort(seen, [&before, &after], look)?;
            // A parent that is named for a second time and is not there is hidden from this user, as no member is.
            unplaced.retain(|pid, parent| asked.get(pid) != Some(parent));
            let parents: Vec<Pid> = unplaced.values().flatten().copied().collect();
            open = self.unknown(unplaced.keys().copied().chain(parents));
            (before, asked) = (after, unplaced);
        }
        if open.is_empty() { self.confirm(look) } else { Err(Obstacle::Restless) }
    }

    /// The list now. Strangers that are not on it any more are forgotten.
    fn list(&mut self) -> io::Result<Listing> {
        let listing = match Listing::read() {
            Err(error) if has_no_room(&error) && self.room.make() => Listing::read()?,
            read => read?,
        };
        self.outside.retain(|pid, inode| listing.inode_of(*pid) == Some(*inode));
        Ok(listing)
    }

    /// Those of these processes that have no place yet.
    fn unknown(&self, pids: impl Iterator<Item = Pid>) -> Vec<Pid> {
        let members: HashSet<Pid> = self.members.iter().map(|member| member.handle.pid).collect();
        let known = [Some(self.own), self.leader()];
        let is_known =
            |pid: &Pid| known.contains(&Some(*pid)) || self.outside.contains_key(pid) || members.contains(pid);
        let mut unknown: Vec<Pid> = pids.filter(|pid| !is_known(pid)).collect();
        // A parent mostly has a lower number than its child, and is placed before it.
        unknown.sort_unstable_by_key(|pid| pid.as_raw_pid());
        unknown
    }

    /// With nobody found, the system's word on it, where that is about the tree alone. It counts an ended child as alive that
    /// cannot be collected, because it is traced by a process elsewhere.
    fn confirm(&mut self, look: &TreeScan) -> Result<(), Obstacle> {
        let is_asked = self.roots == Roots::AllChildren && self.spared.is_empty();
        if !is_asked || !self.members.is_empty() || look.uncollected > 0 || !has_living_children() {
            self.contradicted = 0;
            return Ok(());
        }
        self.contradicted += 1;
        if self.contradicted.is_multiple_of(CONTRADICTIONS) {
            self.outside.clear();
        }
        Err(Obstacle::Hidden)
    }

    /// Forget members that have ended, and collect those of them that are children of this process.
    fn drop_ended(&mut self, look: &mut TreeScan) {
        let members = self.members.iter().map(|member| member.handle.as_fd());
        let mut ended = await_any(members, Some(Duration::ZERO)).into_iter();
        let leader = self.leader();
        self.members.retain(|member| {
            let over = ended.next().unwrap_or(false);
            if over && leader != Some(member.handle.pid) {
                look.collected += usize::from(member.handle.collect().is_some());
            }
            !over
        });
    }
}

#[cfg(test)]
mod tests;
