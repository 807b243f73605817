//! Processes left in a group, and the reason why each has not acted on a request to end.

#[cfg(target_os = "linux")]
use std::collections::HashMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A process of a group that has not ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberProcess {
    /// Its process id.
    pub pid: u32,
    /// Its program's name. A process may choose any name, so don't trust it.
    pub name: String,
    /// Its reaction to a request to end.
    pub heeds: Heeds,
}

/// The reaction of a process to a request to end (SIGTERM).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Heeds {
    /// It waits in the kernel, and acts on no signal until that wait ends, not even on SIGKILL.
    WaitsInTheSystem,
    /// It ignores the signal.
    Ignores,
    /// It blocks the signal for now.
    PutsOff,
    /// It is stopped.
    Stopped,
    /// It handles the signal, or ends by it.
    Acts,
}

impl fmt::Display for MemberProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = match self.heeds {
            Heeds::WaitsInTheSystem => "waits in the kernel",
            Heeds::Ignores => "ignores SIGTERM",
            Heeds::PutsOff => "blocks SIGTERM",
            Heeds::Stopped => "is stopped",
            Heeds::Acts => "has not ended yet",
        };
        write!(f, "pid {} ({}) {why}", self.pid, self.name)
    }
}

/// Processes that did not end although they were killed and waited for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Survivors {
    /// Survivors that were seen.
    pub seen: Vec<MemberProcess>,
    /// Why there may be others; `None` if there certainly are no others.
    pub unseen: Option<String>,
}

impl Survivors {
    /// Returns whether it is certain that no process has survived.
    pub fn is_none(&self) -> bool {
        self.seen.is_empty() && self.unseen.is_none()
    }

    /// Merges the survivors of two sets of processes.
    pub fn and(mut self, other: Self) -> Self {
        self.seen.extend(other.seen);
        self.unseen = self.unseen.or(other.unseen);
        self
    }
}

impl From<Vec<MemberProcess>> for Survivors {
    fn from(seen: Vec<MemberProcess>) -> Self {
        Self { seen, unseen: None }
    }
}

/// Completes “killed, and …”.
impl fmt::Display for Survivors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seen: Vec<String> = self.seen.iter().map(ToString::to_string).collect();
        match (seen.join(", "), &self.unseen) {
            (seen, None) => write!(f, "still there: {seen}"),
            (seen, Some(why)) if seen.is_empty() => write!(f, "perhaps something is still there: {why}"),
            (seen, Some(why)) => write!(f, "still there: {seen}; perhaps there are others: {why}"),
        }
    }
}

/// Lists the living processes of this group, and those below its leader in other groups; the least responsive first.
#[cfg(target_os = "linux")]
pub fn members(group: u32) -> Vec<MemberProcess> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let states: HashMap<u32, ProcessStat> = numbers.filter_map(|pid| Some((pid, state(pid)?))).collect();
    let below = |state: &ProcessStat| {
        let parent = |state: &&ProcessStat| states.get(&state.parent);
        // Processes are read one by one, not at one moment, so a chain of parents may be wrong, even circular: bound
        // it.
        let mut ancestors = std::iter::successors(Some(state), parent).take(states.len());
        ancestors.any(|ancestor| ancestor.parent == group)
    };
    let ours = states.iter().filter(|(_, state)| !state.ended && (state.group == group || below(state)));
    let mut members: Vec<MemberProcess> = ours.filter_map(|(pid, _)| named(*pid)).collect();
    members.sort_by_key(|member| (member.heeds, member.pid));
    members
}

/// Empty: other systems do not list the processes of a group.
#[cfg(not(target_os = "linux"))]
pub fn members(_: u32) -> Vec<MemberProcess> {
    Vec::new()
}

/// The parent and the group of a process.
#[cfg(target_os = "linux")]
struct ProcessStat {
    parent: u32,
    group: u32,
    ended: bool,
}

#[cfg(target_os = "linux")]
fn state(pid: u32) -> Option<ProcessStat> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in parentheses, may hold any characters; state, parent and group follow the last parenthesis.
    let mut fields = stat.rsplit_once(") ")?.1.split(' ');
    let ended = matches!(fields.next()?, "Z" | "X");
    Some(ProcessStat { parent: fields.next()?.parse().ok()?, group: fields.next()?.parse().ok()?, ended })
}

/// The process with this id, if it has not ended.
#[cfg(target_os = "linux")]
pub(crate) fn named(pid: u32) -> Option<MemberProcess> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (before, behind) = stat.rsplit_once(") ")?;
    let name = before.split_once('(')?.1.to_owned();
    let state = behind.split(' ').next().filter(|state| !matches!(*state, "Z" | "X"))?;
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    Some(MemberProcess { pid, name, heeds: heeds(state, &status) })
}

#[cfg(target_os = "linux")]
fn heeds(state: &str, status: &str) -> Heeds {
    const TERM: u64 = 1 << (signal_hook::consts::SIGTERM - 1);
    let held = |name: &str| {
        let mask = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(":\t"));
        mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & TERM != 0)
    };
    match state {
        "D" => Heeds::WaitsInTheSystem,
        "T" | "t" => Heeds::Stopped,
        _ if held("SigIgn") => Heeds::Ignores,
        _ if held("SigBlk") => Heeds::PutsOff,
        _ => Heeds::Acts,
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn what_a_process_makes_of_a_request_is_read_from_its_masks() {
        let status = |ignored: &str, blocked: &str| format!("Name:\tx\nSigBlk:\t{blocked}\nSigIgn:\t{ignored}\n");
        let (none, term) = ("0000000000000000", "0000000000004000");
        assert_eq!(heeds("S", &status(none, none)), Heeds::Acts);
        assert_eq!(heeds("S", &status(term, none)), Heeds::Ignores);
        assert_eq!(heeds("R", &status(none, term)), Heeds::PutsOff);
        assert_eq!(heeds("T", &status(none, none)), Heeds::Stopped);
        assert_eq!(heeds("D", &status(term, none)), Heeds::WaitsInTheSystem);
        assert_eq!(heeds("S", ""), Heeds::Acts);
    }

    #[test]
    fn survivors_that_nobody_could_look_for_are_not_called_none() {
        let deaf = MemberProcess { pid: 7, name: "sh".into(), heeds: Heeds::Ignores };
        let (nobody, deaf) = (Survivors::default(), Survivors::from(vec![deaf]));
        let unseen = Survivors { unseen: Some("why".into()), ..Survivors::default() };
        assert!(nobody.is_none() && !deaf.is_none() && !unseen.is_none());
        assert_eq!(unseen.to_string(), "perhaps something is still there: why");
        assert_eq!(deaf.to_string(), "still there: pid 7 (sh) ignores SIGTERM");
        let both = unseen.and(deaf).and(nobody);
        assert_eq!(both.to_string(), "still there: pid 7 (sh) ignores SIGTERM; perhaps there are others: why");
    }
}
