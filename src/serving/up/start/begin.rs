//! Starting a supervisor, which outlives this process, and its error if it does not get ready.

use std::fs::File;
use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use crossbeam_channel::RecvTimeoutError;
use vx_base::trouble::{Trouble, TroubleKind};
use vx_process::{Detached, ERROR_DOCUMENT, LastWords, last_words, nameless_file, own_program, start_detached_for};

use super::supervisor_place::UpPlace;
use crate::serving::up::error::UpError;

/// A supervisor that was started.
pub(in crate::serving::up) struct SupervisorProcess {
    process: Detached,
    words: File,
}

/// Start a supervisor of this program.
pub(in crate::serving::up) fn begin(place: &UpPlace) -> Result<SupervisorProcess, UpError> {
    let program = own_program()?;
    let directory = place.directory.clone().into_os_string();
    let arguments = [ERROR_DOCUMENT.into(), "service-supervisor".into(), "--directory".into(), directory];
    let words = nameless_file()?;
    let process = start_detached_for(&program, &arguments, &place.directory, (&[], &[]), words.try_clone()?)?;
    Ok(SupervisorProcess { process, words })
}

impl SupervisorProcess {
    /// Its exit status, if it ends within this time.
    pub(in crate::serving::up) fn ended(&self, patience: Duration) -> Option<io::Result<ExitStatus>> {
        match self.process.ended.recv_timeout(patience) {
            Ok(ended) => Some(ended),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    /// Whether a signal ended it.
    pub(in crate::serving::up) fn was_killed(ended: &io::Result<ExitStatus>) -> bool {
        ended.as_ref().is_ok_and(|ended| ended.code().is_none())
    }

    /// The error of a supervisor that ended with this status: the error that it printed, or else the status.
    pub(in crate::serving::up) fn error(&mut self, ended: &io::Result<ExitStatus>) -> UpError {
        let how = || ended.as_ref().map_or_else(ToString::to_string, ToString::to_string);
        let LastWords { error, line } = last_words(&mut self.words);
        UpError::Ended(error.unwrap_or_else(|| Trouble::new(TroubleKind::Internal, how()).detailed(line)))
    }
}
