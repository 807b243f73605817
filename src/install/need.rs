//! Waiting for the tool that runs this one, where the same run installs both.
//!
//! A script is of no use before its interpreter is there, and its post-install command may well call it. Archives are
//! received and unpacked meanwhile; only the end waits.

use std::time::Duration;

use crate::report::{Phase, Reporter};

use super::cancel::{Stop, Watch};

/// Between two looks at the other's slot.
const POLL: Duration = Duration::from_millis(20);

/// How far the install of another tool of the same run is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    /// It is at work, or about to be.
    Coming {
        /// Its version.
        version: String,
        /// What it is doing.
        phase: Phase,
        /// How much of that is done.
        done: u64,
        /// How much there is to do, where that is known.
        total: Option<u64>,
    },
    /// It did not end well.
    Failed,
}

/// Why waiting ended without what is needed.
#[derive(Debug, thiserror::Error)]
pub enum NeedError {
    /// The other tool did not install.
    #[error("it is run by `{0}`, which did not install")]
    Failed(String),
    /// Somebody asked to stop, or time is up.
    #[error("stopped while waiting for another tool")]
    Stop(Stop),
}

/// Wait until `tool` is there, showing how far it is. `state_of` says nothing once it is, or when nobody installs it.
pub(super) fn await_tool(
    tool: &str,
    state_of: &dyn Fn(&str) -> Option<Need>,
    reporter: &dyn Reporter,
    watch: &Watch,
) -> Result<(), NeedError> {
    let mut shown = None;
    loop {
        watch.check().map_err(NeedError::Stop)?;
        match state_of(tool) {
            None => return Ok(()),
            Some(Need::Failed) => return Err(NeedError::Failed(tool.to_owned())),
            Some(coming) if shown.as_ref() == Some(&coming) => {}
            Some(coming) => {
                if let Need::Coming { version, phase, done, total } = &coming {
                    if shown.is_none() {
                        reporter.started(Phase::Waiting, *total);
                    }
                    reporter.total(*total);
                    reporter.advanced(*done);
                    reporter.message(&format!("waiting for {tool} {version}, which runs it ({phase})"));
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
    use crate::install::CancelToken;
    use crate::report::Silent;

    fn coming(done: u64) -> Option<Need> {
        Some(Need::Coming { version: "22.1.0".into(), phase: Phase::Downloading, done, total: Some(9) })
    }

    #[test]
    fn the_wait_ends_when_the_other_is_there_or_cannot_be() {
        let cancel = CancelToken::new();
        let watch = Watch::new(cancel.clone(), None);
        let answers = RefCell::new(vec![None, coming(2), coming(1), coming(1)]);
        let next = |_: &str| answers.borrow_mut().pop().expect("asked once too often");
        assert!(await_tool("node", &next, &Silent, &watch).is_ok());
        let failed = await_tool("node", &|_| Some(Need::Failed), &Silent, &watch).expect_err("a failure");
        assert_eq!(failed.to_string(), "it is run by `node`, which did not install");
        cancel.cancel();
        assert!(matches!(await_tool("node", &|_| coming(1), &Silent, &watch), Err(NeedError::Stop(_))));
    }
}
