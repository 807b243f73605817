//! The roles that this test program plays for itself: a run of trees, which adopts orphans, and an owner, which is
//! killed.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, mpsc};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use vx_process::start;
use vx_process::{ChildGroup, Launch, OrphanAdoption, OutputMode, ProcessTree, Stdin, TreeEnd, TreeLaunch, this_is_vx};

use super::grow::{Random, Script};
use super::{LIFE, alive, runner, statuses, tag, torture};
use crate::support::sandbox::{send, within};

const ROLE: &str = "VX_TREES_ROLE";
const WORDS: &str = "VX_TREES_WORDS";

/// The grace of each random tree.
const GRACE: Duration = Duration::from_millis(50);
/// The longest that the end of a tree may take beyond its grace.
const BOUND: Duration = Duration::from_secs(5);

/// This program in a role, with arguments for it.
pub(super) fn in_role(role: &str, words: &[String]) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(arguments()).envs(environment(role, words)).stdin(Stdio::null());
    command
}

fn arguments() -> [&'static str; 4] {
    ["trees::role", "--exact", "--nocapture", "--test-threads=1"]
}

fn environment(role: &str, words: &[String]) -> [(String, String); 2] {
    [(ROLE.into(), role.into()), (WORDS.into(), words.join("\n"))]
}

/// Play the role that this process was started for, if any. Returns its exit code.
pub(super) fn play() -> Option<i32> {
    let role = std::env::var(ROLE).ok()?;
    let words = std::env::var(WORDS).unwrap_or_default();
    let words: Vec<&str> = words.lines().collect();
    let number = |at: usize| words[at].parse::<usize>().expect("a number");
    match role.as_str() {
        "owner" => own(Path::new(words[0])),
        "run" => return Some(Run::new(number(0) as u64, words[3].into()).carry_out(number(1), number(2))),
        "statuses" => return Some(statuses::count(number(0), words[1] == "vx")),
        other => panic!("no role is named `{other}`"),
    }
    Some(0)
}

/// The launch of a tree whose output is dropped.
pub(super) fn launch(arguments: Vec<OsString>, linger: Duration, grace: Duration) -> TreeLaunch {
    TreeLaunch {
        runner: runner(),
        program: "/bin/sh".into(),
        arguments,
        environment: Vec::new(),
        removed: Vec::new(),
        directory: None,
        stdin: None,
        stdout: Stdio::null(),
        stderr: Stdio::null(),
        linger,
        grace,
        network: true,
    }
}

fn grown(script: &Path) -> TreeLaunch {
    launch(vec![script.into(), "f0".into()], GRACE, GRACE)
}

/// Own a tree until killed; a file beside the script names its runner.
fn own(script: &Path) {
    this_is_vx();
    let _adoption = OrphanAdoption::begin().expect("orphans come to this process");
    let tree = ProcessTree::start(grown(script)).expect("a tree");
    fs::write(script.with_extension("new"), tree.runner().to_string()).expect("a file");
    fs::rename(script.with_extension("new"), script.with_extension("runner")).expect("a file");
    std::thread::sleep(Duration::from_secs(u64::from(LIFE)));
}

/// Many trees, each ended in one way.
struct Run {
    seed: u64,
    scratch: PathBuf,
    next: AtomicUsize,
    tally: Mutex<Tally>,
}

#[derive(Default)]
struct Tally {
    /// How many trees ended in each way.
    ends: BTreeMap<&'static str, usize>,
    asked: usize,
    killed: usize,
    /// The kinds of failure, and the trees.
    failures: Vec<String>,
    /// From the first kill until the tree was empty, in microseconds.
    killing_us: Vec<u64>,
    /// From the request, or the kill of an owner, until the end was reported.
    ending_us: Vec<u64>,
}

const ENDS: [&str; 12] = [
    "end",
    "end",
    "end",
    "cancel",
    "cancel",
    "cancel",
    "time-out",
    "time-out",
    "time-out",
    "runner killed",
    "owner killed",
    "both killed",
];

impl Run {
    fn new(seed: u64, scratch: PathBuf) -> Self {
        this_is_vx();
        Self { seed, scratch, next: AtomicUsize::new(0), tally: Mutex::default() }
    }

