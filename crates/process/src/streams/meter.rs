//! Processor time and memory of process trees, measured between two samples.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Resources used by all processes below a root.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TreeUse {
    /// The lowest process id among them.
    pub pid: u32,
    /// Their number.
    pub processes: u32,
    /// Thousandths of one processor since the last sample; `None` at the first.
    pub processor_permille: Option<u32>,
    /// Their resident memory.
    pub memory_bytes: u64,
}

/// Samples several trees.
#[derive(Debug, Default)]
pub struct TreeMeter {
    /// Processor time of each process at the last sample, in ticks, by its process id and the tick of its start.
    before: HashMap<(u32, u64), u64>,
    looked_at: Option<Instant>,
}

/// A process as the kernel lists it; times in ticks, resident memory in pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Process {
    pid: u32,
    parent: u32,
    ticks: u64,
    start: u64,
    pages: u64,
}

impl TreeMeter {
    /// Measures the processes below each of these roots; `None` for a root without any.
    pub fn sample(&mut self, roots: &[u32]) -> Vec<Option<TreeUse>> {
        self.measure(&processes(), roots, Instant::now())
    }

    fn measure(&mut self, processes: &[Process], roots: &[u32], now: Instant) -> Vec<Option<TreeUse>> {
        let since = self.looked_at.replace(now).map(|before| now.saturating_duration_since(before));
        let found = trees(processes, roots);
        let before = std::mem::take(&mut self.before);
        let uses = found.iter().map(|tree| {
            let pid = tree.iter().map(|process| process.pid).min()?;
            let gained = tree.iter().map(|process| {
                // A process that was started after the last sample has used all of its time since then.
                let then = before.get(&(process.pid, process.start)).copied().unwrap_or_default();
                process.ticks.saturating_sub(then)
            });
            let gained = gained.sum();
            Some(TreeUse {
                pid,
                processes: u32::try_from(tree.len()).unwrap_or(u32::MAX),
                processor_permille: since.and_then(|since| share(gained, since)),
                memory_bytes: tree.iter().map(|process| process.pages).sum::<u64>().saturating_mul(page_bytes()),
            })
        });
        let uses = uses.collect();
        self.before = found.iter().flatten().map(|process| ((process.pid, process.start), process.ticks)).collect();
        uses
    }
}

/// The processes below each of these roots. Processes are read one by one, not at one moment, so a chain of parents may
/// be wrong, even circular; its length is bounded.
fn trees(processes: &[Process], roots: &[u32]) -> Vec<Vec<Process>> {
    let parents: HashMap<u32, u32> = processes.iter().map(|process| (process.pid, process.parent)).collect();
    let mut trees = vec![Vec::new(); roots.len()];
    for process in processes {
        let above = std::iter::successors(Some(process.parent), |pid| parents.get(pid).copied());
        let root = above.take(parents.len()).find_map(|pid| roots.iter().position(|root| *root == pid));
        if let Some(root) = root {
            trees[root].push(*process);
        }
    }
    trees
}

/// Converts ticks used during `since` to thousandths of one processor.
fn share(ticks: u64, since: Duration) -> Option<u32> {
    let used = ticks as f64 / ticks_per_second() as f64;
    let share = (used / since.as_secs_f64() * 1000.0).round();
    share.is_finite().then_some(share as u32)
}

#[cfg(target_os = "linux")]
fn processes() -> Vec<Process> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers.filter_map(|pid| parsed(pid, &std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)).collect()
}

/// Parses the `stat` line of a process; `None` if it has ended. Words are counted from behind the name, which may hold
/// any characters.
#[cfg(target_os = "linux")]
fn parsed(pid: u32, stat: &str) -> Option<Process> {
    let mut words = stat.rsplit_once(") ")?.1.split(' ');
    if matches!(words.next()?, "Z" | "X") {
        return None;
    }
    let parent = words.next()?.parse().ok()?;
    let mut number = |skipped: usize| words.nth(skipped)?.parse::<u64>().ok();
    let (user, system, start, pages) = (number(9)?, number(0)?, number(6)?, number(1)?);
    Some(Process { pid, parent, ticks: user.saturating_add(system), start, pages })
}

/// Always empty: other systems do not list processes in files.
#[cfg(not(target_os = "linux"))]
fn processes() -> Vec<Process> {
    Vec::new()
}

#[cfg(target_os = "linux")]
fn page_bytes() -> u64 {
    rustix::param::page_size() as u64
}

#[cfg(not(target_os = "linux"))]
fn page_bytes() -> u64 {
    0
}

#[cfg(target_os = "linux")]
fn ticks_per_second() -> u64 {
    rustix::param::clock_ticks_per_second()
}

#[cfg(not(target_os = "linux"))]
fn ticks_per_second() -> u64 {
    1
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn facts_are_found_behind_any_name() {
        let stat = "7 (a) b) S 3 7 7 0 -1 4194560 100 0 0 0 12 34 5 6 20 0 1 0 99 123456 250 18446744073709551615 1";
        assert_eq!(parsed(7, stat), Some(Process { pid: 7, parent: 3, ticks: 46, start: 99, pages: 250 }));
        assert_eq!((parsed(7, "7 (a) Z 3 7 7"), parsed(7, "7 (a) S 3 7"), parsed(7, "")), (None, None, None));
    }

    #[test]
    fn a_tree_is_all_below_its_root_and_not_the_root() {
        let process = |pid, parent| Process { pid, parent, ticks: 0, start: 0, pages: 0 };
        let all = [process(5, 1), process(6, 5), process(9, 6), process(7, 1), process(3, 9), process(8, 8)];
        let pids = |tree: &Vec<Process>| tree.iter().map(|process| process.pid).collect::<Vec<u32>>();
        assert_eq!(trees(&all, &[5, 7, 8]).iter().map(pids).collect::<Vec<_>>(), [vec![6, 9, 3], vec![], vec![8]]);
    }

    #[test]
    fn the_use_of_a_tree_is_what_its_processes_have_gained_since_the_last_look() {
        let process = |pid, parent, seconds: u64, pages| {
            let ticks = seconds * ticks_per_second();
            Process { pid, parent, ticks, start: u64::from(pid), pages }
        };
        let (mut meter, now) = (TreeMeter::default(), Instant::now());
        let first = meter.measure(&[process(6, 5, 9, 2), process(7, 6, 1, 1)], &[5, 8], now);
        let bytes = |pages: u64| pages * page_bytes();
        let first_use = TreeUse { pid: 6, processes: 2, processor_permille: None, memory_bytes: bytes(3) };
        assert_eq!(first, [Some(first_use), None]);
        // One process has ended, and a new one has got its id.
        let again = Process { start: 99, ..process(7, 6, 3, 4) };
        let next = meter.measure(&[process(6, 5, 10, 2), again], &[5], now + Duration::from_secs(8));
        assert_eq!(next, [Some(TreeUse { processor_permille: Some(500), memory_bytes: bytes(6), ..first_use })]);
        assert!(processes().iter().any(|process| process.pid == std::process::id() && process.pages > 0));
    }
}
