//! The examples run, and do what the crate's README promises.
#![cfg(unix)]

mod support;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::SystemTime;

use rustix::process::{Pid, Signal, kill_process};
use support::Form;
use vx_shm::{BoardState, Kind, Liveness, Reader, SlotState, Snapshot, Step};

/// An example, as cargo built it beside this test. If cargo built only this test, the example is built now.
fn example(name: &str) -> Command {
    let own = std::env::current_exe().expect("this test");
    let profile: PathBuf = own.parent().and_then(|deps| deps.parent()).expect("a target directory").into();
    let program = profile.join("examples").join(name);
    if changed_at(&program) < newest_source() {
        let profile = match profile.file_name().and_then(|name| name.to_str()) {
            Some("debug") | None => "dev",
            Some(name) => name,
        };
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(["build", "--quiet", "--offline", "--profile", profile, "--example", name]);
        let built = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status().expect("cargo starts");
        assert!(built.success(), "the example {name} does not build");
    }
    Command::new(program)
}

fn changed_at(path: &Path) -> Option<SystemTime> {
    path.metadata().and_then(|data| data.modified()).ok()
}

/// When a source of the crate or an example was last changed.
fn newest_source() -> Option<SystemTime> {
    let mut directories = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    directories.push(directories[0].with_file_name("examples"));
    let mut newest = None;
    while let Some(directory) = directories.pop() {
        for path in std::fs::read_dir(directory).expect("sources").map(|entry| entry.expect("a source").path()) {
            newest = newest.max(changed_at(&path).filter(|_| path.is_file()));
            directories.extend(path.is_dir().then_some(path));
        }
    }
    newest
}

/// The example's writer, stopped while it is at work. On a busy machine it may be done before the signal comes: then
/// another is started.
fn stopped_at_work(path: &Path) -> Child {
    let seen = || Reader::open(path).ok()?.snapshot().ok().filter(|seen| !seen.slots.is_empty());
    for _ in 0..100 {
        let mut writer = example("writer").arg(path).spawn().unwrap();
        while seen().is_none_or(|seen| seen.slots[0].step != Step::new(3)) {
            std::thread::yield_now();
        }
        kill_process(Pid::from_child(&writer), Signal::STOP).unwrap();
        if seen().unwrap().slots[0].state == SlotState::Live {
            return writer;
        }
        writer.kill().unwrap();
        writer.wait().unwrap();
        std::fs::remove_file(path).unwrap();
    }
    panic!("each of 100 writers was done before it could be stopped");
}

