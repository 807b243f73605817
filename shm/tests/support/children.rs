//! Child processes: this test binary, run again in the role of a writer. No child outlives the process that started it.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// The variable with a child's parent, role and arguments, separated by tabs.
const ROLE: &str = "VX_SHM_TEST_ROLE";

/// The role of a child.
pub(crate) struct Role {
    pub(crate) name: String,
    pub(crate) board: PathBuf,
    pub(crate) seed: u64,
}

/// A child that is killed when this is dropped.
pub(crate) struct Writer {
    child: Child,
    lines: BufReader<ChildStdout>,
    reaped: bool,
}

impl Writer {
    /// Start a child in this role. Each test file has an ignored test named `child` that plays the roles.
    pub(crate) fn start(role: &str, board: &Path, seed: u64) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child", "--ignored", "--nocapture", "--test-threads=1"])
            .env(ROLE, format!("{}\t{role}\t{}\t{seed}", std::process::id(), board.display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { child, lines, reaped: false }
    }

    /// The child's next line, without the prefix that marks it among the test harness's own lines.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        loop {
            line.clear();
            assert!(self.lines.read_line(&mut line).unwrap() > 0, "the child ended without a report");
            if let Some((_, said)) = line.trim_end().split_once("child: ") {
                return said.to_owned();
            }
        }
    }

    /// Write the line that [`until_let_go_line`] waits for.
    pub(crate) fn let_go_line(&mut self) {
        self.child.stdin.as_mut().unwrap().write_all(b"go\n").unwrap();
    }

    /// Close the input that [`until_let_go`] waits for, and wait until the child has ended by itself.
    pub(crate) fn let_go(mut self) {
        drop(self.child.stdin.take());
        assert!(self.child.wait().unwrap().success());
        self.reaped = true;
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Wait until the child has ended. Returns how it ended.
    pub(crate) fn wait(mut self) -> std::process::ExitStatus {
        self.reaped = true;
        self.child.wait().unwrap()
    }

    /// Send SIGKILL, and wait until the child is gone. Its standard input stays open until the returned handle is
    /// dropped, because children that it started may still wait on it.
    pub(crate) fn kill(mut self) -> Option<ChildStdin> {
        let input = self.child.stdin.take(); // Waiting for the child would close it.
        self.end();
        input
    }

    /// Whether the child still runs.
    pub(crate) fn runs(&mut self) -> bool {
        !self.reaped && self.child.try_wait().unwrap().is_none()
    }

    /// Note that the child was already waited for: its id may be another process's by now.
    pub(crate) fn is_reaped(&mut self) {
        self.reaped = true;
    }

    fn end(&mut self) {
        if !self.reaped {
            let _ = self.child.kill();
            let _ = self.child.wait();
            self.reaped = true;
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.end();
    }
}

/// In a child: its role. `None` in a parent that runs ignored tests.
///
/// From here on the child dies with the thread that started it, however that ends.
pub(crate) fn role() -> Option<Role> {
    let told = std::env::var(ROLE).ok()?;
    let mut parts = told.split('\t');
    let parent: u32 = parts.next()?.parse().ok()?;
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL)).unwrap();
    #[cfg(unix)]
    assert_eq!(std::os::unix::process::parent_id(), parent, "the parent is gone already");
    Some(Role { name: parts.next()?.to_owned(), board: parts.next()?.into(), seed: parts.next()?.parse().ok()? })
}

/// In a child: print a line for the parent.
pub(crate) fn report(what: impl std::fmt::Display) {
    println!("child: {what}");
}

/// In a child: wait until the parent has ended or closes the child's input.
pub(crate) fn until_let_go() {
    let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
}

/// In a child: wait for the parent's line, so that many children begin at once.
pub(crate) fn until_let_go_line() {
    let _ = std::io::stdin().read_line(&mut String::new());
}

/// The rounds of a long test: the usual number times the variable `VX_TORTURE`.
pub(crate) fn rounds(usual: u64) -> u64 {
    usual.saturating_mul(torture_factor())
}

/// The variable `VX_TORTURE`: a whole number, or nothing for 1.
pub(crate) fn torture_factor() -> u64 {
    match std::env::var("VX_TORTURE") {
        Err(_) => 1,
        Ok(text) => match text.parse() {
            Ok(factor @ 1..) => factor,
            _ => {
                panic!("VX_TORTURE is `{text}`: set it to how many times the usual number of rounds to run, 1 or more")
            }
        },
    }
}
