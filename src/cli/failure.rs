//! Why a command did not succeed: the text, what to do next, and the exit code.

use std::fmt::Display;
use std::process::ExitCode;

use super::print;
use crate::hint::Hint;

/// Something asked for did not succeed.
pub(super) const FAILED: u8 = 1;
/// Wrong usage or configuration.
pub(super) const USAGE: u8 = 2;
/// Cancelled by Ctrl-C or a signal.
pub(super) const CANCELLED: u8 = 130;

/// A command's failure.
#[derive(Debug)]
pub(super) struct Failure {
    code: u8,
    text: Option<String>,
    hint: Option<String>,
}

/// What a command comes to: its exit code, or a failure to print.
pub(super) type Outcome = Result<ExitCode, Failure>;

impl Failure {
    /// Something asked for did not succeed.
    pub(super) fn failed(text: impl Display) -> Self {
        Self { code: FAILED, text: Some(text.to_string()), hint: None }
    }

    /// The command line or the configuration is wrong.
    pub(super) fn usage(text: impl Display) -> Self {
        Self { code: USAGE, text: Some(text.to_string()), hint: None }
    }

    /// An error that knows what to do next.
    pub(super) fn hinted(code: u8, error: &(impl Display + Hint)) -> Self {
        Self { code, text: Some(error.to_string()), hint: error.hint() }
    }

    /// With this code, text and advice.
    pub(super) fn hinted_text(code: u8, text: impl Display, hint: impl Into<String>) -> Self {
        Self { code, text: Some(text.to_string()), hint: Some(hint.into()) }
    }

    /// Everything was printed already.
    pub(super) fn silent(code: u8) -> Self {
        Self { code, text: None, hint: None }
    }

    /// With this advice.
    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// Print it and give its exit code.
    pub(super) fn report(self) -> ExitCode {
        if let Some(text) = self.text {
            print::error(text, self.hint);
        }
        ExitCode::from(self.code)
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.text.as_deref().unwrap_or_default())
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::failed(error)
    }
}
