//! A `vx` that has ended: its output, and a test's expectations of it.

use std::process::ExitStatus;

/// A finished `vx`.
#[derive(Debug)]
pub(crate) struct Finished {
    command: String,
    status: ExitStatus,
    stdout: String,
    stderr: String,
}

impl Finished {
    pub(super) fn new(command: &str, status: ExitStatus, stdout: Vec<u8>, stderr: Vec<u8>) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Self { command: command.to_owned(), status, stdout: text(stdout), stderr: text(stderr) }
    }

    pub(crate) fn stdout(&self) -> String {
        self.stdout.clone()
    }

    pub(crate) fn stderr(&self) -> String {
        self.stderr.clone()
    }

    /// Its exit code, if it was not ended by a signal.
    pub(crate) fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// The number of the signal that ended it, if one did.
    pub(crate) fn signal(&self) -> Option<i32> {
        std::os::unix::process::ExitStatusExt::signal(&self.status)
    }

    fn described(&self) -> String {
        let Self { command, status, stdout, stderr } = self;
        format!("{command}: {status}\n--- stdout\n{stdout}\n--- stderr\n{stderr}")
    }

    /// Assert that it succeeded.
    #[track_caller]
    pub(crate) fn succeeds(self) -> Self {
        self.exits_with(0)
    }

    /// Assert that it ended with this exit code.
    #[track_caller]
    pub(crate) fn exits_with(self, code: i32) -> Self {
        assert_eq!(self.status.code(), Some(code), "{}", self.described());
        self
    }

    /// Assert that a part of the request failed (exit code 1), and that standard error has this text.
    #[track_caller]
    pub(crate) fn fails_with(self, text: &str) -> Self {
        self.exits_with(1).says(text)
    }

    /// Assert that it found the command line or the configuration wrong (exit code 2), and that standard error has this
    /// text.
    #[track_caller]
    pub(crate) fn refuses_with(self, text: &str) -> Self {
        self.exits_with(2).says(text)
    }

    /// Assert that standard error has this text.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "nothing of `{text}` in:\n{}", self.described());
        self
    }

    /// Assert that standard output has this text.
    #[track_caller]
    pub(crate) fn prints(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "nothing of `{text}` in:\n{}", self.described());
        self
    }

    /// Assert that neither output has this text.
    #[track_caller]
    pub(crate) fn keeps_silent_about(self, text: &str) -> Self {
        assert!(!self.stdout.contains(text) && !self.stderr.contains(text), "`{text}` is in:\n{}", self.described());
        self
    }
}
