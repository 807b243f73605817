//! The control of steps: they can be stopped like other work of a run, and their slots accept reports from their
//! scripts.

use std::path::PathBuf;

use vx_base::trouble::{Trouble, TroubleKind};
use vx_run::WrittenSlots;
use vx_shm::SlotView;

use crate::boards::control::{Hand, ReportDocument, RunHand, Verb};
use crate::running::reports::{self, SlotReport};

/// The control of steps on the board in this file.
pub(super) struct StepsHand {
    pub(super) run: RunHand,
    pub(super) written: WrittenSlots,
    pub(super) board: PathBuf,
}

impl Hand for StepsHand {
    fn verbs(&self, slot: &SlotView) -> Vec<Verb> {
        self.run.verbs(slot)
    }

    fn ask(&self, verb: Verb, slot: &SlotView) -> Result<(), Trouble> {
        self.run.ask(verb, slot)
    }

    fn report(&self, slot: &SlotView, report: &ReportDocument) -> Result<(), Trouble> {
        let report = SlotReport::of_document(report)?;
        let not_at_work = || Trouble::new(TroubleKind::Board, format_args!("`{}` is not at work", slot.key));
        let written = self.written.get(slot.index, slot.generation).ok_or_else(not_at_work)?;
        written.report(|slot| reports::write(slot, &report, &self.board)).map_err(|error| Trouble::from_error(&error))
    }

    fn stop_all(&self) -> Result<(), Trouble> {
        self.run.stop_all()
    }
}
