//! The hand of a wrapped command: it can be ended, and no more, since its process ends with it.

use vx_shm::SlotView;

use crate::process::ask_own_end;
use crate::trouble::{Trouble, TroubleKind};
use crate::work::control::{Hand, Verb, impossible};

/// The hand of the command of this process. Its end goes the way of a signal to this process, which ends the command with
/// all below it.
pub(super) struct CommandHand;

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
            // A command that is about to end has nothing left to stop, and one at work has begun.
            Verb::Start => Ok(()),
            Verb::Stop | Verb::Kill if slot.state.ended() => Ok(()),
            Verb::Stop => Self::end(false),
            Verb::Kill => Self::end(true),
            Verb::Retry | Verb::Restart | Verb::Rebuild => {
                Err(impossible(verb, slot, "run its command again once it has ended"))
            }
        }
    }

    fn stop_all(&self) -> Result<(), Trouble> {
        Self::end(false)
    }
}
