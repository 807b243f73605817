//! Comparisons with the programs whose rules vx follows: npm's own `semver`, Python's `packaging`, and others.

mod ranges;
#[cfg(target_os = "linux")]
mod wheels;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

/// Send a peer this document, and read its answer; `None` if the peer cannot be run, or fails.
fn ask(program: &str, script: &str, library: &Path, question: &Value) -> Option<Value> {
    let flag = if program == "node" { "-e" } else { "-c" };
    let mut peer = Command::new(program);
    peer.args([flag, script]).arg(library).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut peer = peer.spawn().ok()?;
    let mut input = peer.stdin.take().expect("a pipe");
    let text = question.to_string();
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
    let output = peer.wait_with_output().expect("an answer");
    // A peer that failed may not have read the whole document, so the write may have failed.
    let _ = writer.join().expect("no panic");
    output.status.success().then(|| serde_json::from_slice(&output.stdout).expect("JSON"))
}

/// The first line of a program's output; `None` if it cannot be run.
fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok().filter(|_| output.status.success())?;
    text.lines().next().map(str::to_owned)
}
