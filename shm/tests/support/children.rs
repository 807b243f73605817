//! Child processes: this test binary run again in the role of a writer.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

/// The variable that tells a child its role; the parent's arguments to it follow, separated by tabs.
const ROLE: &str = "VX_SHM_TEST_ROLE";

/// A child that is killed when this is dropped.
pub(crate) struct Writer {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Writer {
    /// Start a child in this role. Each test file has an ignored test named `child` that plays the roles.
    pub(crate) fn start(role: &str, board: &Path, seed: u64) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child", "--ignored", "--nocapture", "--test-threads=1"])
            .env(ROLE, format!("{role}\t{}\t{seed}", board.display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { child, lines }
    }

    /// What the child says next, without the mark that tells it from the test harness's own lines.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        loop {
            line.clear();
            assert!(self.lines.read_line(&mut line).unwrap() > 0, "the child ended without a word");
            if let Some((_, said)) = line.trim_end().split_once("child: ") {
                return said.to_owned();
            }
        }
    }

    /// Say the word that [`until_let_go_line`] waits for.
    pub(crate) fn let_go_line(&mut self) {
        self.child.stdin.as_mut().unwrap().write_all(b"go\n").unwrap();
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Wait until it is gone, and how it went.
    pub(crate) fn wait(mut self) -> std::process::ExitStatus {
        self.child.wait().unwrap()
    }

    /// SIGKILL, and wait until it is gone.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// In a child: its role, the board, and its seed. In a parent that runs ignored tests: nothing.
pub(crate) fn role() -> Option<(String, std::path::PathBuf, u64)> {
    let told = std::env::var(ROLE).ok()?;
    let mut parts = told.split('\t');
    Some((parts.next()?.to_owned(), parts.next()?.into(), parts.next()?.parse().ok()?))
}

/// In a child: stay until the parent is gone or lets go.
pub(crate) fn until_let_go() {
    let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
}

/// In a child: wait for the parent's word, so that many begin at once.
pub(crate) fn until_let_go_line() {
    let _ = std::io::stdin().read_line(&mut String::new());
}

/// How much of a long test to run: the variable `VX_TORTURE` in place of the few seconds that fit every run.
pub(crate) fn rounds(usual: u64) -> u64 {
    std::env::var("VX_TORTURE").ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}
