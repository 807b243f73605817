//! The commands that run the tool, started in turns.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::fixture::Fixture;
use crate::peers::Peers;
use crate::steps;

/// One command that runs the tool.
pub(crate) struct Runner {
    pub(crate) name: &'static str,
    pub(crate) command: Command,
}

/// Most milliseconds over direct exec.
const BUDGETS_MS: [(&str, f64); 2] = [("vx shim", 0.15), ("vx TOOL", 0.6)];
/// Most system calls and instructions until the tool runs.
const GATES: [(&str, u64, u64); 3] = [("vx shim", 20, 60_000), ("vx TOOL", 20, 60_000), ("vx, no shims", 90, 700_000)];

/// Measure every runner.
///
/// # Panics
/// If one takes more system calls or instructions than its gate allows.
pub(crate) fn run() {
    let turns = std::env::var("VX_BENCH_TURNS").ok().and_then(|turns| turns.parse().ok()).unwrap_or(201);
    let place = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let fixture = Fixture::make(&place.join("launch"));
    let peers = Peers::fetch(&place.join("launch-peers"));

    let mut runners = own(&fixture, &fixture.home(), "tiny", &fixture.tiny, &[]);
    runners.insert(1, Runner { name: "floor", command: fixture.command(&fixture.floor, &[]) });
    let mut gates = count("until it runs", &fixture.project(), &runners);
    gates &= count("12 folders below", &fixture.deep(), &runners);
    runners.extend(peers.of_tiny(&fixture));
    let mut kept = measure("a program that only ends, warm", &fixture.project(), &mut runners, turns);
    kept &= measure("the same, 12 directories below the project", &fixture.deep(), &mut runners, turns);
    cold(&fixture, &mut runners);
    if let Some(node) = peers.node() {
        let (project, home) = peers.node_project();
        let words = ["-e", "0"];
        let mut runners = own(&fixture, &home, "node", &node, &words);
        runners.extend(peers.of_node(&fixture, &node, &words));
        measure("node -e 0, warm", &project, &mut runners, turns / 5 + 1);
    }
    println!("\nbudgets of time {}", if kept { "kept" } else { "BROKEN" });
    assert!(gates, "a budget of calls or instructions is broken");
}

/// Our own runners: directly, through a shim, and through vx, with this home.
fn own(fixture: &Fixture, home: &Path, tool: &str, file: &Path, words: &[&str]) -> Vec<Runner> {
    let named: Vec<&str> = [&[tool], words].concat();
    let runner = |name, program: &Path, words: &[&str]| {
        let mut command = fixture.command(program, words);
        command.env("VX_HOME", home);
        Runner { name, command }
    };
    vec![
        runner("direct", file, words),
        runner("vx shim", &home.join("shims").join(tool), words),
        runner("vx TOOL", &home.join("shims/vx"), &named),
        runner("vx, no shims", Path::new(env!("CARGO_BIN_EXE_vx")), &named),
    ]
}

/// Count the steps of the runners that have a gate. Returns whether all keep it.
fn count(title: &str, directory: &Path, runners: &[Runner]) -> bool {
    std::env::set_current_dir(directory).expect("the directory is there");
    // vx does not cache a route found from files written just now.
    std::thread::sleep(Duration::from_millis(50));
    println!("{:<16} {:>14} {:>14}", title, "system calls", "instructions");
    let mut kept = true;
    for runner in runners.iter().filter(|runner| runner.name != "direct") {
        // The first run finds the route and caches it.
        let _ = repeat(&runner.command).status();
        let Some(steps) = steps::count(&runner.command) else {
            println!("{:<16} nothing was counted: processes cannot be watched here", runner.name);
            continue;
        };
        let gate = GATES.iter().find(|(name, ..)| *name == runner.name);
        let within =
            gate.is_none_or(|(_, calls, instructions)| steps.calls <= *calls && steps.instructions <= *instructions);
        kept &= within;
        let most = gate.map_or_else(String::new, |(_, calls, instructions)| {
            format!("  at most {calls} and {instructions}: {}", if within { "kept" } else { "BROKEN" })
        });
        println!("{:<16} {:>14} {:>14}{most}", runner.name, steps.calls, steps.instructions);
    }
    kept
}

