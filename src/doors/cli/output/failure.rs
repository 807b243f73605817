//! A command's failure: its text, the next step, and the exit code.

use std::fmt::Display;
use std::io;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use vx_base::trouble::{Explain, Trouble, TroubleKind};
use vx_project::ConfigErrors;

use super::print;

/// Something asked for did not succeed.
pub(in crate::doors::cli) const FAILED: u8 = 1;
/// Wrong usage or configuration.
pub(in crate::doors::cli) const USAGE: u8 = 2;
/// Cancelled by Ctrl-C or a signal.
pub(in crate::doors::cli) const CANCELLED: u8 = 130;

/// Whether errors are written as documents, for another process of vx.
static AS_DOCUMENTS: AtomicBool = AtomicBool::new(false);

/// A command's failure.
#[derive(Debug)]
pub(in crate::doors::cli) struct CommandFailure {
    code: u8,
    /// The error; `None` if the exit code is all there is to report.
    trouble: Option<Trouble>,
    /// Whether the error was printed already.
    printed: bool,
}

/// From now on, write an error as a document that [`Trouble::of_document`] reads.
pub(in crate::doors::cli) fn write_documents() {
    AS_DOCUMENTS.store(true, Ordering::Relaxed);
}

/// The outcome of a command: its exit code, or a failure to print.
pub(in crate::doors::cli) type CommandResult = Result<ExitCode, CommandFailure>;

impl CommandFailure {
    /// Something asked for did not succeed.
    pub(in crate::doors::cli) fn failed(text: impl Display) -> Self {
        Self::plain(FAILED, text)
    }

    /// The command line or the configuration is wrong.
    pub(in crate::doors::cli) fn usage(text: impl Display) -> Self {
        Self::plain(USAGE, text)
    }

    fn plain(code: u8, text: impl Display) -> Self {
        let kind = if code == USAGE { TroubleKind::Usage } else { TroubleKind::Exit };
        Self::from_trouble(code, Trouble { kind, text: text.to_string(), details: Vec::new(), hint: None })
    }

    /// A trouble, with this code.
    pub(in crate::doors::cli) fn from_trouble(code: u8, trouble: Trouble) -> Self {
        Self { code, trouble: Some(trouble), printed: false }
    }

    /// An error with the next step as its hint.
    pub(in crate::doors::cli) fn hinted(code: u8, error: &(impl Display + Explain)) -> Self {
        Self::from_trouble(code, Trouble::from_error(error))
    }

    /// A failure with this code, text and hint.
    pub(in crate::doors::cli) fn hinted_text(code: u8, text: impl Display, hint: impl Into<String>) -> Self {
        Self::plain(code, text).hint(hint)
    }

    /// Everything was printed already.
    pub(in crate::doors::cli) fn silent(code: u8) -> Self {
        Self { code, trouble: None, printed: true }
    }

    /// This error was printed already; [`report`](Self::report) only writes it as a document, if documents are wanted.
    pub(in crate::doors::cli) fn printed(code: u8, trouble: Trouble) -> Self {
        Self { code, trouble: Some(trouble), printed: true }
    }

    /// Print errors in a file. Each begins with its place, where editors look for it.
    pub(in crate::doors::cli) fn in_file(errors: &ConfigErrors) -> Self {
        print::problems(errors.render());
        Self::printed(USAGE, Trouble::from_error(errors))
    }

    /// The same failure with this hint.
    pub(in crate::doors::cli) fn hint(mut self, hint: impl Into<String>) -> Self {
        if let Some(trouble) = &mut self.trouble {
            trouble.hint = Some(hint.into());
        }
        self
    }

    /// Print the failure and return its exit code.
    pub(in crate::doors::cli) fn report(self) -> ExitCode {
        match self.trouble {
            Some(trouble) if AS_DOCUMENTS.load(Ordering::Relaxed) => print::trouble_document(&trouble),
            Some(trouble) if !self.printed => print::trouble(&trouble),
            _ => {}
        }
        ExitCode::from(self.code)
    }
}

impl std::fmt::Display for CommandFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.trouble.as_ref().map_or("", |trouble| &trouble.text))
    }
}

impl From<io::Error> for CommandFailure {
    fn from(error: io::Error) -> Self {
        Self::failed(error)
    }
}

/// Ignore that output failed because its reader or its terminal is gone: the run itself did not fail.
pub(in crate::doors::cli) fn unless_closed(result: io::Result<()>) -> Result<(), CommandFailure> {
    /// The error from a terminal that hung up.
    const EIO: i32 = 5;
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe || error.raw_os_error() == Some(EIO) => Ok(()),
        Err(error) => Err(CommandFailure::failed(format!("cannot show the run: {error}"))),
        Ok(()) => Ok(()),
    }
}
