//! Observes the holder of a lock. Two observations in a row show whether it makes progress.

use std::time::Instant;

use vx_base::board_slot::BoardSlot;

use super::lock_holder::LockHolder;
use crate::report::{InstallProgress, InstallStep};

/// A lock's holder at one time.
pub(super) struct Observation {
    holder: Option<LockHolder>,
    /// How far the holder is, by its board.
    pub(super) progress: Option<InstallProgress>,
    /// Whether the holder is stopped, by job control or a debugger.
    pub(super) stopped: bool,
    /// Time of the first observation that was the same as this one.
    pub(super) since: Instant,
}

impl Observation {
    pub(super) fn new(
        holder: Option<LockHolder>,
        progress_of: &dyn Fn(&LockHolder) -> Option<InstallProgress>,
    ) -> Self {
        let progress = holder.as_ref().and_then(progress_of);
        let stopped = holder.as_ref().is_some_and(LockHolder::is_stopped);
        Self { holder, progress, stopped, since: Instant::now() }
    }

    /// Whether nothing has changed between two observations.
    pub(super) fn same(&self, other: &Self) -> bool {
        (&self.holder, &self.progress, self.stopped) == (&other.holder, &other.progress, other.stopped)
    }

    /// Process id of the holder; 0 if it left no record.
    pub(super) fn pid(&self) -> u32 {
        self.holder.as_ref().map_or(0, |holder| holder.pid)
    }

    /// Slot to which the holder reports, if it has one.
    pub(super) fn board_slot(&self) -> Option<&BoardSlot> {
        self.holder.as_ref().and_then(|holder| holder.board.as_ref())
    }

    /// Whether a lack of progress is a sign that something is wrong.
    ///
    /// It isn't while the holder syncs or runs a post-install command: these steps show no progress and have their own
    /// limits. Nor is it for a holder that never had a board, which can't show any progress and gives up by itself if
    /// its server doesn't answer. A holder whose board can't be read is expected to move: the board is gone or damaged.
    pub(super) fn ought_to_move(&self) -> bool {
        match (&self.holder, &self.progress) {
            _ if self.stopped => true,
            (Some(_), Some(progress)) => !matches!(progress.step, InstallStep::Linking | InstallStep::PostInstall),
            (Some(holder), None) => holder.board.is_some(),
            (None, _) => true,
        }
    }

    /// Describe the holder by its process id and its state in a few words.
    pub(super) fn words(&self) -> (u32, String) {
        let state = match &self.progress {
            _ if self.stopped => "stopped".to_owned(),
            Some(progress) => progress.step.to_string(),
            None => "at work".to_owned(),
        };
        (self.pid(), state)
    }
}
