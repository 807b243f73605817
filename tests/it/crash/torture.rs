//! The kill loop: SIGKILL at random instants of whole syncs. After each kill the store must be whole, and the next run
//! must complete without a clean-up.
//!
//! `VX_TORTURE=50 cargo test --test it torture -- --nocapture` kills fifty times as often, and prints each hit.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::time::Instant;

use rustix::process::Signal;
use vx_base::system::platform::Platform;

use super::*;
use crate::support::registry::archive::{Entry, script, tgz, wheel};
use crate::support::registry::{Npm, npm_archive_path, wheel_path, wheel_tag};
use crate::support::sandbox::{Process, send, text};

/// The number of kills in every run of the tests.
const USUAL_KILLS: u64 = 20;
/// Bytes of an archive that arrive per second: slow enough to be killed in the middle of a download.
const RATE: u64 = 1_200_000;
/// The longest that the processes of a killed run may take to be gone: a second, and a margin for a busy machine.
const GONE: Duration = Duration::from_secs(3);
const USUAL: &str = "sync --plain";
const FORCED: &str = "sync --plain --force";

/// Random numbers, different in each run: a seed would not help, because it cannot repeat the time at which a signal
/// arrives.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len() as u64) as usize]
    }
}

/// The state of the home before a run that will be killed.
#[derive(Clone, Copy, Debug)]
enum Start {
    /// Nothing.
    Empty,
    /// The archives, but no release.
    Archives,
    /// Everything is installed; the run installs it again.
    Everything,
    /// The leftovers of the last killed run.
    AsItWas,
}

#[derive(Clone, Copy, Debug)]
enum Victim {
    Child,
    Parent,
    Everybody,
}

#[derive(Default)]
struct Tally {
    /// How often each victim was hit in each phase.
    hits: BTreeMap<String, u64>,
    missed: u64,
    completed: u64,
    slowest_end: Duration,
    slowest_next: Duration,
    /// Releases in the store were spoiled since the last run that completed.
    spoiled: bool,
}

/// A release as vendors ship them: a program or two and many small files in folders.
fn like_real(top: &str, version: &str, programs: &[&str], files: usize) -> Vec<Entry> {
    let mut entries: Vec<Entry> = programs.iter().map(|program| script(&format!("{top}{program}"), version)).collect();
    for number in 0..files {
        let text = format!("// file {number} of {version}\n").repeat(20 + number * 7 % 300);
        entries.push(Entry::file(&format!("{top}lib/part{}/file{number}.js", number % 9), 0o644, text));
    }
    entries.push(crate::support::registry::archive::filler(&format!("{top}share/data"), 150_000));
    entries
}

/// A project with four tools: one of two parts, a wheel, a plain one, and one from an address with a post-install
/// command.
fn project() -> Sandbox {
    // Use memory if mounting is allowed: this test is not about the speed of a disk.
    let sandbox = Sandbox::new().on_a_disk("size=256m").unwrap_or_else(Sandbox::new).offers("node", "22.23.3");
    let registry = sandbox.registry();
    let platform = Platform::current().expect("tests run where tools are known");
    let npm_like = |top, version, programs: &[&str], files| tgz(&like_real(top, version, programs, files));
    let biome = npm_like("package/", "2.3.4", &["biome"], 60);
    registry.npm("@biomejs/cli-linux-x64", "2.3.4", &biome, Npm::default());
    let ruff = wheel(&like_real("", "0.15.1", &["ruff-0.15.1.data/scripts/ruff"], 40));
    let ruff_name = format!("ruff-0.15.1-py3-none-{}.whl", wheel_tag(platform));
    registry.pypi("ruff", &ruff_name, &ruff);
    let hello = npm_like("x/", "1.0.0", &["bin/hello"], 120);
    let slowly = |path: &str, archive: &[u8]| {
        registry.server().serve(path, crate::support::server::Reply::ok(archive).slow(RATE));
    };
    slowly(&npm_archive_path("@biomejs/cli-linux-x64", "2.3.4"), &biome);
    slowly(&wheel_path(&ruff_name), &ruff);
    let line = sandbox.addressed("hello", &hello, ", postinstall = \"sleep 0.03\"");
    slowly("/files/hello.tgz", &hello);
    sandbox.write("vx.toml", &format!("[tools]\nnode = \"22\"\nbiome = \"2.3.4\"\nruff = \"0.15.1\"\n{line}"));
    sandbox
}

const PROGRAMS: [(&str, &str); 5] =
    [("node", "22.23.3"), ("npm", "11.0.0"), ("biome", "2.3.4"), ("ruff", "0.15.1"), ("hello", "1.0.0")];

fn children(sandbox: &Sandbox) -> Vec<Process> {
    let mut processes = sandbox.processes();
    processes.retain(|process| process.command.contains("--ipc-channel"));
    processes
}

fn prepare(sandbox: &Sandbox, start: Start) {
    let gone = |place: &str| {
        let _ = fs::remove_dir_all(sandbox.kept().join(place));
    };
    match start {
        Start::Empty => ["store", "cache/downloads"].into_iter().for_each(gone),
        Start::Archives => gone("store"),
        // Releases without the lists of their files have to be made again.
        Start::Everything => fs::read_dir(sandbox.kept().join("store"))
            .into_iter()
            .flatten()
            .flatten()
            .for_each(|tool| sandbox.spoil(&tool.file_name().to_string_lossy())),
        Start::AsItWas => {}
    }
}

