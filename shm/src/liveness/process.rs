//! The identity of a process: start time, boot and pid namespace distinguish it from a later one with the same number.

use std::sync::OnceLock;

use crate::layout::{HeaderImage, IdentityImage};

/// Identifies a process among all that ever ran on this machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ProcessMark {
    /// Its number, in its namespace.
    pub(crate) pid: u32,
    /// When it started, in the system's own unit; 0 if unknown.
    pub(crate) start_time: u64,
    /// The pid namespace; 0 if there are none.
    pub(crate) namespace: u64,
    /// The time namespace, in which the start time counts; 0 if there are none.
    pub(crate) time_namespace: u64,
}

impl ProcessMark {
    /// The creator of a board, by its header.
    pub(crate) fn of_creator(facts: &HeaderImage) -> Self {
        Self {
            pid: facts.creator_pid,
            start_time: facts.creator_start,
            namespace: facts.creator_namespace,
            time_namespace: facts.creator_time_namespace,
        }
    }

    /// The writer of a slot, by its identity.
    pub(crate) const fn of_writer(identity: &IdentityImage) -> Self {
        let IdentityImage { pid, start_time, namespace, time_namespace, .. } = *identity;
        Self { pid, start_time, namespace, time_namespace }
    }

    /// A process in the same namespaces as this one.
    fn here(pid: u32, start_time: Option<u64>) -> Self {
        let start_time = start_time.unwrap_or(0);
        Self { pid, start_time, namespace: namespaces().0, time_namespace: namespaces().1 }
    }
}

/// The writer of a slot: its process, and the user on whose behalf it is written.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SlotWriterProcess {
    /// Its process id is 0 if the writer is not known yet.
    pub(crate) mark: ProcessMark,
    pub(crate) uid: u32,
}

impl SlotWriterProcess {
    /// A process of this process's user.
    pub(crate) fn for_own_user(mark: ProcessMark) -> Self {
        Self { mark, uid: own_uid() }
    }
}

/// Whether the board's creator is the one that reserved this slot: the runner's number is the creator's, and means the
/// same process. Before the claim the namespace is the reserver's own; later it is that of the writer, which the
/// reserver started.
pub(crate) const fn is_by_creator(identity: &IdentityImage, facts: &HeaderImage) -> bool {
    identity.runner == facts.creator_pid && identity.namespace == facts.creator_namespace
}

/// This process.
pub(crate) fn own() -> ProcessMark {
    let pid = std::process::id();
    ProcessMark::here(pid, start_time(pid))
}

/// Look up the process that has this number now, in this namespace; `None` if there is none.
pub(crate) fn mark_of_pid(pid: u32) -> Option<ProcessMark> {
    let start_time = start_time(pid);
    let there = start_time.is_some() || (cfg!(not(target_os = "linux")) && exists(pid) == Some(true));
    there.then(|| ProcessMark::here(pid, start_time))
}

/// User that this process runs as; 0 if there are no such numbers.
pub(crate) fn own_uid() -> u32 {
    #[cfg(unix)]
    return rustix::process::geteuid().as_raw();
    #[cfg(not(unix))]
    0
}

/// Id of this machine's present boot; zeros if unknown. A dump from another machine has another one.
pub(crate) fn boot_id() -> [u8; 16] {
    static BOOT: OnceLock<[u8; 16]> = OnceLock::new();
    *BOOT.get_or_init(|| {
        let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect();
        u128::from_str_radix(&digits, 16).unwrap_or(0).to_be_bytes()
    })
}

/// 16 bytes that no other board has.
pub(crate) fn unique_id() -> [u8; 16] {
    use std::collections::hash_map::RandomState;
    use std::hash::BuildHasher;
    // Two hashers with the process's random keys, over values that differ from one board to the next.
    let mark = (std::process::id(), super::clock::now_ns(), super::clock::now_unix_ns());
    let halves = [RandomState::new().hash_one(mark), RandomState::new().hash_one((mark, 1))];
    bytemuck::cast(halves)
}

/// Whether that very process runs: `None` if its number or its start time means nothing here (another boot or
/// namespace).
pub(crate) fn runs(mark: ProcessMark, boot: [u8; 16]) -> Option<bool> {
    if mark.pid == 0 || boot != boot_id() || (mark.namespace, mark.time_namespace) != namespaces() {
        return None;
    }
    match (mark.start_time, start_time(mark.pid)) {
        (0, _) => exists(mark.pid),
        (_, None) if cfg!(target_os = "linux") => Some(false),
        (_, None) => exists(mark.pid),
        (then, Some(now)) => Some(then == now),
    }
}

/// As [`runs`]; a process of an earlier boot has ended with it.
pub(crate) fn still_runs(mark: ProcessMark, boot: [u8; 16]) -> Option<bool> {
    if is_another_boot(boot, boot_id()) { Some(false) } else { runs(mark, boot) }
}

