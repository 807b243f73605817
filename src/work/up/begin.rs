//! The start of a supervisor, which outlives this process, and what it says if it does not come up.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::process::ExitStatus;
use std::time::Duration;

use crossbeam_channel::RecvTimeoutError;

use super::error::UpError;
use super::place::UpPlace;
use crate::process::{Detached, nameless_file, own_program, start_detached_for};

/// The most of its words that is read, in bytes.
const WORDS: u64 = 16 * 1024;

/// A supervisor that was started.
pub(super) struct Begun {
    process: Detached,
    words: File,
}

/// Start a supervisor of this program.
pub(super) fn begin(place: &UpPlace) -> Result<Begun, UpError> {
    let program = own_program()?;
    let arguments = ["service-supervisor".into(), "--directory".into(), place.directory.clone().into_os_string()];
    let words = nameless_file()?;
    let process = start_detached_for(&program, &arguments, &place.directory, (&[], &[]), words.try_clone()?)?;
    Ok(Begun { process, words })
}

impl Begun {
    /// Its end, if it comes within this time.
    pub(super) fn ended(&self, patience: Duration) -> Option<io::Result<ExitStatus>> {
        match self.process.ended.recv_timeout(patience) {
            Ok(ended) => Some(ended),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    /// True if a signal ended it.
    pub(super) fn was_killed(ended: &io::Result<ExitStatus>) -> bool {
        ended.as_ref().is_ok_and(|ended| ended.code().is_none())
    }

    /// The error of one that ended so, in its own words.
    pub(super) fn error(&mut self, ended: &io::Result<ExitStatus>) -> UpError {
        let mut words = Vec::new();
        let read = self.words.rewind().and_then(|()| (&self.words).take(WORDS).read_to_end(&mut words));
        let words = if read.is_ok() { String::from_utf8_lossy(&words).into_owned() } else { String::new() };
        let line = |begin: &str| words.lines().find_map(|line| line.strip_prefix(begin)).map(str::to_owned);
        let how = ended.as_ref().map_or_else(ToString::to_string, ToString::to_string);
        UpError::Ended { reason: line("error: ").unwrap_or(how), hint: line("hint: ") }
    }
}
