//! The watchdog of a command: a process beside it, which ends it with all below it if its owner is killed.
//!
//! A runner above the command would have to be started first, and most commands would end sooner than that takes. A
//! watchdog is started later, and costs four checks a second, of some microseconds each. It is not an ancestor of the
//! processes that it ends, so it recognizes those that have lost their parents by their environment only. It leads a
//! group, so that keys of the terminal do not signal it. It also stops and continues the command if only the owner is
//! stopped and continued.
use std::ffi::OsString;
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, getppid};

use crate::tree::ending::TreeEnding;
use crate::tree::marked::ProcessEnvironment;
use crate::tree::members::handle::{ProcessFacts, ProcessHandle, await_any};
use crate::tree::members::scan::Descendants;
use crate::tree::program;

/// The first word of the watchdog's command line. No command and no tool begins with a dash.
const WATCHDOG: &str = "--watch-command";
/// Time for a command to end after its owner was killed.
const GRACE: Duration = Duration::from_millis(500);
/// Time between two checks of whether the owner is stopped.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// The exit code for wrong usage.
const USAGE: u8 = 2;

/// The owner's handle of a watchdog, which is killed on drop.
pub(in crate::tree) struct Watchdog(Child);

impl Watchdog {
    /// Start a watchdog for this child, whose environment contains `mark`. If that fails, the command runs without one.
    pub(in crate::tree) fn start(command: Pid, mark: Option<&(OsString, OsString)>) -> Option<Self> {
        let start = ProcessFacts::from_pid(command)?.start;
        let mut watchdog = Command::new(program::runner()?);
        watchdog.arg0("vx").arg(WATCHDOG).arg(std::process::id().to_string());
        watchdog.arg(command.to_string()).arg(start.to_string());
        watchdog.args(mark.iter().flat_map(|(name, value)| [name, value]));
        watchdog.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).current_dir("/").process_group(0);
        watchdog.spawn().ok().map(Self)
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        let _ = self.0.kill().and_then(|()| self.0.wait());
    }
}

/// Follows stops of the owner by polling, since the system reports them only to its parent. Ctrl-Z also stops the
/// command, which is in the owner's group, and a shell continues both. If only the owner is stopped or continued, that
/// is passed on.
#[derive(Default)]
struct StopFollower {
    /// The owner was stopped at the last check.
    stopped: bool,
}

impl StopFollower {
    /// The signal to send to the command, given whether owner and command are stopped now.
    fn update(&mut self, owner: bool, command: bool) -> Option<Signal> {
        let before = std::mem::replace(&mut self.stopped, owner);
        match (before, owner) {
            (false, true) if !command => Some(Signal::TSTP),
            (true, false) if command => Some(Signal::CONT),
            _ => None,
        }
    }
}

/// Be the watchdog of a command, if this program was started as one; `words` is the command line without the program's
/// name.
pub(in crate::tree) fn run(words: &[OsString]) -> Option<ExitCode> {
    if words.first()? != WATCHDOG {
        return None;
    }
    let Some(order) = WatchdogOrder::parse(&words[1..]) else { return Some(ExitCode::from(USAGE)) };
    watch(order);
    Some(ExitCode::SUCCESS)
}

/// The orders for a watchdog.
struct WatchdogOrder {
    owner: Pid,
    command: Pid,
    /// The time of the command's start: a later process with the same id has another.
    start: u64,
    /// A variable in the environment of all processes that belong to the command.
    mark: Option<(String, OsString)>,
}

impl WatchdogOrder {
    fn parse(words: &[OsString]) -> Option<Self> {
        let ([owner, command, start], mark) = words.split_first_chunk()?;
        let mark = match mark {
            [] => None,
            [name, value] => name.to_str().map(|name| (name.to_owned(), value.clone())),
            _ => return None,
        };
        let number = |word: &OsString| Pid::from_raw(word.to_str()?.parse().ok()?);
        Some(Self { owner: number(owner)?, command: number(command)?, start: start.to_str()?.parse().ok()?, mark })
    }
}

