//! Process trees: every process that a command starts ends with it, even if it leaves its session, its group and its
//! parent.
//!
//! The trees are shell scripts, some of them random. This test program itself, started again in one of its `roles`,
//! plays owners that are killed, and runs that adopt orphans.

mod containers;
mod crowded;
mod grow;
mod marks;
mod matrix;
mod postinstall;
mod random;
mod roles;
mod scripts;
mod statuses;
mod strays;
mod tasks;

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

pub(crate) use grow::Random;

/// The seconds after which a process of these tests ends by itself, whatever becomes of the test.
const LIFE: u32 = 60;

/// A short text in the command line of every process of a tree, even of its `sleep`: so it has only digits.
fn tag(number: usize) -> String {
    format!("{:07}{number:06}", std::process::id())
}

/// The processes that have this tag in their command line and have not ended.
fn alive(tag: &str) -> Vec<u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers.filter(|pid| is_tagged(*pid, tag)).collect()
}

fn is_tagged(pid: u32, tag: &str) -> bool {
    // A process that has ended has no command line.
    let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&words).contains(tag) && pid != std::process::id()
}

/// A directory for scripts.
fn scratch() -> TempDir {
    tempfile::Builder::new().prefix("vxtrees").tempdir_in("/tmp").expect("a directory")
}

/// The `vx` that is the runner of trees.
fn runner() -> PathBuf {
    env!("CARGO_BIN_EXE_vx").into()
}

/// The factor for the rounds of a test, from `VX_TORTURE`.
fn torture() -> usize {
    std::env::var("VX_TORTURE").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}

/// Not a test itself: the role that this program plays for another test.
#[test]
fn role() {
    if let Some(code) = roles::play() {
        std::process::exit(code);
    }
}
