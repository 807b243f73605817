//! A report for a slot, in the form of a request to the process that writes the slot.

use serde::{Deserialize, Serialize};

/// The longest text in a report, in bytes. A slot has room for less, and a request for not much more.
const TEXT_BYTES: usize = 6 * 1024;

/// A report. Fields that are left out stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReportDocument {
    /// The slot's key.
    pub key: String,
    /// The version of the slot's subject; it must be the version on the slot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// A step from the vocabulary of tasks, or any name for a step of the running work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// Work finished in this step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub done: Option<u64>,
    /// Work finished in addition to `done` so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub more: Option<u64>,
    /// The total work of this step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// The unit of these numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// One line about the current work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// A longer text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
    /// The slot's end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// The reason for a failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl ReportDocument {
    /// The same report, with texts cut to what a request has room for.
    #[must_use]
    pub fn bounded(mut self) -> Self {
        let texts = [&mut self.version, &mut self.step, &mut self.message, &mut self.details, &mut self.error];
        for text in texts.into_iter().flatten() {
            text.truncate(text.floor_char_boundary(TEXT_BYTES));
        }
        self
    }
}
