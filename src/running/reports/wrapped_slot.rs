//! The slot of the wrapped command that a script runs in: reserved for the command, and claimed by the first report.

use std::path::Path;

use vx_process::callers;
use vx_run::channel::Mark;
use vx_shm::{ClaimError, Kind, Slot, SlotState, SlotView};

use super::error::ReportError;
use super::report::{SlotReport, SlotReportEffect};
use crate::boards::control;

/// The slot of a wrapped command.
pub(super) struct WrappedSlot {
    mark: Mark,
    /// The process that wraps the command.
    wrapper: Option<u32>,
}

impl WrappedSlot {
    /// The slot of the command around this process, if a report is meant for it: one that names no other board and no
    /// other key.
    pub(super) fn around(board: Option<&str>, key: Option<&str>) -> Option<Self> {
        let mark = Mark::own().filter(|_| board.is_none_or(str::is_empty))?;
        let slot = mark.slot().filter(|slot| slot.kind == Kind::Task)?;
        key.is_none_or(|key| slot.has_key(key)).then_some(Self { mark, wrapper: slot.runner })
    }

    /// The file of the board.
    pub(super) fn board(&self) -> &Path {
        self.mark.board()
    }

    /// Whether the process that wraps the command has claimed the slot, because it has read progress from the output.
    pub(super) fn is_written_by_wrapper(&self) -> bool {
        self.view().is_some_and(|slot| slot.runner.is_some() && slot.pid == slot.runner)
    }

    /// Have the wrapping process write the report.
    pub(super) fn pass_on(&self, report: &SlotReport) -> Result<SlotReportEffect, ReportError> {
        let Some(slot) = self.view() else { return Err(ReportError::Written { writer: self.wrapper }) };
        let before = control::report(self.board(), &slot, &report.document(&slot.key))?;
        let ended = SlotState::ALL.iter().find(|state| state.ended() && state.name() == before);
        Ok(ended.map_or(SlotReportEffect::Written, |state| SlotReportEffect::EndedBefore(*state)))
    }

    fn view(&self) -> Option<SlotView> {
        self.mark.slot()
    }

    /// Claim the slot, or continue it, on behalf of this owner. The default owner is the command itself, so that all of
    /// its scripts report to one slot.
    pub(super) fn claim(&self, owner: Option<u32>) -> Result<Slot, ClaimError> {
        let callers = callers();
        let below_wrapper = || {
            let at = callers.iter().position(|pid| Some(*pid) == self.wrapper)?;
            callers.get(at.checked_sub(1)?).copied()
        };
        let owner = owner.or_else(below_wrapper).or(callers.first().copied()).unwrap_or(0);
        Slot::on_behalf_in(self.mark.board(), self.mark.reservation(), owner)
    }
}
