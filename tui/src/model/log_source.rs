//! The log in view: one slot's log, or the logs of all services in the table as one.

use vx_status::slot::SlotId;
use vx_status::source::{LogPart, LogPlace, Logs};

/// A log to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogSource {
    /// Identity of its slot, or of the group of its slots.
    pub(crate) id: SlotId,
    /// Keys of its slots.
    keys: Vec<String>,
}

impl LogSource {
    pub(crate) fn one(id: SlotId, key: &str) -> Self {
        Self { id, keys: vec![key.to_owned()] }
    }

    pub(crate) fn group(keys: Vec<String>) -> Self {
        Self { id: SlotId::of_group(&keys), keys }
    }

    pub(crate) fn read(&self, logs: &mut dyn Logs, place: LogPlace) -> LogPart {
        match &self.keys[..] {
            [one] => logs.read(one, place),
            several => logs.read_together(several, place),
        }
    }

    /// The path of the whole log; `None` for a group, whose logs are several files.
    pub(crate) fn location(&self, logs: &dyn Logs) -> Option<String> {
        match &self.keys[..] {
            [one] => logs.location(one),
            _ => None,
        }
    }
}
