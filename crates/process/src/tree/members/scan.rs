//! Finds all processes below this one, or below processes that a rule names.
//!
//! The system moves an orphan to its nearest ancestor that is a subreaper. So a descendant of a subreaper stays a
//! descendant for all its life, and a process that is not a descendant never becomes one. Therefore each process of the
//! system is asked for its parent only once; from then on, its entry in the [`Listing`] stands for the answer. A scan
//! costs one listing, and three calls for each process that was started since the last scan. Only members get a handle:
//! the number of open files is the number of the tree's processes, whatever else runs on the machine.
//!
//! **A parent's id is believed** only if the same process had it before and after the child's facts were read: a
//! member's handle was open before, and shows no end after; a stranger is on the lists from before and after, with the
//! same inode. Otherwise the parent may have ended and its id may be another process's, so the child is asked again. A
//! process that belongs to the tree is asked once more when its handle is open, so that the facts are those of the
//! handle's process.
//!
//! **A scan does not see one instant**: it may miss a process that is started meanwhile, and any process whose parent
//! it missed. Two proofs that a tree is empty remain. First, two scans in a row that find and collect no process: a
//! process that escapes a scan by forking and exiting leaves a zombie for the next scan to collect. Second, if every
//! child of this process belongs to the tree, the system's answer that no child is alive, which holds for one instant:
//! since orphans move to this process, any living descendant has an ancestor among its living children. If a scan finds
//! no process and the system's answer contradicts it, the scan does not count; if the contradiction persists, all
//! strangers are asked again.
//!
//! Lists of children (`/proc/PID/task/TID/children`) are not used: many systems lack them, they are reliable only for
//! stopped processes, and they would save no more than the listing.

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

/// The number of times that one scan asks for parents.
const ROUNDS: usize = 4;

/// The number of scans in a row that the system may contradict before all strangers are asked again. It is more than
/// one, because scans of a tree that changes fast are contradicted, too.
const CONTRADICTIONS: usize = 4;

/// A process below this one that has not ended.
#[derive(Debug)]
pub(in crate::tree) struct TreeMember {
    pub handle: ProcessHandle,
    /// The time of its start, in ticks since the system's boot.
    pub start: u64,
}

/// The result of one scan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::tree) struct TreeScan {
    /// The number of ended processes that this process collected. Each was a member, possibly one that no scan has
    /// seen: a process that forks and exits faster than a scan leaves one zombie with every step.
    pub collected: usize,
    /// The number of ended children that could not be collected, because another process traces them.
    pub uncollected: usize,
    /// Every process of the system was placed, and the system does not contradict.
    pub complete: bool,
}

/// The rule for roots: true if such a process and all below it belong to the tree; `None` while that is not known.
type Rule = Box<dyn Fn(Pid, &ProcessFacts) -> Option<bool> + Send>;

/// The processes that the rule applies to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Roots {
    /// Every child of this process; the rule accepts all.
    AllChildren,
    /// Children of this process; the rule decides.
    Children,
    /// All processes of the system except this one.
    Anywhere,
}

/// The processes below this one, or below other roots.
pub(in crate::tree) struct Descendants {
    own: Pid,
    roots: Roots,
    rule: Rule,
    /// Processes that do not belong to the tree, and neither do those below them.
    spared: HashSet<Pid>,
    leader: Option<ProcessHandle>,
    /// Members in the order in which they were found: a parent before its children.
    members: Vec<TreeMember>,
    /// Strangers, that is, processes that are not below this one, by id, each with the inode of its folder in the last
    /// list.
    outside: HashMap<Pid, u64>,
    room: Room,
    /// Why the last scan may have missed processes.
    obstacle: Option<Obstacle>,
    /// The last scan met a process that does not show yet whether it belongs to the tree.
    met_changing: bool,
    /// The number of scans in a row that the system has contradicted.
    contradicted: usize,
}

impl Descendants {
    /// The children of this process that the rule accepts, and all processes below them. Other children are not
    /// touched.
    pub(in crate::tree) fn by_rule(rule: impl Fn(Pid, &ProcessFacts) -> bool + Send + 'static) -> Self {
        Self::from_roots(Roots::Children, Box::new(move |pid, facts| Some(rule(pid, facts))))
    }

    /// The processes of the system that the rule accepts, and all below them. A scan is incomplete while the rule can't
    /// judge a process yet. Only children of this process are collected. An orphan that the rule does not accept is
    /// missed if its parent ended before the orphan was seen.
    pub(in crate::tree) fn anywhere(rule: impl Fn(Pid, &ProcessFacts) -> Option<bool> + Send + 'static) -> Self {
        Self::from_roots(Roots::Anywhere, Box::new(rule))
    }

