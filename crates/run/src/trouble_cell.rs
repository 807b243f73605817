//! Converting an error to the text of a slot's error cell, and back.

use std::borrow::Cow;

use vx_status::error_cell::ErrorCell;

use vx_base::trouble::{Trouble, TroubleKind};

/// An error in the form of a slot's error cell, and back.
pub trait TroubleCell {
    /// Split the error into the parts of a slot's error cell.
    fn parts(&self) -> ErrorCell<'_>;

    /// Write the error as the text of a slot's error cell.
    fn to_cell(&self) -> String;

    /// Read the error from a slot's error cell. A kind that is missing, or that only a newer version knows, becomes
    /// [`TroubleKind::Exit`]: the process's exit is all that is certain.
    fn of_cell(cell: ErrorCell<'_>) -> Self;
}

impl TroubleCell for Trouble {
    fn parts(&self) -> ErrorCell<'_> {
        ErrorCell {
            text: self.text.as_str().into(),
            details: self.details.iter().map(|detail| detail.as_str().into()).collect(),
            kind: Some(self.kind.name().into()),
            hint: self.hint.as_deref().map(Into::into),
        }
    }

    fn to_cell(&self) -> String {
        self.parts().to_text()
    }

    fn of_cell(cell: ErrorCell<'_>) -> Self {
        let kind = cell.kind.as_deref().and_then(|kind| kind.parse().ok());
        Self {
            kind: kind.unwrap_or(TroubleKind::Exit),
            text: cell.text.into_owned(),
            details: cell.details.into_iter().map(Cow::into_owned).collect(),
            hint: cell.hint.map(Cow::into_owned),
        }
    }
}

#[cfg(test)]
mod tests {
    use vx_shm::{Liveness, SlotState, SlotView};

    use super::*;

    #[test]
    fn every_kind_that_the_end_of_a_slot_implies_is_one_of_the_known() {
        let states = [SlotState::Live, SlotState::Cancelled, SlotState::Died, SlotState::Failed, SlotState::Done];
        let mut implied = Vec::new();
        for state in states {
            for (liveness, exit_code) in [(Liveness::Lost, None), (Liveness::Alive, Some(1)), (Liveness::Alive, None)] {
                let slot = SlotView { state, liveness, exit_code, ..SlotView::default() };
                implied.extend(ErrorCell::kind_of_slot(&slot).map(Cow::into_owned));
            }
        }
        let kind = |code: &String| TroubleKind::ALL.into_iter().find(|kind| kind.name() == code);
        let mut kinds: Vec<TroubleKind> = implied.iter().map(|code| kind(code).expect("a known kind")).collect();
        kinds.dedup();
        assert_eq!(
            kinds,
            [TroubleKind::Killed, TroubleKind::Cancelled, TroubleKind::Killed, TroubleKind::Exit, TroubleKind::Killed]
        );
    }
}
