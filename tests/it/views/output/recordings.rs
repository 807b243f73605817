//! Recordings of a run reproduce every moment of it, even if it was killed.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use rustix::process::Signal;

use super::*;
use crate::support::sandbox::{slot_of, text};

/// A project with a tool that takes two seconds, a tool that takes none, and a tool that cannot be fetched.
fn slow_quick_and_broken() -> Sandbox {
    let sandbox = Sandbox::new()
        .config("[tools]\nbiome = \"2.3.4\"\nbuf = \"1.5.0\"\nesbuild = \"0.27.0\"\n")
        .offers("esbuild", "0.27.0");
    sandbox.publish_slowly("biome", "2.3.4", 600_000, 300_000);
    let broken = sandbox.publish("buf", "1.5.0", 0);
    sandbox.registry().server().serve(&broken.path, Reply::status(404));
    sandbox
}

fn dumped(sandbox: &Sandbox, arguments: &str) -> Value {
    json(&sandbox.vx(&format!("board dump {arguments} --json")).succeeds().stdout())
}

/// The recordings beside the boards.
fn kept(sandbox: &Sandbox) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(sandbox.runtime()).expect("boards").flatten().map(|entry| entry.path());
    entries.filter(|path| path.extension().is_some_and(|extension| extension == "vxr")).collect()
}

/// The age of the board in seconds when this dump was taken.
fn seconds_in(board: &Value) -> f64 {
    let moment = |name: &str| text(&board["board"][name]).parse::<jiff::Timestamp>().expect("a time");
    moment("taken_at").duration_since(moment("created_at")).as_secs_f64()
}

#[test]
fn a_replay_shows_at_any_moment_the_state_of_a_dump_of_that_moment() {
    let sandbox = slow_quick_and_broken();
    sandbox.vx("sync --record run.vxr --dump dumps --dump-every 200ms").exits_with(1);
    let mut compared = 0;
    for number in 1.. {
        let name = format!("dumps/board-{number:06}.vxb");
        if !sandbox.project().join(&name).exists() {
            break;
        }
        let dump = dumped(&sandbox, &name);
        let seconds = seconds_in(&dump);
        // The last reading before that moment is at most 50 ms old, and a little older on a busy machine.
        let before = dumped(&sandbox, &format!("run.vxr --at {seconds:.3}s"));
        let after = dumped(&sandbox, &format!("run.vxr --at {:.3}s", seconds + 0.3));
        for slot in dump["slots"].as_array().expect("a list") {
            let [before, after] = [&before, &after].map(|at| slot_of(at, text(&slot["key"])).expect("it was there"));
            if before["step"] == after["step"] && before["state"] == after["state"] {
                assert_eq!((&slot["step"], &slot["state"]), (&before["step"], &before["state"]));
                let [least, most] = [&before, &after].map(|slot| slot["done"].as_u64().expect("a number"));
                let done = slot["done"].as_u64().expect("a number");
                assert!(least <= done && done <= most, "{least} {done} {most} at {seconds}");
                compared += usize::from(least < most);
            }
        }
    }
    assert!(compared >= 4, "a download that moves was compared {compared} times");
    let last = json(&sandbox.read("dumps/final.json"));
    let end = dumped(&sandbox, "run.vxr");
    assert_eq!(end["slots"], last["slots"]);
    assert_eq!((&end["board"]["state"], &end["board"]["id"]), (&"failed".into(), &last["board"]["id"]));
    assert!(text(&slot_of(&end, "buf").expect("a slot")["error"]).contains("404"));
    assert_eq!(dumped(&sandbox, "run.vxr --at 0s")["board"]["state"], "running");
}

#[test]
fn of_a_killed_run_everything_up_to_then_replays_and_a_torn_end_costs_only_itself() {
    let sandbox = slow_quick_and_broken();
    let running = sandbox.start("sync --plain --record run.vxr");
    sandbox.await_slot("biome", "is at half of its download", |slot| slot["done"].as_u64() > Some(250_000));
    running.signal(Signal::KILL);
    assert_eq!(running.finish().signal(), Some(9));
    let end = dumped(&sandbox, "run.vxr");
    let biome = slot_of(&end, "biome").expect("a slot");
    assert!(biome["state"] == "live" && biome["done"].as_u64() > Some(150_000), "{biome}");
    let beside = kept(&sandbox);
    assert_eq!(beside.len(), 1);
    let also = dumped(&sandbox, &beside[0].display().to_string());
    assert_eq!(also["board"]["id"], end["board"]["id"]);

    let whole = std::fs::read(sandbox.project().join("run.vxr")).expect("a recording");
    std::fs::write(sandbox.project().join("torn.vxr"), &whole[..whole.len() - 3]).expect("a file");
    let torn = slot_of(&dumped(&sandbox, "torn.vxr"), "biome").expect("a slot");
    assert!(torn["done"].as_u64() > Some(100_000) && torn["done"].as_u64() < biome["done"].as_u64(), "{torn}");
    std::fs::write(sandbox.project().join("cut.vxr"), &whole[..70]).expect("a file");
    sandbox.vx("board dump cut.vxr").fails_with("it has no complete reading");
}