/// Wait for the end of the command or its owner. If the owner ends first, or has ended before this process began, end
/// the command.
fn watch(order: WatchdogOrder) {
    let Ok(Some(leader)) = ProcessHandle::open(order.command) else { return };
    if ProcessFacts::from_pid(order.command).is_none_or(|facts| facts.start != order.start) {
        return;
    }
    if await_owner(&order, &leader) {
        end(order);
    }
}

/// Wait for the end of the command or its owner. Returns whether the owner has ended and the command has not.
fn await_owner(WatchdogOrder { owner, command, .. }: &WatchdogOrder, leader: &ProcessHandle) -> bool {
    let Ok(owners) = ProcessHandle::open(*owner) else { return false };
    // The handle is the owner's only if the parent still has that id; else the owner has ended.
    let Some(owners) = owners.filter(|_| getppid() == Some(*owner)) else { return true };
    let mut follower = StopFollower::default();
    loop {
        let seen = await_any([leader.as_fd(), owners.as_fd()].into_iter(), Some(LOOK_EVERY));
        if seen.contains(&true) {
            return !seen[0];
        }
        if let Some((owner, command)) = ProcessFacts::from_pid(*owner).zip(ProcessFacts::from_pid(*command)) {
            follower.update(owner.stopped, command.stopped).map(|signal| leader.signal(signal));
        }
    }
}

/// End the command and all processes that carry its mark.
fn end(WatchdogOrder { command, start, mark, .. }: WatchdogOrder) {
    let mut ending = TreeEnding::from_descendants(Descendants::anywhere(move |pid, found| {
        let marked = |(name, value): &(String, OsString)| {
            ProcessEnvironment::is_of(pid, |found| found.is_own() && found.variable(name).as_ref() == Some(value))
        };
        if pid == command && found.start == start { Some(true) } else { mark.as_ref().map_or(Some(false), marked) }
    }));
    ending.end(GRACE, TreeEnding::await_member);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_of_the_owner_alone_is_passed_on_once_and_so_is_its_end() {
        let mut follower = StopFollower::default();
        let looks = [(false, false), (true, false), (true, false), (true, true), (false, true), (false, false)];
        let sent: Vec<_> = looks.map(|(owner, command)| follower.update(owner, command)).into();
        assert_eq!(sent, [None, Some(Signal::TSTP), None, None, Some(Signal::CONT), None]);
    }

    #[test]
    fn what_a_shell_stops_and_continues_is_left_to_it() {
        let mut follower = StopFollower::default();
        assert_eq!(follower.update(true, true), None, "by Ctrl-Z");
        assert_eq!(follower.update(false, false), None, "by `fg`");
        assert_eq!(follower.update(false, true), None, "the command was stopped by another process");
    }

    #[test]
    fn an_owner_that_is_gone_before_the_first_look_counts_as_ended() {
        let mut owner = Command::new("true").spawn().expect("a process");
        let gone = Pid::from_child(&owner);
        owner.wait().expect("its end");
        let mut command = Command::new("sleep").arg("61").process_group(0).spawn().expect("a command");
        let pid = Pid::from_child(&command);
        let handle = ProcessHandle::open(pid).expect("a handle").expect("it is there");
        let has_ended = || await_any([handle.as_fd()].into_iter(), Some(Duration::ZERO)) == [true];
        let start = ProcessFacts::from_pid(pid).expect("it is there").start;
        watch(WatchdogOrder { owner: gone, command: pid, start: start + 1, mark: None });
        assert!(!has_ended(), "a later process of that number");
        watch(WatchdogOrder { owner: gone, command: pid, start, mark: None });
        assert!(has_ended());
        assert!(command.wait().is_err(), "the look that saw its end has collected it");
    }
}
