//! The examples run, and do as the crate's page promises.
#![cfg(unix)]

mod support;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::SystemTime;

use rustix::process::{Pid, Signal, kill_process};
use support::Form;
use vx_shm::{BoardState, Kind, Liveness, Reader, SlotState, Step};

/// An example, as cargo built it beside this test; if it built this test alone, it is built now.
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

/// The writer of an example, stopped while it is at work.
fn stopped_at_work(path: &Path) -> Child {
    let writer = example("writer").arg(path).spawn().unwrap();
    let pid = Pid::from_child(&writer);
    let seen = || Reader::open(path).ok()?.snapshot().ok().filter(|seen| !seen.slots.is_empty());
    while seen().is_none_or(|seen| seen.slots[0].step != Step::new(3)) {
        std::thread::yield_now();
    }
    kill_process(pid, Signal::STOP).unwrap();
    assert_eq!(seen().unwrap().slots[0].state, SlotState::Live, "stopped too late");
    writer
}

/// A watcher that has shown the slot at work, and the rest of its output.
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