#[test]
fn the_last_runs_are_recorded_without_being_asked_and_outlive_their_boards_but_not_for_ever() {
    let sandbox = one_of_each();
    sandbox.vx("sync").exits_with(1);
    let recordings = kept(&sandbox);
    assert_eq!(recordings.len(), 2, "one for each run: {recordings:?}");
    assert!(recordings.iter().all(|path| path.metadata().expect("a file").len() < 8_000), "and they are small");
    let listed = sandbox.vx("board ls --recordings").succeeds().stdout();
    assert_eq!(listed.lines().filter(|line| line.contains("project") && line.contains(" s")).count(), 2, "{listed}");
    let newest = listed.split_whitespace().next().expect("a name").to_owned();
    sandbox.vx(&format!("board dump {newest}")).succeeds().prints("404");
    sandbox.vx("board gc").succeeds();
    assert_eq!(kept(&sandbox).len(), 2);
    sandbox.vx("doctor --offline").exits_with(1);

    let old = SystemTime::now() - Duration::from_secs(8 * 24 * 3600);
    std::fs::File::options().append(true).open(&recordings[0]).expect("a file").set_modified(old).expect("a time");
    let name = recordings[0].file_name().expect("a name").to_string_lossy().into_owned();
    assert!(sandbox.vx("doctor --offline").stdout().contains(&name));
    sandbox.vx("board gc").succeeds().says(&name);
    assert_eq!(kept(&sandbox), recordings[1..]);
}

#[cfg(target_os = "linux")]
#[test]
fn the_recorder_takes_next_to_nothing_of_a_processor() {
    let sandbox = slow_quick_and_broken();
    let running = sandbox.start("sync --plain --record run.vxr");
    sandbox.await_slot("biome", "is about to end", |slot| slot["done"].as_u64() > Some(450_000));
    let tasks = std::fs::read_dir(format!("/proc/{}/task", running.pid())).expect("threads").flatten();
    let of = |task: std::fs::DirEntry| {
        let read = |name: &str| std::fs::read_to_string(task.path().join(name)).unwrap_or_default();
        (read("comm").trim() == "recorder").then(|| read("schedstat"))
    };
    let times = tasks.filter_map(of).next().expect("a recorder");
    let used_ns: u64 = times.split_whitespace().next().and_then(|word| word.parse().ok()).expect("a number");
    println!("{} us of about 1.5 s", used_ns / 1_000);
    assert!(used_ns < 30_000_000, "2 % of a core is far more than it needs: {used_ns} ns");
    running.finish().exits_with(1);
}

#[test]
fn a_file_that_is_no_recording_is_never_overwritten() {
    let sandbox = one_of_each();
    sandbox.vx("sync --record vx.toml").fails_with("a file that is not a recording has this name");
    assert!(sandbox.read("vx.toml").contains("biome"));
    sandbox
        .vx("sync --record nowhere/run.vxr")
        .fails_with("cannot record to `nowhere/run.vxr`")
        .says("hint: name a new file, or an older recording, with `--record`\n");
    sandbox
        .vx("sync --dump vx.toml")
        .fails_with("cannot make `vx.toml`")
        .says("hint: name a directory that you can write to with `--dump`\n");
    assert_eq!(sandbox.installed(), ["esbuild 0.27.0"], "nothing was begun");
    sandbox.vx("sync --record run.vxr").exits_with(1);
    sandbox.vx("sync --record run.vxr").exits_with(1);
    assert_eq!(dumped(&sandbox, "run.vxr")["board"]["state"], "failed");
}

#[test]
fn options_of_recordings_are_refused_for_a_board_and_the_other_way_round() {
    let sandbox = one_of_each();
    sandbox.vx("sync --record run.vxr").exits_with(1);
    sandbox.vx("board dump --at 1s").exits_with(2).says("is not a recording");
    sandbox.vx("board dump run.vxr --raw kept.vxb").exits_with(2).says("`--raw` saves boards");
    sandbox.vx("board dump run.vxr --at soon").exits_with(2).says("500ms, 12.5s");
}
