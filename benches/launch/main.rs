//! What does it cost to run a project's tool through vx, beside running it directly?
//!
//! Budget over direct exec, warm: through a link that `vx shims` made at most 0.15 ms, as `vx TOOL` at most 0.6 ms with
//! the folder of shims on PATH, where `vx` is such a link, too. Without that folder `vx TOOL` is the program itself,
//! which the system has to link first; that has no budget of time. Gates that no noise can move: a shim takes at most 20
//! system calls and 60,000 instructions until it has become the tool, the program itself at most 90 and 700,000.
//!
//! `cargo bench --bench launch` starts each way in turns and prints medians; what is over direct exec is the median of
//! the differences within a turn. Beside them: a static program that only becomes the tool (nobody can do with less),
//! mise and uv where the registries give them. `VX_BENCH_TURNS` sets the turns, else 201.

#[cfg(launcher)]
mod peers;
#[cfg(launcher)]
mod scene;
#[cfg(launcher)]
mod steps;

/// The kernel's own interface is needed for all of it.
#[cfg(not(launcher))]
fn main() {
    println!("there is no launcher for this system: nothing was measured");
}

#[cfg(launcher)]
use {
    peers::Peers,
    scene::Scene,
    std::path::Path,
    std::process::{Command, Stdio},
    std::time::{Duration, Instant},
};

/// A way to run the tool.
#[cfg(launcher)]
struct Runner {
    name: &'static str,
    command: Command,
}

/// Most milliseconds over direct exec.
#[cfg(launcher)]
const BUDGETS_MS: [(&str, f64); 2] = [("vx shim", 0.15), ("vx TOOL", 0.6)];
/// Most system calls and instructions until the tool runs.
#[cfg(launcher)]
const GATES: [(&str, u64, u64); 3] = [("vx shim", 20, 60_000), ("vx TOOL", 20, 60_000), ("vx, no shims", 90, 700_000)];

#[cfg(launcher)]
fn main() {
    if std::env::args().any(|argument| argument == "--test" || argument == "--list") {
        return; // Run as a test, there is nothing to measure.
    }
    let turns = std::env::var("VX_BENCH_TURNS").ok().and_then(|turns| turns.parse().ok()).unwrap_or(201);
    let place = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let scene = Scene::make(&place.join("launch"));
    let peers = Peers::fetch(&place.join("launch-peers"));

    let mut runners = own(&scene, &scene.home(), "tiny", &scene.tiny, &[]);
    runners.insert(1, Runner { name: "floor", command: scene.command(&scene.floor, &[]) });
    std::env::set_current_dir(scene.project()).expect("the directory is there");
    let gates = count(&runners);
    runners.extend(peers.of_tiny(&scene));
    let mut kept = measure("a program that only ends, warm", &scene.project(), &mut runners, turns);
    kept &= measure("the same, 12 directories below the project", &scene.deep(), &mut runners, turns);
    cold(&scene, &mut runners);
    if let Some(node) = peers.node() {
        let (project, home) = peers.node_project();
        let words = ["-e", "0"];
        let mut runners = own(&scene, &home, "node", &node, &words);
        runners.extend(peers.of_node(&scene, &node, &words));
        measure("node -e 0, warm", &project, &mut runners, turns / 5 + 1);
    }
    println!("\nbudgets of time {}", if kept { "kept" } else { "BROKEN" });
    assert!(gates, "a budget of calls or instructions is broken");
}

/// Directly, through a shim, and through vx, from this home.
#[cfg(launcher)]
fn own(scene: &Scene, home: &Path, tool: &str, file: &Path, words: &[&str]) -> Vec<Runner> {
    let named: Vec<&str> = [&[tool], words].concat();
    let runner = |name, program: &Path, words: &[&str]| {
        let mut command = scene.command(program, words);
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

/// Count what the ways take that have a gate; whether all keep it.
#[cfg(launcher)]
fn count(runners: &[Runner]) -> bool {
    // What is found from files that were just written is not kept.
    std::thread::sleep(Duration::from_millis(50));
    println!("{:<13} {:>14} {:>14}", "until it runs", "system calls", "instructions");
    let mut kept = true;
    for runner in runners.iter().filter(|runner| runner.name != "direct") {
        // What it comes to is found and kept before.
        let _ = repeat(&runner.command).status();
        let Some(steps) = steps::count(&runner.command) else {
            println!("{:<13} nothing was counted: processes cannot be watched here", runner.name);
            continue;
        };
        let gate = GATES.iter().find(|(name, ..)| *name == runner.name);
        let within =
            gate.is_none_or(|(_, calls, instructions)| steps.calls <= *calls && steps.instructions <= *instructions);
        kept &= within;
        let most = gate.map_or_else(String::new, |(_, calls, instructions)| {
            format!("  at most {calls} and {instructions}: {}", if within { "kept" } else { "BROKEN" })
        });
        println!("{:<13} {:>14} {:>14}{most}", runner.name, steps.calls, steps.instructions);
    }
    kept
}

/// Start every way in turns in this directory, and print what each takes; whether the budgets are kept.
#[cfg(launcher)]
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

/// Try a way twice; what fails is left out by name.
#[cfg(launcher)]
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

#[cfg(launcher)]
fn repeat(command: &Command) -> Command {
    let mut again = Command::new(command.get_program());
    again.args(command.get_args()).env_clear();
    again.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    again
}

/// Milliseconds from before the process is made until it has ended.
#[cfg(launcher)]
fn once(command: &mut Command) -> f64 {
    let began = Instant::now();
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().expect("it starts");
    let spent = began.elapsed();
    assert!(status.success(), "{command:?}: {status}");
    spent.as_secs_f64() * 1_000.0
}

#[cfg(launcher)]
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

/// With nothing of vx in memory: its files are dropped from the page cache before each start.
#[cfg(launcher)]
fn cold(scene: &Scene, runners: &mut [Runner]) {
    std::env::set_current_dir(scene.project()).expect("the directory is there");
    let turns = 21;
    println!("\nthe same, with the files of all of them dropped from the page cache before each start: {turns} turns");
    let mut files = vec![env!("CARGO_BIN_EXE_vx").into(), scene.tiny.clone(), scene.floor.clone()];
    files.extend(runners.iter().map(|runner| Path::new(runner.command.get_program()).to_owned()));
    let kept = |name: &str| std::fs::read_dir(scene.home().join(name)).into_iter().flatten().flatten();
    files.extend(kept("cache/routes").chain(kept("shims")).map(|entry| entry.path()));
    files.extend(["vx.toml", "vx.lock", "mise.toml"].map(|name| scene.project().join(name)));
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

/// Ask the kernel to drop what it holds of a file.
#[cfg(launcher)]
fn forget(file: &Path) {
    use rustix::fs::{Advice, fadvise};

    if let Ok(file) = std::fs::File::open(file) {
        let _ = file.sync_all();
        let _ = fadvise(&file, 0, None, Advice::DontNeed);
    }
}

#[cfg(launcher)]
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