/// Start every runner in turns in this directory, and print its times. Returns whether the budgets are kept.
fn measure(title: &str, directory: &Path, runners: &mut Vec<Runner>, turns: usize) -> bool {
    std::env::set_current_dir(directory).expect("the directory is there");
    println!("\n{title}: {turns} turns");
    runners.retain(works);
    let mut times: Vec<Vec<f64>> = vec![Vec::new(); runners.len()];
    for turn in 0..turns {
        for step in 0..runners.len() {
            let at = (turn + step) % runners.len();
            times[at].push(once(&mut runners[at].command));
        }
    }
    report(runners, &times)
}

/// Returns whether a runner works, tried twice; one that doesn't is named as left out.
fn works(runner: &Runner) -> bool {
    let tried = [0, 1].map(|_| repeat(&runner.command).output());
    let failed = match &tried[1] {
        Ok(output) if output.status.success() => return true,
        Ok(output) => String::from_utf8_lossy(&output.stderr).lines().take(3).collect::<Vec<_>>().join(" · "),
        Err(error) => error.to_string(),
    };
    println!("left out: {}: {failed}", runner.name);
    false
}

fn repeat(command: &Command) -> Command {
    let mut again = Command::new(command.get_program());
    again.args(command.get_args()).env_clear();
    again.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    again
}

/// Milliseconds from before the process is made until it has ended.
fn once(command: &mut Command) -> f64 {
    let began = Instant::now();
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().expect("it starts");
    let spent = began.elapsed();
    assert!(status.success(), "{command:?}: {status}");
    spent.as_secs_f64() * 1_000.0
}

fn report(runners: &[Runner], times: &[Vec<f64>]) -> bool {
    let direct = &times[0];
    let whole = median(direct.clone());
    println!("{:<13} {:>10} {:>18} {:>8}", "way", "ms", "over direct, ms", "times");
    let mut kept = true;
    for (runner, spent) in runners.iter().zip(times) {
        let over = median(spent.iter().zip(direct).map(|(own, direct)| own - direct).collect());
        let spent = median(spent.clone());
        let budget = BUDGETS_MS.iter().find(|(name, _)| *name == runner.name);
        kept &= budget.is_none_or(|(_, most)| over <= *most);
        let most = budget.map_or_else(String::new, |(_, most)| {
            format!("  at most {most}: {}", if over <= *most { "kept" } else { "BROKEN" })
        });
        println!("{:<13} {spent:>10.3} {over:>18.3} {:>8.2}{most}", runner.name, spent / whole);
    }
    kept
}

/// Measure cold starts: vx's files are dropped from the page cache before each start.
fn cold(fixture: &Fixture, runners: &mut [Runner]) {
    std::env::set_current_dir(fixture.project()).expect("the directory is there");
    let turns = 21;
    println!("\nthe same, with the files of all of them dropped from the page cache before each start: {turns} turns");
    let mut files = vec![env!("CARGO_BIN_EXE_vx").into(), fixture.tiny.clone(), fixture.floor.clone()];
    files.extend(runners.iter().map(|runner| Path::new(runner.command.get_program()).to_owned()));
    let kept = |name: &str| std::fs::read_dir(fixture.home().join(name)).into_iter().flatten().flatten();
    files.extend(kept("cache/routes").chain(kept("shims")).map(|entry| entry.path()));
    files.extend(["vx.toml", "vx.lock", "mise.toml"].map(|name| fixture.project().join(name)));
    let mut times: Vec<Vec<f64>> = vec![Vec::new(); runners.len()];
    for turn in 0..turns {
        for step in 0..runners.len() {
            let at = (turn + step) % runners.len();
            files.iter().for_each(|file| forget(file));
            times[at].push(once(&mut runners[at].command));
        }
    }
    report(runners, &times);
}

/// Ask the kernel to drop its pages of a file.
fn forget(file: &Path) {
    use rustix::fs::{Advice, fadvise};

    if let Ok(file) = std::fs::File::open(file) {
        let _ = file.sync_all();
        let _ = fadvise(&file, 0, None, Advice::DontNeed);
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
