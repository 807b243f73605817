//! All processes below this one, or below processes that a rule names, found by looking at every process of the system.
//!
//! The system moves an orphan to its nearest ancestor that is a subreaper. Below a subreaper, therefore, a descendant
//! stays one for all its life, and a process that is none never becomes one. Each process is asked for its parent once;
//! after that its handle stands for the answer, and a look costs one list of numbers and one poll.
//!
//! A parent's number is believed only if a handle of that number was open before the question and silent after it: else
//! the parent may have ended, its number may be another process's, and the question is asked again.

use std::collections::{HashMap, HashSet};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use rustix::process::{Pid, Resource, WaitIdStatus, getpid, getrlimit};

use super::handle::{Facts, Handle, await_any};

/// The number of times that one look asks for parents again.
const ROUNDS: usize = 4;

/// Handles of processes outside take one part in so many of the files that this process may open; those of members as
/// many.
const SHARE: u64 = 3;

/// A process below this one that has not ended.
#[derive(Debug)]
pub(super) struct Member {
    pub handle: Handle,
    /// The time of its start, in ticks since the system's own.
    pub start: u64,
}

/// The result of one look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Look {
    /// The number of ended processes that this one collected. Each was a member, possibly one that no look has seen: a
    /// process that forks and exits faster than a look leaves one with every step.
    pub collected: usize,
    /// True if every process of the system was placed.
    pub complete: bool,
}

/// The rule for roots: whether such a process, and all below it, belongs to the tree.
type Rule = Box<dyn Fn(Pid, &Facts) -> bool + Send>;

/// The processes that a rule applies to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Roots {
    /// Children of this process.
    Children,
    /// All but this process.
    Anywhere,
}

/// The processes below this one, or below roots elsewhere.
pub(super) struct Descendants {
    own: Pid,
    roots: Roots,
    rule: Rule,
    /// Processes that do not belong to the tree, nor do those below them.
    spared: HashSet<Pid>,
    leader: Option<Handle>,
    /// In the order in which they were found: a parent before its children.
    members: Vec<Member>,
    /// Processes that are not below this one, by number.
    outside: HashMap<Pid, Handle>,
    /// The most handles of each kind.
    capacity: usize,
}

/// A process with a handle and the facts read after that was opened.
struct Found {
    handle: Handle,
    facts: Facts,
}

/// The place of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Member,
    /// Below this process, by a child that the rule leaves out.
    Spared,
    Outside,
}

impl Descendants {
    /// Those below this process by children that the rule accepts. Children that it leaves out are not touched.
    pub(super) fn by_rule(rule: impl Fn(Pid, &Facts) -> bool + Send + 'static) -> Self {
        Self::of(Roots::Children, Box::new(rule))
    }

    /// Those that the rule accepts, wherever they are, and those below them. None of them is collected, unless it is a
    /// child of this process. An orphan of theirs that the rule does not accept is out of sight if its parent ended
    /// before it was seen.
    pub(super) fn anywhere(rule: impl Fn(Pid, &Facts) -> bool + Send + 'static) -> Self {
        Self::of(Roots::Anywhere, Box::new(rule))
    }

    fn of(roots: Roots, rule: Rule) -> Self {
        let (members, outside) = (Vec::new(), HashMap::new());
        Self {
            own: getpid(),
            roots,
            rule,
            spared: HashSet::new(),
            leader: None,
            members,
            outside,
            capacity: capacity(),
        }
    }

    /// Those below a process that has no child yet: every other process of the system is outside.
    ///
    /// # Errors
    /// The system has no `/proc`, or no handles of processes.
    pub(super) fn of_childless() -> io::Result<Self> {
        let mut descendants = Self::by_rule(|_, _| true);
        for pid in numbers()?.into_iter().filter(|pid| *pid != descendants.own).take(descendants.capacity) {
            let handle = Handle::open(pid)?;
            descendants.outside.extend(handle.map(|handle| (pid, handle)));
        }
        Ok(descendants)
    }

    /// A child that was just started. It is not collected before [`collect_leader`](Self::collect_leader), so that its
    /// number, and its group's, stay its own.
    ///
    /// # Errors
    /// The system gives no handle of it.
    pub(super) fn lead_by(&mut self, pid: Pid) -> io::Result<()> {
        let gone = || io::Error::from(io::ErrorKind::NotFound);
        self.leader = Some(Handle::open(pid)?.ok_or_else(gone)?);
        let (handle, facts) = (Handle::open(pid)?.ok_or_else(gone)?, Facts::of(pid).ok_or_else(gone)?);
        self.members.push(Member { handle, start: facts.start });
        Ok(())
    }

    /// Leave out these processes, and those below them.
    pub(super) fn spare(&mut self, spared: HashSet<Pid>) {
        self.spared = spared;
    }

    /// The limit of open files has changed.
    pub(super) fn measure_capacity(&mut self) {
        self.capacity = capacity();
    }

    /// The leader's status, once it has ended; it keeps its number.
    pub(super) fn leader_status(&self) -> Option<WaitIdStatus> {
        self.leader.as_ref()?.status()
    }

    /// The leader's number, which is its group's, too.
    pub(super) fn leader(&self) -> Option<Pid> {
        self.leader.as_ref().map(|leader| leader.pid)
    }

    /// The leader, for waiting for its end.
    pub(super) fn leader_handle(&self) -> Option<&Handle> {
        self.leader.as_ref()
    }

    /// Collect the leader, once it has ended.
    pub(super) fn collect_leader(&mut self) {
        self.leader.take_if(|leader| leader.collect().is_some());
    }

