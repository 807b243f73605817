//! The end of a process: an exit code, or a signal.

use std::fmt;
use std::process::ExitStatus;

use serde::{Deserialize, Serialize};

/// The end of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exit {
    /// It returned this exit code.
    Code(i32),
    /// This signal ended it.
    Signal(i32),
}

impl From<ExitStatus> for Exit {
    fn from(status: ExitStatus) -> Self {
        #[cfg(unix)]
        if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
            return Exit::Signal(signal);
        }
        Exit::Code(status.code().unwrap_or(1))
    }
}

impl Exit {
    /// Returns whether the exit code is 0.
    pub fn success(self) -> bool {
        self == Exit::Code(0)
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Exit::Code(code) => write!(f, "exit code {code}"),
            Exit::Signal(signal) => match signal_name(*signal) {
                Some(name) => write!(f, "signal {signal} ({name})"),
                None => write!(f, "signal {signal}"),
            },
        }
    }
}

/// End this process by the signal that ended a program, if one did; otherwise return the program's exit code.
pub fn end_alike(exit: impl Into<Exit>) -> u8 {
    match exit.into() {
        // A status outside the range of exit codes counts as a failure.
        Exit::Code(code) => u8::try_from(code).unwrap_or(1),
        Exit::Signal(signal) => {
            #[cfg(unix)]
            let _ = signal_hook::low_level::emulate_default_handler(signal);
            u8::try_from(128 + signal).unwrap_or(1)
        }
    }
}

fn signal_name(signal: i32) -> Option<&'static str> {
    #[cfg(unix)]
    return signal_hook::low_level::signal_name(signal);
    #[cfg(not(unix))]
    {
        let _ = signal;
        None
    }
}
