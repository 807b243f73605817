//! The control of a wrapped command: it can be ended, and its slot accepts reports. It cannot be restarted, since this
//! process ends with it.

use std::sync::Arc;

use parking_lot::Mutex;
use vx_base::gauge::Gauge;
use vx_base::trouble::{Trouble, TroubleKind};
use vx_process::ask_own_end;
use vx_shm::SlotView;

use super::meter::CommandMeter;

use crate::boards::control::{Hand, ReportDocument, Verb, impossible};
use crate::running::reports::SlotReport;

/// The control of this process's command. A request to end is handled like a signal to this process: it ends the
/// command and everything below it.
pub(super) struct CommandHand(pub Arc<Mutex<(CommandMeter, Gauge)>>);

impl CommandHand {
    fn end(twice: bool) -> Result<(), Trouble> {
        let failed = |error| Trouble::new(TroubleKind::Program, format!("the command cannot be ended: {error}"));
        ask_own_end(twice).map_err(failed)
    }
}

impl Hand for CommandHand {
    fn verbs(&self, slot: &SlotView) -> Vec<Verb> {
        if slot.state.ended() { Vec::new() } else { vec![Verb::Stop, Verb::Kill] }
    }

    fn ask(&self, verb: Verb, slot: &SlotView) -> Result<(), Trouble> {
        match verb {
            // The command has already started.
            Verb::Start => Ok(()),
            Verb::Stop | Verb::Kill if slot.state.ended() => Ok(()),
            Verb::Stop => Self::end(false),
            Verb::Kill => Self::end(true),
            Verb::Retry | Verb::Restart | Verb::Rebuild => {
                Err(impossible(verb, slot, "run its command again once it has ended"))
            }
        }
    }

    fn report(&self, _: &SlotView, report: &ReportDocument) -> Result<(), Trouble> {
        let report = SlotReport::of_document(report)?;
        self.0.lock().0.report(&report).map_err(|error| Trouble::from_error(&error))
    }

    fn stop_all(&self) -> Result<(), Trouble> {
        Self::end(false)
    }
}
