//! Who is left in a group of processes, and why a request to end does not reach them.

use std::fmt;

/// A process of a group that has not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its process id.
    pub pid: u32,
    /// Its program's name; what a process calls itself, not to be trusted.
    pub name: String,
    /// What it makes of a request to end.
    pub heeds: Heeds,
}

/// What a process makes of a request to end (SIGTERM).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Heeds {
    /// It does not see it, nor being killed, before what it waits for in the system has come.
    WaitsInTheSystem,
    /// It ignores it.
    Ignores,
    /// It puts it off.
    PutsOff,
    /// It is stopped.
    Stopped,
    /// It acts on it, or ends by it.
    Acts,
}

impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = match self.heeds {
            Heeds::WaitsInTheSystem => "waits for the system",
            Heeds::Ignores => "ignores SIGTERM",
            Heeds::PutsOff => "puts SIGTERM off",
            Heeds::Stopped => "is stopped",
            Heeds::Acts => "has not ended yet",
        };
        write!(f, "pid {} ({}) {why}", self.pid, self.name)
    }
}

/// The processes of this group that have not ended, those first that a request to end reaches least.
#[cfg(target_os = "linux")]
pub fn members(group: u32) -> Vec<Member> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let mut members: Vec<Member> = numbers.filter_map(|pid| member(pid, group)).collect();
    members.sort_by_key(|member| (member.heeds, member.pid));
    members
}

/// Nobody can be asked elsewhere.
#[cfg(not(target_os = "linux"))]
pub fn members(_: u32) -> Vec<Member> {
    Vec::new()
}

#[cfg(target_os = "linux")]
fn member(pid: u32, group: u32) -> Option<Member> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in parentheses, may hold anything; state, parent and group follow the last one.
    let (before, behind) = stat.rsplit_once(") ")?;
    let name = before.split_once('(')?.1.to_owned();
    let mut fields = behind.split(' ');
    let state = fields.next()?;
    let own_group: u32 = fields.nth(1)?.parse().ok()?;
    if own_group != group || matches!(state, "Z" | "X") {
        return None;
    }
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    Some(Member { pid, name, heeds: heeds(state, &status) })
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
}