/// Whether these are known to be two boots. An unknown boot, as without `/proc`, may be any.
pub(crate) fn is_another_boot(boot: [u8; 16], own: [u8; 16]) -> bool {
    boot != [0; 16] && own != [0; 16] && boot != own
}

/// Whether times in this process's mark are on the clock of this process: only another time namespace shifts them.
/// Where a system has no time namespaces, or does not show them, there is one clock.
pub(crate) fn shares_clock(mark: ProcessMark) -> bool {
    let own = namespaces().1;
    mark.time_namespace == own || mark.time_namespace == 0 || own == 0
}

#[cfg(unix)]
fn exists(pid: u32) -> Option<bool> {
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).ok()?)?;
    match rustix::process::test_kill_process(pid) {
        Ok(()) | Err(rustix::io::Errno::PERM) => Some(true),
        Err(_) => Some(false),
    }
}

#[cfg(not(unix))]
fn exists(_: u32) -> Option<bool> {
    None
}

/// Look up the numbers of this process's pid and time namespaces.
#[cfg(target_os = "linux")]
fn namespaces() -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    static NAMESPACES: OnceLock<(u64, u64)> = OnceLock::new();
    let number = |name| std::fs::metadata(name).map_or(0, |data| data.ino());
    *NAMESPACES.get_or_init(|| (number("/proc/self/ns/pid"), number("/proc/self/ns/time")))
}

#[cfg(not(target_os = "linux"))]
fn namespaces() -> (u64, u64) {
    (0, 0)
}

/// When a process started, in ticks since boot; `None` for a zombie, which has ended.
#[cfg(target_os = "linux")]
pub(super) fn start_time(pid: u32) -> Option<u64> {
    use std::io::Read;
    // One read takes at least the first 22 fields: a name of at most 64 bytes and numbers of at most 20 digits.
    let mut line = [0; 512];
    let length = std::fs::File::open(format!("/proc/{pid}/stat")).ok()?.read(&mut line).ok()?;
    // The name, in parentheses, may hold any bytes, parentheses included: fields count from the last one.
    let name_end = line[..length].iter().rposition(|byte| *byte == b')')?;
    let mut fields = std::str::from_utf8(&line[name_end..length]).ok()?.split(' ').skip(1);
    if matches!(fields.next()?, "Z" | "X") {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

#[cfg(not(target_os = "linux"))]
pub(super) fn start_time(_: u32) -> Option<u64> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn this_process_runs_and_one_that_had_its_number_before_does_not() {
        let own = own();
        assert!(own.start_time > 0 && own.namespace > 0);
        assert_eq!(runs(own, boot_id()), Some(true));
        assert_eq!(runs(ProcessMark { start_time: own.start_time - 1, ..own }, boot_id()), Some(false));
    }

    #[test]
    fn a_number_from_another_boot_or_namespace_is_no_evidence() {
        let own = own();
        assert_eq!(runs(own, [9; 16]), None);
        assert_eq!(runs(ProcessMark { namespace: 1, ..own }, boot_id()), None);
        assert_eq!(runs(ProcessMark { time_namespace: 1, ..own }, boot_id()), None, "start times of two clocks");
        assert_eq!(runs(ProcessMark { pid: 0, ..own }, boot_id()), None);
        assert_eq!(still_runs(own, [9; 16]), Some(false), "its boot is over");
        assert_eq!(still_runs(own, [0; 16]), None);
    }

    #[test]
    fn a_boot_that_is_not_known_is_not_called_another_one() {
        let [none, one, other] = [[0; 16], [1; 16], [2; 16]];
        let found = [(one, other), (one, one), (one, none), (none, one), (none, none)];
        assert_eq!(found.map(|(boot, own)| is_another_boot(boot, own)), [true, false, false, false, false]);
    }

    #[test]
    fn only_a_process_of_another_time_namespace_has_another_clock() {
        let own = own();
        assert!(shares_clock(own) && shares_clock(ProcessMark { time_namespace: 0, ..own }));
        assert!(!shares_clock(ProcessMark { time_namespace: own.time_namespace + 1, ..own }));
    }

    #[test]
    fn a_process_is_found_by_its_number_and_an_unused_number_is_none() {
        assert_eq!(mark_of_pid(std::process::id()), Some(own()));
        assert_eq!(mark_of_pid(u32::MAX), None);
        assert_eq!(mark_of_pid(0), None);
    }

    #[test]
    fn a_runner_with_the_creators_number_is_the_creator_only_in_its_namespace() {
        let facts = HeaderImage { creator_pid: 7, creator_namespace: 1, ..HeaderImage::default() };
        let identity = IdentityImage { runner: 7, namespace: 1, ..IdentityImage::default() };
        assert!(is_by_creator(&identity, &facts));
        assert!(!is_by_creator(&IdentityImage { runner: 8, ..identity }, &facts));
        assert!(
            !is_by_creator(&IdentityImage { namespace: 2, ..identity }, &facts),
            "another process has that number there"
        );
    }

    #[test]
    fn ids_differ() {
        assert_ne!(unique_id(), unique_id());
    }
}