/// The phase of a process, by its slot.
fn doing(sandbox: &Sandbox, pid: u32) -> String {
    let board = sandbox.board().unwrap_or_default();
    let slots = board["slots"].as_array().cloned().unwrap_or_default();
    let slot = slots.into_iter().find(|slot| slot["pid"] == pid);
    slot.map_or_else(|| "before its slot".to_owned(), |slot| text(&slot["step"]).to_owned())
}

/// Kill now. Returns the process that was hit, if there was one.
fn kill(sandbox: &Sandbox, parent: u32, victim: Victim, random: &mut Random) -> Option<String> {
    let children = children(sandbox);
    match victim {
        Victim::Parent => {
            send(parent, Signal::KILL);
            Some(format!("parent, with {} children", children.len()))
        }
        Victim::Everybody => {
            send(parent, Signal::KILL);
            children.iter().for_each(|child| send(child.pid, Signal::KILL));
            Some(format!("parent and its {} children", children.len()))
        }
        Victim::Child if children.is_empty() => None,
        Victim::Child => {
            let child = random.one_of(&children).pid;
            send(child, Signal::KILL);
            Some(format!("child, {}", doing(sandbox, child)))
        }
    }
}

/// One run, killed at a random instant; the store must be whole after any hit.
fn round(sandbox: &Sandbox, random: &mut Random, whole_run: Duration, tally: &mut Tally) {
    let start = *random.one_of(&[Start::Empty, Start::Empty, Start::Archives, Start::Everything, Start::AsItWas]);
    let victim = *random.one_of(&[Victim::Child, Victim::Child, Victim::Parent, Victim::Everybody]);
    prepare(sandbox, start);
    tally.spoiled |= matches!(start, Start::Everything);
    let words = if matches!(start, Start::Everything) { FORCED } else { USUAL };
    let runs = [Some(sandbox.start(words)), (random.below(5) == 0).then(|| sandbox.start(words))];
    let instant = Duration::from_micros(random.below(whole_run.as_micros() as u64));
    std::thread::sleep(instant);

    let runs: Vec<Running> = runs.into_iter().flatten().collect();
    let together = if runs.len() > 1 { ", two syncs at once" } else { "" };
    let hit = kill(sandbox, runs[0].pid(), victim, random);
    let killed_at = Instant::now();
    let ends: Vec<_> = runs.into_iter().map(Running::finish).collect();
    await_no_process(sandbox, GONE);
    tally.slowest_end = tally.slowest_end.max(killed_at.elapsed());
    match hit {
        Some(hit) => *tally.hits.entry(format!("{hit}{together}")).or_default() += 1,
        None => tally.missed += 1,
    }
    if let Some(other) = ends.get(1)
        && !matches!(victim, Victim::Child | Victim::Everybody)
    {
        // The other run's own children were not hit, so it takes over everything that the killed run held.
        assert_eq!(other.code(), Some(0), "the sync beside the killed one:\n{}", other.stderr());
    }
    for end in &ends {
        let code = end.code();
        assert!(matches!(code, Some(0 | 1)) || end.signal() == Some(9), "{code:?}:\n{}", end.stderr());
    }
    sandbox.keeps_only_whole_releases();
}

/// Check that the next run completes, without a clean-up.
fn next_run(sandbox: &Sandbox, tally: &mut Tally) {
    let begun = Instant::now();
    // A run that is not forced keeps the releases whose lists of files were taken away.
    sandbox.vx(if std::mem::take(&mut tally.spoiled) { FORCED } else { USUAL }).succeeds();
    tally.slowest_next = tally.slowest_next.max(begun.elapsed());
    tally.completed += 1;
    sandbox.is_clean();
    sandbox.vx("doctor --offline").succeeds();
    assert!(sandbox.processes().is_empty(), "{:?}", sandbox.processes());
}

#[test]
fn torture_killed_at_any_instant_the_store_is_whole_and_the_next_run_completes() {
    let factor = std::env::var("VX_TORTURE").ok().and_then(|text| text.parse::<u64>().ok()).unwrap_or(1);
    let kills = USUAL_KILLS * factor;
    let mut random = Random(RandomState::new().hash_one(0));
    let sandbox = project();
    let begun = Instant::now();
    sandbox.vx("sync --plain").succeeds();
    // Go a little beyond the run's duration, so that its very end is hit as well; some kills then come too late.
    let whole_run = begun.elapsed().mul_f64(1.1);
    sandbox.is_clean();

    let mut tally = Tally::default();
    while tally.hits.values().sum::<u64>() < kills {
        round(&sandbox, &mut random, whole_run, &mut tally);
        // Now and then, kill the next run as well, on top of the leftovers of this one.
        if random.below(5) > 0 {
            next_run(&sandbox, &mut tally);
        }
        assert!(tally.missed < kills * 2 + 50, "hardly anybody is hit");
    }
    next_run(&sandbox, &mut tally);
    for (program, version) in PROGRAMS {
        assert_eq!(sandbox.program_says(program), version, "{program}");
    }
    let Tally { hits, missed, completed, slowest_end, slowest_next, spoiled: _ } = tally;
    println!("{kills} kills within {whole_run:?}; {missed} came when nobody was there");
    hits.iter().for_each(|(hit, count)| println!("{count:6}  {hit}"));
    println!(
        "{completed} next runs completed, the slowest in {slowest_next:?}; all gone within {slowest_end:?} of a kill"
    );
}