    /// All processes below this one, which must be a subreaper, and have no children but those of the tree.
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

    /// All processes below this one, which must be a subreaper and have no child yet, so that every process that exists
    /// now is a stranger.
    ///
    /// # Errors
    /// The system has no `/proc`.
    pub(in crate::tree) fn of_childless() -> io::Result<Self> {
        let (mut descendants, listing) = (Self::all(), Listing::read()?);
        let others = listing.pids().filter(|pid| *pid != descendants.own);
        descendants.outside = others.filter_map(|pid| Some((pid, listing.inode_of(pid)?))).collect();
        Ok(descendants)
    }

    /// Make a child that was just started the leader. It is not collected before
    /// [`collect_leader`](Self::collect_leader), so that its id, and that of its group, are not reused.
    ///
    /// # Errors
    /// The system does not provide a handle for it.
    pub(in crate::tree) fn lead_by(&mut self, pid: Pid) -> io::Result<()> {
        let gone = || io::Error::from(io::ErrorKind::NotFound);
        self.leader = Some(ProcessHandle::open(pid)?.ok_or_else(gone)?);
        let (handle, facts) =
            (ProcessHandle::open(pid)?.ok_or_else(gone)?, ProcessFacts::from_pid(pid).ok_or_else(gone)?);
        self.members.push(TreeMember { handle, start: facts.start });
        Ok(())
    }

    /// Exclude these processes, and those below them.
    pub(in crate::tree) fn spare(&mut self, spared: HashSet<Pid>) {
        self.spared = spared;
    }

    /// The leader's status, once it has ended; it is not collected, and keeps its id.
    pub(in crate::tree) fn leader_status(&self) -> Option<WaitIdStatus> {
        self.leader.as_ref()?.status()
    }

    /// The leader's id, which is also that of its group.
    pub(in crate::tree) fn leader(&self) -> Option<Pid> {
        self.leader.as_ref().map(|leader| leader.pid)
    }

    /// The leader's handle, for waiting for its end.
    pub(in crate::tree) fn leader_handle(&self) -> Option<&ProcessHandle> {
        self.leader.as_ref()
    }

    /// Collect the leader, once it has ended.
    pub(in crate::tree) fn collect_leader(&mut self) {
        self.leader.take_if(|leader| leader.collect().is_some());
    }

    /// The members that had not ended at the last scan, each after its parent.
    pub(in crate::tree) fn members(&self) -> &[TreeMember] {
        &self.members
    }

    /// Why the last scan may have missed processes; `None` if it was complete.
    pub(in crate::tree) fn obstacle(&self) -> Option<&Obstacle> {
        self.obstacle.as_ref()
    }

    /// Scan every process of the system.
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
            // A parent that is named twice and not listed is hidden from this user. Members never are, so the child is
            // no member either.
            unplaced.retain(|pid, parent| asked.get(pid) != Some(parent));
            let parents: Vec<Pid> = unplaced.values().flatten().copied().collect();
            open = self.unknown(unplaced.keys().copied().chain(parents));
            (before, asked) = (after, unplaced);
        }
        if open.is_empty() { self.confirm(look) } else { Err(Obstacle::Restless) }
    }

    /// Lists all processes, and forgets strangers that are not on the list any more.
    fn list(&mut self) -> io::Result<Listing> {
        let listing = match Listing::read() {
            Err(error) if has_no_room(&error) && self.room.make() => Listing::read()?,
            read => read?,
        };
        self.outside.retain(|pid, inode| listing.inode_of(*pid) == Some(*inode));
        Ok(listing)
    }

    /// Filters out the processes that have a place already.
    fn unknown(&self, pids: impl Iterator<Item = Pid>) -> Vec<Pid> {
        let members: HashSet<Pid> = self.members.iter().map(|member| member.handle.pid).collect();
        let known = [Some(self.own), self.leader()];
        let is_known =
            |pid: &Pid| known.contains(&Some(*pid)) || self.outside.contains_key(pid) || members.contains(pid);
        let mut unknown: Vec<Pid> = pids.filter(|pid| !is_known(pid)).collect();
        // In order of their ids, since a parent usually has a lower id than its child, and should be placed first.
        unknown.sort_unstable_by_key(|pid| pid.as_raw_pid());
        unknown
    }

    /// If no member was found, ask the system whether a child is alive, provided that all children belong to the tree.
    /// The system counts an ended child that another process traces as alive, so its answer is not used while there is
    /// one.
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

    /// Remove members that have ended, and collect those that are children of this process, except the leader.
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
