//! The protocol between a tree's owner and its runner: the runner's command line, and lines over a socket, which is the
//! runner's standard input.
//!
//! The owner writes `go` once it has a handle of the runner, which starts nothing before that. Later it writes `end`
//! with a grace, or closes the socket. The runner reports that the program was started, that it has ended, and that the
//! tree has ended, and only then ends: a runner that ends without the last report was killed, and its owner must search
//! for the rest.

use std::ffi::{OsStr, OsString};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::facts::exit::Exit;
use crate::facts::group::{MemberProcess, Survivors};

/// The first word of a runner's command line. No command and no tool begins with a dash.
pub(super) const RUNNER: &str = "--run-tree";

/// The word for an empty standard input.
const NO_STDIN: &str = "-";

/// The orders for a runner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RunnerOrder {
    /// The process whose end also ends the tree.
    pub owner: u32,
    /// Time for processes that a successful leader has left behind to end by themselves.
    pub linger: Duration,
    /// Time for processes to end after they were asked to, unless the owner grants another.
    pub grace: Duration,
    /// Let the tree use the network; if false, it is cut off where the system allows that.
    pub network: bool,
    /// The owner's file descriptor for the program's standard input, which the runner reopens.
    pub stdin: Option<i32>,
    pub program: OsString,
    pub arguments: Vec<OsString>,
}

impl RunnerOrder {
    /// The command line without the program's name.
    pub(super) fn words(&self) -> Vec<OsString> {
        let numbers =
            [u128::from(self.owner), self.linger.as_millis(), self.grace.as_millis(), u128::from(self.network)];
        let own = numbers.map(|number| OsString::from(number.to_string()));
        let stdin = self.stdin.map_or_else(|| NO_STDIN.into(), |number| OsString::from(number.to_string()));
        let program = [stdin, self.program.clone()].into_iter().chain(self.arguments.iter().cloned());
        [RUNNER.into()].into_iter().chain(own).chain(program).collect()
    }

    /// Reads the orders from such a command line.
    pub(super) fn parse(words: &[OsString]) -> Option<Self> {
        let [word, owner, linger, grace, network, stdin, program, arguments @ ..] = words else { return None };
        let number = |text: &OsStr| text.to_str()?.parse::<u64>().ok();
        (word == RUNNER).then_some(())?;
        Some(Self {
            owner: u32::try_from(number(owner)?).ok()?,
            linger: Duration::from_millis(number(linger)?),
            grace: Duration::from_millis(number(grace)?),
            network: number(network)? != 0,
            stdin: if stdin == NO_STDIN { None } else { Some(i32::try_from(number(stdin)?).ok()?) },
            program: program.clone(),
            arguments: arguments.to_vec(),
        })
    }
}

/// The owner's line that lets the runner begin. Without it, a runner could end before the owner opens a handle; if the
/// owner ignores SIGCHLD, no zombie would hold the id, and the handle might be another process's.
pub(super) const GO: &[u8; 3] = b"go\n";

/// The owner's line that asks for the end of the tree.
pub(super) fn end_line(grace: Duration) -> String {
    format!("end {}\n", grace.as_millis())
}

/// Reads the grace from such a line.
pub(super) fn parse_end(line: &str) -> Option<Duration> {
    line.strip_prefix("end ")?.trim_end().parse().ok().map(Duration::from_millis)
}

/// A runner's report, in one line. The last report is `Ended` or `NotStarted`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum RunnerReport {
    /// The program was started.
    Started,
    /// The program has ended; other processes of the tree may still be running.
    LeaderEnded,
    /// The program could not be started, with the system's error number.
    NotStarted { errno: i32 },
    /// The tree has ended.
    Ended(TreeEnd),
}

/// The end of a tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TreeEnd {
    /// The exit code or signal of the program that was started.
    pub exit: Exit,
    /// Processes that the program left behind, and that did not end by themselves.
    pub strays: Vec<MemberProcess>,
    /// Processes that are still running although they were killed and waited for.
    pub left: Survivors,
    /// One of the strays held the program's standard output or error open.
    pub held_output: bool,
    /// Counts of the work to end the tree.
    pub counts: TreeEndCounts,
}

/// Numbers about the end of one tree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TreeEndCounts {
    /// Processes that were asked to end.
    pub asked: usize,
    /// Processes that were killed.
    pub killed: usize,
    /// Scans for processes of the tree.
    pub looks: usize,
    /// Time from the first kill until the tree was proved empty, in microseconds; `None` if nothing was killed.
    pub killing_us: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_come_back_from_their_words() {
        let order = RunnerOrder {
            owner: 7,
            linger: Duration::from_secs(2),
            grace: Duration::from_millis(500),
            network: false,
            stdin: Some(9),
            program: "/bin/sh".into(),
            arguments: vec!["-c".into(), "exit 3".into()],
        };
        assert_eq!(order.words()[0], RUNNER);
        assert_eq!(RunnerOrder::parse(&order.words()), Some(order.clone()));
        let empty = RunnerOrder { stdin: None, ..order };
        assert_eq!(RunnerOrder::parse(&empty.words()), Some(empty));
        for words in [
            &["--run-tree", "7", "1", "2", "1", "-"][..],
            &["--run-tree", "x", "1", "2", "1", "-", "sh"],
            &["--run-tree", "7", "1", "2", "1", "x", "sh"],
            &["x", "7", "1", "2", "1", "-", "sh"],
        ] {
            assert_eq!(RunnerOrder::parse(&words.iter().map(OsString::from).collect::<Vec<_>>()), None, "{words:?}");
        }
    }

    #[test]
    fn a_request_to_end_names_its_grace() {
        let grace = Duration::from_millis(1500);
        assert_eq!(parse_end(&end_line(grace)), Some(grace));
        for line in ["", "end", "end -1\n", "stop 5\n"] {
            assert_eq!(parse_end(line), None, "{line:?}");
        }
    }

    #[test]
    fn a_report_is_one_line() {
        let end = TreeEnd {
            exit: Exit::Signal(9),
            strays: Vec::new(),
            left: Survivors::default(),
            held_output: false,
            counts: TreeEndCounts::default(),
        };
        let line = serde_json::to_string(&RunnerReport::Ended(end.clone())).expect("JSON");
        assert!(!line.contains('\n'));
        assert!(matches!(serde_json::from_str(&line), Ok(RunnerReport::Ended(read)) if read == end), "{line}");
    }
}