    /// End `trees` trees with `workers` workers. Returns the exit code.
    fn carry_out(&self, trees: usize, workers: usize) -> i32 {
        let _adoption = OrphanAdoption::begin().expect("orphans come to this process");
        let began = Instant::now();
        std::thread::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(|| {
                    while let number @ 0.. = self.next.fetch_add(1, Ordering::Relaxed)
                        && number < trees
                    {
                        self.one(number);
                    }
                });
            }
        });
        let mut tally = self.tally.lock().expect("no thread panicked");
        let took = began.elapsed().as_secs_f64();
        println!("{trees} trees, {workers} at once, seed {}, in {took:.1} s: {:?}", self.seed, tally.ends);
        println!("  asked {}, killed {}, failures {}", tally.asked, tally.killed, tally.failures.len());
        println!("  from the first kill until empty: {}", spread(&mut tally.killing_us));
        println!("  from the request until the report: {}", spread(&mut tally.ending_us));
        let bound_us = if workers == 1 { 10_000 } else { 50_000 };
        let median_us = tally.killing_us.get(tally.killing_us.len() / 2).copied().unwrap_or(0);
        // A few trees on a busy machine say nothing about a median.
        if torture() > 1 && median_us > bound_us {
            tally.failures.push(format!("the median is more than {bound_us} µs"));
        }
        tally.failures.iter().for_each(|failure| println!("  FAILED: {failure}"));
        i32::from(!tally.failures.is_empty())
    }

    fn one(&self, number: usize) {
        let seed = self.seed.wrapping_mul(1_000_003).wrapping_add(number as u64);
        let mut random = Random::from(seed);
        let script = Script::random(&self.scratch, &tag(number), random.below(1 << 40));
        let how = ENDS[random.below(ENDS.len() as u64) as usize];
        let grow_for = Duration::from_micros(random.below(60_000));
        let (took, end) = match how {
            "owner killed" | "both killed" => (self.kill_owner(&script, grow_for, how == "both killed"), None),
            _ => self.end(&script, grow_for, how),
        };
        let survivors = alive(&script.tag);
        let mut tally = self.tally.lock().expect("no thread panicked");
        *tally.ends.entry(how).or_default() += 1;
        tally.ending_us.push(took.as_micros() as u64);
        let mut fail = |what: String| tally.failures.push(format!("{what}: {how}, {}", script.path.display()));
        if !survivors.is_empty() {
            fail(format!("alive after the end: {survivors:?}"));
        }
        if took > GRACE + BOUND {
            fail(format!("it took {took:?}"));
        }
        if let Some(end) = &end
            && !end.left.is_none()
        {
            fail(format!("left: {:?}", end.left));
        }
        if let Some(end) = end {
            tally.asked += end.counts.asked;
            tally.killed += end.counts.killed;
            tally.killing_us.extend(end.counts.killing_us);
        }
        drop(tally);
        if survivors.is_empty() {
            let _ = fs::remove_file(&script.path);
        }
        survivors.into_iter().for_each(|pid| send(pid, Signal::KILL));
    }

    /// End a tree that this process owns.
    fn end(&self, script: &Script, grow_for: Duration, how: &str) -> (Duration, Option<TreeEnd>) {
        let mut tree = ProcessTree::start(grown(&script.path)).expect("a tree");
        let patience = if how == "end" { grow_for + Duration::from_millis(100) } else { grow_for };
        if let Ok(Some(end)) = tree.wait(patience) {
            return (Duration::ZERO, Some(end));
        }
        let start = Instant::now();
        let end = if how == "runner killed" {
            send(tree.runner(), Signal::KILL);
            tree.wait(2 * BOUND).ok().flatten()
        } else {
            tree.end(GRACE).expect("the runner reports")
        };
        (start.elapsed(), end)
    }

    /// Kill a tree's owner, which is another process, and its runner, if that is to die as well.
    fn kill_owner(&self, script: &Script, grow_for: Duration, both: bool) -> Duration {
        let (sender, ended) = mpsc::channel();
        let words = [script.path.display().to_string()];
        let environment = environment("owner", &words).map(|(name, value)| (name.into(), value.into()));
        let launch = Launch {
            program: std::env::current_exe().expect("this program"),
            arguments: arguments().map(OsString::from).into(),
            inherited: None,
            environment: environment.into(),
            directory: None,
            stdin: Stdin::Document(Vec::new()),
            output: OutputMode::Merged,
            log: None,
            pass_on: false,
            keep_bytes: 1024,
            group: ChildGroup::Own,
        };
        let owner = start(launch, None, move |ended| drop(sender.send(ended))).expect("an owner");
        let named = script.path.with_extension("runner");
        let runner = within(Duration::from_secs(20), "the owner has a tree", || fs::read_to_string(&named).ok());
        std::thread::sleep(grow_for);
        let start = Instant::now();
        if both {
            send(runner.parse().expect("a process id"), Signal::KILL);
        }
        owner.kill();
        let _ = ended.recv_timeout(4 * BOUND);
        let _ = fs::remove_file(named);
        start.elapsed()
    }
}

/// The median and the maximum of these times.
fn spread(times: &mut [u64]) -> String {
    times.sort_unstable();
    let milliseconds = |at: usize| times.get(at).map_or(0.0, |time| *time as f64 / 1000.0);
    let (middle, high) = (times.len() / 2, times.len() * 99 / 100);
    let last = times.len().saturating_sub(1);
    let (median, p99, most) = (milliseconds(middle), milliseconds(high), milliseconds(last));
    format!("n {}, median {median:.1} ms, p99 {p99:.1} ms, most {most:.1} ms", times.len())
}
