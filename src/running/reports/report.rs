//! A report, and its form as a request to the process that writes the slot.

use vx_base::trouble::{Trouble, TroubleKind};
use vx_shm::{SlotState, Unit};

use crate::boards::control::ReportDocument;

/// The progress of one slot, as a script reports it. Fields that are left out stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SlotReport {
    /// The slot's key; `None` for the slot of the wrapped command that the script runs in.
    pub key: Option<String>,
    /// The version of the slot's subject; recorded when the slot is claimed, and never changed.
    pub version: Option<String>,
    /// The step that the script is in: a word of the vocabulary of tasks, or any name for a step of the running work.
    /// Entering another step starts `done` and `total` over.
    pub step: Option<String>,
    /// Work finished in this step.
    pub done: Option<Done>,
    /// The total work of this step.
    pub total: Option<u64>,
    /// The unit of both numbers.
    pub unit: Option<Unit>,
    /// One line about the current work.
    pub message: Option<String>,
    /// A longer text.
    pub details: Option<String>,
    /// The slot's end.
    pub end: Option<SlotState>,
    /// The reason for a failure.
    pub error: Option<String>,
}

/// Finished work, as a script reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// This much in total.
    At(u64),
    /// This much more than before.
    More(u64),
}

/// The effect of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotReportEffect {
    /// It is on the board.
    Written,
    /// The slot had this end already, and keeps it.
    EndedBefore(SlotState),
}

impl SlotReport {
    /// The report in the form of a request, for the slot with this key.
    pub(super) fn document(&self, key: &str) -> ReportDocument {
        let (done, more) = match self.done {
            None => (None, None),
            Some(Done::At(done)) => (Some(done), None),
            Some(Done::More(more)) => (None, Some(more)),
        };
        let document = ReportDocument {
            key: key.to_owned(),
            version: self.version.clone(),
            step: self.step.clone(),
            done,
            more,
            total: self.total,
            unit: self.unit.map(|unit| unit.name().to_owned()),
            message: self.message.clone(),
            details: self.details.clone(),
            state: self.end.map(|state| state.name().to_owned()),
            error: self.error.clone(),
        };
        document.bounded()
    }

    /// The report in this request.
    ///
    /// # Errors
    /// It names an unknown unit, or a state that no slot ends in.
    pub fn of_document(document: &ReportDocument) -> Result<Self, Trouble> {
        let document = document.clone();
        let unit = document.unit.as_deref().map(|name| named(Unit::ALL, name, Unit::name, "unit")).transpose()?;
        let ends: Vec<SlotState> = SlotState::ALL.iter().copied().filter(|state| state.ended()).collect();
        let end = document.state.as_deref().map(|name| named(&ends, name, SlotState::name, "end")).transpose()?;
        let done = document.done.map(Done::At).or(document.more.map(Done::More));
        Ok(Self {
            key: Some(document.key),
            version: document.version,
            step: document.step,
            done,
            total: document.total,
            unit,
            message: document.message,
            details: document.details,
            end,
            error: document.error,
        })
    }
}

fn named<T: Copy>(all: &[T], name: &str, name_of: fn(T) -> &'static str, what: &str) -> Result<T, Trouble> {
    all.iter().copied().find(|one| name_of(*one) == name).ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|one| name_of(*one)).collect();
        let shown: String = name.chars().take(40).collect();
        Trouble::new(TroubleKind::Usage, format!("`{shown}` is not a known {what} of work"))
            .hinted(format!("use one of: {}", names.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_comes_back_from_its_document() {
        let whole = SlotReport {
            key: Some("x".into()),
            version: Some("1".into()),
            step: Some("linking".into()),
            done: Some(Done::More(3)),
            total: Some(9),
            unit: Some(Unit::Bytes),
            message: Some("m".into()),
            details: Some("d".into()),
            end: Some(SlotState::Failed),
            error: Some("e".into()),
        };
        for report in
            [whole.clone(), SlotReport { key: Some("x".into()), done: Some(Done::At(7)), ..SlotReport::default() }]
        {
            assert_eq!(SlotReport::of_document(&report.document("x")), Ok(report));
        }
        let long = SlotReport { message: Some("ä".repeat(20_000)), ..whole };
        assert!(serde_json::to_string(&long.document("x")).expect("JSON").len() < 10_000);
    }

    #[test]
    fn a_state_that_ends_nothing_and_an_unknown_unit_are_refused_with_those_that_are_known() {
        for (field, value, known) in [("state", "live", "cancelled"), ("unit", "miles", "bytes")] {
            let document = serde_json::json!({ "key": "x", field: value });
            let document: ReportDocument = serde_json::from_value(document).expect("a document");
            let refused = SlotReport::of_document(&document).expect_err("it is refused");
            assert!(refused.hint.expect("a next step").contains(known));
        }
    }
}
