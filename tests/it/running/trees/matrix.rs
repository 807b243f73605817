//! Every shape of a tree in a post-install command, by every end of an install.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::grow::{SHAPES, Script, function};
use super::{alive, tag};
use crate::support::registry::archive::{script, tgz};
use crate::support::sandbox::{Finished, Running, Sandbox, eventually, send, within};

/// A run of one tool for each shape.
struct Grown {
    running: Running,
    sandbox: Sandbox,
    tag: String,
}

impl Grown {
    /// Start all tools, on commands that `live` or `leave`.
    fn start(number: usize, leader: &str, options: &str) -> Self {
        let sandbox = Sandbox::new();
        let shapes = Script::of_shapes(sandbox.root(), &tag(number));
        let mut tools = String::from("[tools]\n");
        for (shape, _) in SHAPES {
            let archive = tgz(&[script(&format!("x/bin/{shape}"), "1.0.0")]);
            let command = format!("sh {} {} {leader}", shapes.path.display(), function(shape));
            tools += &sandbox.addressed(shape, &archive, &format!(", postinstall = \"{command}\""));
        }
        sandbox.write("vx.toml", &tools);
        let running = sandbox.start(&format!("sync --plain --jobs {} {options}", SHAPES.len()));
        Self { running, sandbox, tag: shapes.tag }
    }

    /// The same, once each shape has about all its processes.
    fn at_work(number: usize) -> Self {
        let grown = Self::start(number, "live", "");
        eventually("all shapes are there", || {
            let asleep =
                |pid: &u32| std::fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name == "sleep\n");
            let asleep = alive(&grown.tag).iter().filter(|pid| asleep(pid)).count();
            // A process that is stopped doesn't count, and two of the leader that leaves may have been ended.
            (asleep >= 2 * SHAPES.len() - 3).then_some(())
        });
        grown
    }

    /// Kill the processes with this word in their command line.
    fn kill(&self, word: &str) {
        let processes = self.sandbox.processes();
        let victims: Vec<_> = processes.iter().filter(|process| process.command.contains(word)).collect();
        assert!(victims.len() >= SHAPES.len() - 1, "{processes:?}");
        victims.iter().for_each(|process| send(process.pid, Signal::KILL));
    }

    fn left(&self) -> Vec<u32> {
        let others = self.sandbox.processes().into_iter().map(|process| process.pid);
        others.chain(alive(&self.tag)).collect()
    }

    /// Check that the run ends within this time, and that no process of any tree is left then.
    fn ends_within(self, bound: Duration) -> Finished {
        let Self { running, sandbox, tag } = self;
        let start = Instant::now();
        let finished = running.finish();
        assert_eq!(alive(&tag), Vec::<u32>::new(), "they outlived the run");
        assert_eq!(sandbox.processes(), [], "they outlived the run");
        assert!(start.elapsed() < bound, "{:?}", start.elapsed());
        finished
    }
}

#[test]
fn commands_that_succeed_leave_nothing() {
    Grown::start(1_000, "leave", "").ends_within(Duration::from_secs(15)).succeeds();
}

#[test]
fn cancelled_commands_leave_nothing() {
    let grown = Grown::at_work(2_000);
    grown.running.signal(Signal::INT);
    grown.ends_within(Duration::from_secs(8)).exits_with(130);
}

#[test]
fn commands_out_of_time_leave_nothing() {
    Grown::start(3_000, "live", "--timeout 3s").ends_within(Duration::from_secs(15)).exits_with(1);
}

#[test]
fn commands_of_killed_installs_leave_nothing() {
    let grown = Grown::at_work(4_000);
    grown.kill("--ipc-channel");
    grown.ends_within(Duration::from_secs(8)).exits_with(1);
}

#[test]
fn commands_of_killed_runners_leave_nothing() {
    let grown = Grown::at_work(5_000);
    grown.kill("--run-tree");
    grown.ends_within(Duration::from_secs(8)).exits_with(1);
}

#[test]
fn commands_of_killed_installs_and_runners_leave_nothing() {
    let grown = Grown::at_work(6_000);
    grown.kill("--run-tree");
    grown.kill("--ipc-channel");
    grown.ends_within(Duration::from_secs(8)).exits_with(1);
}

#[test]
fn commands_of_a_killed_run_leave_nothing() {
    let grown = Grown::at_work(7_000);
    grown.running.signal(Signal::KILL);
    within(Duration::from_secs(4), "all have ended", || grown.left().is_empty().then_some(()));
}
