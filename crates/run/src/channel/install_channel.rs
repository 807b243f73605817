//! The channel of one install, as its parent sees it: the slot reserved on a board, and the name by which the child
//! finds it.

use std::path::{Path, PathBuf};

use serde::Serialize;
use vx_base::board_slot::BoardSlot;
use vx_shm::{Reservation, SlotView, Snapshot};

use super::name::{ChannelName, NotABoard};
use super::pipe::{ConfigError, encode};

/// One install's slot on a board, which may be any process's: a run has one channel for each of its tools.
#[derive(Clone, Debug)]
pub struct InstallChannel {
    board: PathBuf,
    reservation: Reservation,
    name: ChannelName,
}

impl InstallChannel {
    /// Make the channel of the slot that is reserved for `tool` on the board in this file.
    ///
    /// # Errors
    /// The file is not named like a board, so that no child could find it.
    pub fn on(board: &Path, reservation: Reservation, tool: &str) -> Result<Self, NotABoard> {
        Ok(Self { board: board.to_owned(), reservation, name: ChannelName::on(board, tool)? })
    }

    /// Its name, for the child's argument `--ipc-channel`.
    pub fn name(&self) -> String {
        self.name.to_string()
    }

    /// The reserved slot.
    pub fn reservation(&self) -> Reservation {
        self.reservation
    }

    /// The slot to report to, as the configuration names it.
    pub fn slot(&self) -> BoardSlot {
        let Reservation { slot, generation, .. } = self.reservation;
        BoardSlot { path: self.board.clone(), slot, generation }
    }

    /// Encode this configuration as the document for the child's standard input.
    ///
    /// # Errors
    /// The configuration is too long.
    pub fn document(&self, config: &impl Serialize) -> Result<Vec<u8>, ConfigError> {
        encode(config)
    }

    /// Find the slot in a reading of the board, even if it was reserved again since.
    pub fn slot_of<'a>(&self, snapshot: &'a Snapshot) -> Option<&'a SlotView> {
        snapshot.slots.iter().find(|slot| slot.index == self.reservation.slot)
    }
}