/// A watcher that has shown the slot at work, and the reader of the rest of its output.
fn watching(path: &Path) -> (Child, BufReader<ChildStdout>) {
    let mut watcher = example("watcher").arg(path).stdout(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(watcher.stdout.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    assert!(line.starts_with("\"squares\" live step 3: "), "{line}");
    (watcher, said)
}

#[test]
fn a_watcher_follows_a_writer_until_its_board_is_closed() {
    let form = Form::file();
    let path = form.fresh();
    let mut writer = stopped_at_work(&path);
    let (mut watcher, said) = watching(&path);
    kill_process(Pid::from_child(&writer), Signal::CONT).unwrap();
    let lines: Vec<String> = said.lines().map(Result::unwrap).collect();
    assert!(writer.wait().unwrap().success() && watcher.wait().unwrap().success());
    let n = 5_000_000u128;
    let sum = (n * (n + 1) * (2 * n + 1) / 6) as u64;
    let last = format!("\"squares\" done step 3: {n} of {n} \"the sum is {sum}\"");
    assert_eq!(lines[lines.len() - 2..], [last, "\"sums of squares\" is over: done".to_owned()]);
}

#[test]
fn a_watcher_ends_when_its_writer_is_killed() {
    let form = Form::file();
    let path = form.fresh();
    let mut writer = stopped_at_work(&path);
    let (mut watcher, said) = watching(&path);
    writer.kill().unwrap();
    writer.wait().unwrap();
    let last = said.lines().last().unwrap().unwrap();
    assert!(watcher.wait().unwrap().success());
    assert_eq!(last, "\"sums of squares\" is over: running");
    let left = Reader::open(&path).unwrap().snapshot().unwrap();
    assert_eq!((left.slots[0].liveness, left.slots[0].state), (Liveness::Lost, SlotState::Live));
}

#[test]
fn a_build_script_reports_on_the_board_it_is_given_and_works_without() {
    let form = Form::file();
    let board = form.board("build", 4);
    let out = form.directory().join("out");
    std::fs::create_dir(&out).unwrap();
    let run = |told: Option<&Path>| {
        let mut script = example("build_script");
        script.env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR")).env("OUT_DIR", &out);
        script.env_remove("LINES_BOARD").env("CARGO_PKG_NAME", "lines").envs(told.map(|board| ("LINES_BOARD", board)));
        let output = script.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.contains("cargo::rerun-if-env-changed=LINES_BOARD\n"), "{said}");
        std::fs::read_to_string(out.join("lines.rs")).unwrap()
    };
    let alone = run(None);
    assert!(
        alone.starts_with("pub const LINES: usize = ") && alone.len() > "pub const LINES: usize = 9;\n".len(),
        "{alone}"
    );
    assert_eq!(run(Some(board.path())), alone);
    assert_eq!(run(Some(&form.directory().join("none.board"))), alone, "a board that is gone fails no build");
    let seen = board.reader().unwrap().snapshot().unwrap();
    let [slot] = &seen.slots[..] else { panic!("one slot: {seen:?}") };
    assert_eq!((slot.key.as_str(), slot.kind, slot.state), ("lines", Kind::Build, SlotState::Done));
    assert!(slot.done > 5 && Some(slot.done) <= slot.total, "{slot:?}");
    assert_eq!(seen.board.state, BoardState::Running);
}

#[test]
fn a_build_tool_of_64_threads_makes_what_has_changed_and_shows_each_step() {
    let form = Form::file();
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let out = form.directory().join("out");
    let build = || {
        let path = form.fresh();
        let built = example("build_tool").args([&path, &sources, &out]).output().unwrap();
        assert!(built.status.success(), "{built:?}");
        Reader::open(&path).unwrap().snapshot().unwrap()
    };
    let seen = build();
    let of = |seen: &Snapshot, key: &str| seen.slots.iter().find(|slot| slot.key == key).cloned();
    let index = of(&seen, "index").unwrap();
    assert_eq!((seen.board.state, index.state), (BoardState::Done, SlotState::Done));
    let lists = std::fs::read_dir(&out).unwrap().count() as u64 - 1;
    assert_eq!((index.done, index.total), (lists, Some(lists)), "one list for each source");
    let words = std::fs::read_to_string(index.result.unwrap()).unwrap();
    assert!(words.lines().any(|word| word == "Pool"), "a word of the sources");
    let steps = || seen.slots.iter().filter(|slot| slot.key != "index");
    assert!(steps().count() > 1 && steps().all(|slot| slot.state == SlotState::Done && Some(slot.done) == slot.total));
    let again = build();
    let skipped = again.slots.iter().filter(|slot| slot.state == SlotState::Skipped).count();
    assert_eq!(skipped, again.slots.len() - 1, "all but the index are up to date: {again:?}");
}

#[test]
fn a_test_runner_shows_the_end_and_the_last_lines_of_each_test() {
    let form = Form::file();
    let path = form.fresh();
    let failing = "echo out; echo err >&2; exit 3";
    let run = example("test_runner").arg(&path).args(["true", failing, "true"]).output().unwrap();
    assert_eq!((run.status.code(), &*run.stdout), (Some(1), &b"2 of 3 passed\n"[..]));
    assert!(String::from_utf8(run.stderr).unwrap().contains(failing));
    let mut reader = Reader::open(&path).unwrap();
    let seen = reader.snapshot().unwrap();
    assert_eq!(seen.board.state, BoardState::Failed);
    let failed = seen.slots.iter().find(|slot| slot.key == format!("2 {failing}")).unwrap();
    assert_eq!((failed.state, failed.exit_code, failed.done), (SlotState::Failed, Some(3), 2));
    assert!(failed.error.as_ref().unwrap().ends_with(": err"), "{failed:?}");
    assert_eq!(reader.log_tail(failed.index, 9), ["out", "err"]);
    assert!(seen.slots.iter().all(|slot| slot.index == failed.index || slot.state == SlotState::Done), "{seen:?}");
}

#[test]
fn bars_show_the_files_of_several_processes() {
    let form = Form::file();
    let files = ["a", "b", "c", "missing"].map(|name| form.directory().join(name));
    for (file, bytes) in files[..3].iter().zip([&b"\x01\x02"[..], &[255; 300_000], b"\n"]) {
        std::fs::write(file, bytes).unwrap();
    }
    let drawn = example("bars").arg(form.fresh()).args(&files).output().unwrap();
    assert!(drawn.status.success(), "{drawn:?}");
    let mut lines: Vec<String> = drawn.stdout.lines().map(Result::unwrap).collect();
    lines.sort_by_key(|line| line.split('"').nth(1).map(str::to_owned));
    let full = "#".repeat(30);
    for ((line, file), sum) in lines.iter().zip(&files).zip([3, 255 * 300_000, 10]) {
        assert_eq!(*line, format!("[{full}] done      {file:?} \"sum {sum}\""));
    }
    assert!(lines[3].contains("failed") && lines[3].contains("os error 2"), "{lines:?}");
    assert_eq!(lines.len(), 4);
}
