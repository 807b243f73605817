//! The slot of the wrapped command that a script runs in: reserved for it, and claimed by its first report.

use std::path::Path;

use vx_shm::{ClaimError, Kind, Slot};

use crate::channel::Mark;
use crate::process::callers;

/// The slot of a wrapped command.
pub(super) struct WrappedSlot {
    mark: Mark,
    /// The process that wraps the command.
    wrapper: Option<u32>,
}

impl WrappedSlot {
    /// The slot of the command around this process, if a report with this key is meant for it: on no other board that is
    /// named, and with no other key.
    pub(super) fn around(board: Option<&str>, key: Option<&str>) -> Option<Self> {
        let mark = Mark::own().filter(|_| board.is_none_or(str::is_empty))?;
        let slot = mark.slot().filter(|slot| slot.kind == Kind::Task)?;
        key.is_none_or(|key| slot.has_key(key)).then_some(Self { mark, wrapper: slot.runner })
    }

    /// The file of the board.
    pub(super) fn board(&self) -> &Path {
        self.mark.board()
    }

    /// Claim the slot, or continue it, on behalf of this process. By default it is the command itself, so that all of its
    /// scripts report to one slot.
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