    /// Those that had not ended at the last look, each behind its parent.
    pub(super) fn members(&self) -> &[Member] {
        &self.members
    }

    /// Look at every process.
    pub(super) fn look(&mut self) -> Look {
        let mut look = Look::default();
        let Ok(mut open) = numbers() else { return look };
        let mut asked = HashMap::new();
        for _ in 0..ROUNDS {
            self.drop_ended(&mut look);
            open.retain(|pid| !self.knows(*pid));
            let (found, all) = self.ask(&open);
            let unplaced = self.place(found, &mut look);
            if !all {
                return look;
            }
            // A parent that is named for a second time and is not there is hidden from this user, as no member is.
            open =
                unplaced.iter().filter(|(pid, parent)| asked.get(*pid) != Some(*parent)).map(|(pid, _)| *pid).collect();
            if open.is_empty() {
                look.complete = true;
                return look;
            }
            asked = unplaced;
        }
        look
    }

    fn knows(&self, pid: Pid) -> bool {
        pid == self.own
            || self.leader() == Some(pid)
            || self.outside.contains_key(&pid)
            || self.members.iter().any(|member| member.handle.pid == pid)
    }

    /// Forget those that have ended, and collect those of them that are children of this process.
    fn drop_ended(&mut self, look: &mut Look) {
        let members = self.members.iter().map(|member| member.handle.as_fd());
        let (pids, fds): (Vec<Pid>, Vec<BorrowedFd<'_>>) =
            self.outside.iter().map(|(pid, handle)| (*pid, handle.as_fd())).unzip();
        let mut ended = await_any(members.chain(fds), Some(Duration::ZERO)).into_iter();
        let leader = self.leader();
        self.members.retain(|member| {
            let over = ended.next().unwrap_or(false);
            if over && leader != Some(member.handle.pid) {
                look.collected += usize::from(member.handle.collect().is_some());
            }
            !over
        });
        pids.into_iter().zip(ended).filter(|(_, over)| *over).for_each(|(pid, _)| drop(self.outside.remove(&pid)));
    }

    /// Open a handle of each of these, then ask for its facts; whether there were handles enough for all.
    fn ask(&self, pids: &[Pid]) -> (Vec<Found>, bool) {
        let mut found = Vec::new();
        for pid in pids {
            if found.len() + self.members.len() >= self.capacity {
                return (found, false);
            }
            match Handle::open(*pid) {
                Ok(Some(handle)) => found.extend(Facts::of(*pid).map(|facts| Found { handle, facts })),
                Ok(None) => {}
                Err(_) => return (found, false),
            }
        }
        (found, true)
    }

    /// Place each of these by its parent; those whose parent is not known come back, with its number.
    fn place(&mut self, found: Vec<Found>, look: &mut Look) -> HashMap<Pid, Option<Pid>> {
        // From here on a known parent was there before and after its child was asked for it.
        self.drop_ended(look);
        let ended = await_any(found.iter().map(|found| found.handle.as_fd()), Some(Duration::ZERO));
        let (mut open, mut spared) = (Vec::new(), HashSet::new());
        for (found, ended) in found.into_iter().zip(ended) {
            match ended {
                false => open.push(found),
                true => look.collected += usize::from(self.collects(&found)),
            }
        }
        loop {
            let before = open.len();
            for found in std::mem::take(&mut open) {
                match self.place_of(&found, &spared) {
                    Some(place) => self.keep(found, place, &mut spared),
                    None => open.push(found),
                }
            }
            if open.len() == before {
                return open.into_iter().map(|found| (found.handle.pid, found.facts.parent)).collect();
            }
        }
    }

    /// Collect a process that ended before it was known; whether it was a child of this one, and no other's to collect.
    fn collects(&self, found: &Found) -> bool {
        let accepted = found.facts.parent == Some(self.own) && (self.rule)(found.handle.pid, &found.facts);
        accepted && found.handle.collect().is_some()
    }

    fn place_of(&self, found: &Found, spared: &HashSet<Pid>) -> Option<Place> {
        if self.spared.contains(&found.handle.pid) {
            return Some(Place::Spared);
        }
        let accepted = || (self.rule)(found.handle.pid, &found.facts);
        if self.roots == Roots::Anywhere && accepted() {
            return Some(Place::Member);
        }
        let Some(parent) = found.facts.parent else { return Some(Place::Outside) };
        if parent == self.own {
            let accepted = self.roots == Roots::Children && accepted();
            return Some(if accepted { Place::Member } else { Place::Spared });
        }
        if self.outside.contains_key(&parent) {
            return Some(Place::Outside);
        }
        if spared.contains(&parent) {
            return Some(Place::Spared);
        }
        self.members.iter().any(|member| member.handle.pid == parent).then_some(Place::Member)
    }

    fn keep(&mut self, found: Found, place: Place, spared: &mut HashSet<Pid>) {
        let Found { handle, facts } = found;
        match place {
            Place::Member => self.members.push(Member { handle, start: facts.start }),
            Place::Outside if self.outside.len() < self.capacity => drop(self.outside.insert(handle.pid, handle)),
            // Its children may be placed by it now; the next look asks it again.
            Place::Outside | Place::Spared => drop(spared.insert(handle.pid)),
        }
    }
}

/// The numbers of all processes that this user may see. One that is there from before the list to after it is on it.
fn numbers() -> io::Result<Vec<Pid>> {
    let names = std::fs::read_dir("/proc")?.flatten();
    Ok(names.filter_map(|entry| Pid::from_raw(entry.file_name().to_str()?.parse().ok()?)).collect())
}

fn capacity() -> usize {
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    usize::try_from(files / SHARE).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
