//! Waits for the tool that runs this tool, if the same run installs both.
//!
//! A script is useless without its interpreter, and its post-install command may call it. Archives are received and
//! unpacked in the meantime; only the last step waits.

use std::time::Duration;

use vx_base::board_slot::BoardSlot;

use crate::report::{InstallProgress, InstallStep, Reporter};

use crate::cancel::{CancelWatch, InstallStop};

/// Interval between two reads of the other tool's slot.
const POLL: Duration = Duration::from_millis(20);

/// How far another tool's install in the same run is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NeededToolState {
    /// It is running, or about to start.
    Coming {
        /// Its slot.
        slot: BoardSlot,
        /// Its version.
        version: String,
        /// Its progress.
        progress: InstallProgress,
    },
    /// It failed.
    Failed,
}

/// Why the wait ended without the tool.
#[derive(Debug, thiserror::Error)]
pub enum NeedError {
    /// The other tool was not installed.
    #[error("it is run by `{0}`, which did not install")]
    Failed(String),
    /// The install was cancelled, or its time is up.
    #[error("stopped while waiting for another tool")]
    Stop(InstallStop),
}

/// Wait until `tool` is installed, and report its progress. `state_of` returns `None` once it is, or if this run
/// doesn't install it.
pub(crate) fn await_tool(
    tool: &str,
    state_of: &dyn Fn(&str) -> Option<NeededToolState>,
    reporter: &dyn Reporter,
    watch: &CancelWatch,
) -> Result<(), NeedError> {
    let (mut shown, mut awaited) = (None, None);
    loop {
        watch.check().map_err(NeedError::Stop)?;
        match state_of(tool) {
            None => return Ok(()),
            Some(NeededToolState::Failed) => return Err(NeedError::Failed(tool.to_owned())),
            Some(coming) if shown.as_ref() == Some(&coming) => {}
            Some(coming) => {
                if let NeededToolState::Coming { slot, version, progress } = &coming {
                    if awaited.as_ref() != Some(slot) {
                        reporter.waits_for(Some(slot));
                        awaited = Some(slot.clone());
                    }
                    if shown.is_none() {
                        reporter.started(InstallStep::Waiting, progress.total);
                    }
                    reporter.total(progress.total);
                    reporter.advanced(progress.done);
                    reporter.message(&format!("waiting for {tool} {version}, which runs it ({})", progress.step));
                }
                shown = Some(coming);
            }
        }
        watch.sleep(POLL).map_err(NeedError::Stop)?;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::CancelToken;
    use crate::report::SilentReporter;

    fn coming(done: u64) -> Option<NeededToolState> {
        let progress = InstallProgress { step: InstallStep::Downloading, done, total: Some(9) };
        let slot = BoardSlot { path: "board".into(), slot: 1, generation: 1 };
        Some(NeededToolState::Coming { slot, version: "22.1.0".into(), progress })
    }

    #[test]
    fn the_wait_ends_when_the_other_is_there_or_cannot_be() {
        let cancel = CancelToken::new();
        let watch = CancelWatch::new(cancel.clone(), None);
        let answers = RefCell::new(vec![None, coming(2), coming(1), coming(1)]);
        let next = |_: &str| answers.borrow_mut().pop().expect("asked once too often");
        assert!(await_tool("node", &next, &SilentReporter, &watch).is_ok());
        let failed =
            await_tool("node", &|_| Some(NeededToolState::Failed), &SilentReporter, &watch).expect_err("a failure");
        assert_eq!(failed.to_string(), "it is run by `node`, which did not install");
        cancel.cancel();
        assert!(matches!(await_tool("node", &|_| coming(1), &SilentReporter, &watch), Err(NeedError::Stop(_))));
    }
}
