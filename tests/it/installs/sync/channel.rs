//! The channel of an install: the configuration through the pipe, and the end of a child that gets none.

use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use vx_shm::{Board, Kind};

use crate::support::sandbox::{Sandbox, slot_of, text, within};

/// A board with a slot reserved for one tool, and a child that is to take it.
struct Channel {
    sandbox: Sandbox,
    /// The test is the parent: while it holds the board, the board has a living creator.
    _board: Board,
    child: Child,
}

impl Channel {
    fn open() -> Self {
        let sandbox = Sandbox::new();
        std::fs::DirBuilder::new().mode(0o700).create(sandbox.runtime()).expect("a directory");
        let board = Board::create(&sandbox.runtime().join("vx-install-4711.board"), "test", 8).expect("a board");
        board.reserve("esbuild", "0.27.0", Kind::Install).expect("a slot");
        let mut command = sandbox.command("install esbuild@0.27.0 --ipc-channel vx-install-4711-esbuild");
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().expect("vx starts");
        Self { sandbox, _board: board, child }
    }

    /// Write these bytes and close the pipe.
    fn send(&mut self, bytes: &[u8]) {
        let mut pipe = self.child.stdin.take().expect("a pipe");
        pipe.write_all(bytes).expect("the child reads");
    }

    /// Assert that the child gave up with exit code 2, and that its slot has the reason.
    fn fails_saying(&mut self, reason: &str) {
        let status = within(Duration::from_secs(20), "the child ends", || self.child.try_wait().expect("a child"));
        let slot = slot_of(&self.sandbox.board().expect("a board"), "esbuild").expect("a slot");
        assert_eq!((status.code(), text(&slot["state"])), (Some(2), "failed"), "{slot}");
        assert!(text(&slot["error"]).contains(reason), "`{}` does not say `{reason}`", text(&slot["error"]));
        assert!(text(&slot["error"]).contains("\nhint: "), "{slot}");
        assert_eq!(self.sandbox.stored(), Vec::<String>::new());
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn document(major: u16, content: &Value) -> Vec<u8> {
    let json = content.to_string();
    let mut document = b"VXCONFIG".to_vec();
    document.extend_from_slice(&major.to_le_bytes());
    document.extend_from_slice(&0_u16.to_le_bytes());
    document.extend_from_slice(&u32::try_from(json.len()).expect("it is short").to_le_bytes());
    document.extend_from_slice(json.as_bytes());
    document
}

fn config(tool: &str) -> Value {
    json!({
        "tool_name": tool, "version": "0.27.0", "source": "npm", "parts": [], "programs": [], "home": "/nowhere",
        "a_field_of_tomorrow": true,
    })
}

#[test]
fn a_child_that_gets_no_message_gives_up_after_five_seconds() {
    let start = Instant::now();
    let mut channel = Channel::open();
    channel.fails_saying("no configuration arrived on standard input within 5 s");
    assert!((Duration::from_secs(5)..Duration::from_secs(10)).contains(&start.elapsed()), "{:?}", start.elapsed());
}

#[test]
fn a_pipe_that_is_closed_at_once_is_reported() {
    let mut channel = Channel::open();
    channel.send(b"");
    channel.fails_saying("standard input was closed without a configuration");
}

#[test]
fn half_a_message_is_reported_with_its_length() {
    let mut channel = Channel::open();
    let whole = document(1, &config("esbuild"));
    channel.send(&whole[..whole.len() - 10]);
    let expected = whole.len() - 16;
    channel.fails_saying(&format!("breaks off after {} of {expected} bytes", expected - 10));
}

#[test]
fn a_message_for_another_tool_is_refused() {
    let mut channel = Channel::open();
    channel.send(&document(1, &config("biome")));
    channel.fails_saying("the configuration is for `biome`, and this process installs `esbuild`");
}

#[test]
fn a_newer_format_is_refused_by_name() {
    let mut channel = Channel::open();
    channel.send(&document(7, &config("esbuild")));
    channel.fails_saying("the configuration has format 7, and this vx reads format 1");
}

#[test]
fn bytes_that_are_no_message_are_refused_without_quoting_them() {
    let mut channel = Channel::open();
    channel.send(b"planted planted planted planted planted");
    channel.fails_saying("standard input holds no vx configuration");
    let board = std::fs::read(channel.sandbox.runtime().join("vx-install-4711.board")).expect("a board");
    assert!(!board.windows(7).any(|window| window == b"planted"));
}

#[test]
fn a_channel_that_leads_nowhere_is_refused() {
    let sandbox = Sandbox::new();
    sandbox
        .vx("install esbuild@1 --ipc-channel vx-install-1-esbuild")
        .exits_with(2)
        .says("hint: `--ipc-channel` is for");
    sandbox.vx("install esbuild@1 --ipc-channel ../../x").refuses_with("is not a channel name");
}

#[test]
fn a_child_whose_parent_died_before_it_looked_gives_up_at_once() {
    let sandbox = Sandbox::new().config("[tools]\nbiome = \"2.3.4\"\nesbuild = \"0.27.0\"\n");
    for (tool, version) in [("biome", "2.3.4"), ("esbuild", "0.27.0")] {
        sandbox.publish_slowly(tool, version, 900_000, 100_000);
    }
    let parent = sandbox.start("sync --plain --jobs 1");
    // Either tool may be first; then the other's child is not started for seconds.
    let downloads = |tool| sandbox.slot(tool).is_some_and(|slot| slot["step"] == "downloading");
    let tool = within(Duration::from_secs(20), "a download begins", || match () {
        () if downloads("biome") => Some("esbuild"),
        () if downloads("esbuild") => Some("biome"),
        () => None,
    });
    let run = parent.pid();
    parent.signal(rustix::process::Signal::KILL);
    assert_eq!(parent.finish().signal(), Some(9));
    let waiting = sandbox.slot(tool).expect("a slot");
    assert_eq!(text(&waiting["state"]), "reserved", "its child was not started: {waiting}");
    let dumped = sandbox.vx("board dump --text").succeeds().stdout();
    let lost = dumped.lines().any(|line| line.starts_with(tool) && line.contains("  lost  "));
    assert!(dumped.contains("(abandoned)") && lost, "{dumped}");

    let start = Instant::now();
    let mut command = sandbox.command(&format!("install {tool} --ipc-channel vx-install-{run}-{tool}"));
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("vx starts");
    let pipe = child.stdin.take().expect("a pipe that stays open and empty");
    let status = within(Duration::from_secs(20), "the child ends", || child.try_wait().expect("a child"));
    drop(pipe);
    assert!(start.elapsed() < Duration::from_secs(4), "it waited for a configuration: {:?}", start.elapsed());
    let slot = sandbox.slot(tool).expect("a slot");
    assert_eq!((status.code(), text(&slot["state"])), (Some(130), "cancelled"), "{slot}");
    assert!(text(&slot["error"]).contains("is gone"), "{slot}");
}
