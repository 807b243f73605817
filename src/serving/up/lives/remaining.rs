//! Finds stopped services of which processes are left.

use std::collections::HashSet;
use std::path::PathBuf;

use vx_base::trouble::TroubleKind;
use vx_shm::{Kind, SlotState};
use vx_status::error_cell::ErrorCell;

use crate::boards::find;
use crate::serving::up::start::supervisor_place::UpPlace;

/// The services that run when they are asked to stop.
pub(in crate::serving::up) struct Stopped {
    board: Option<PathBuf>,
    /// The slots of the services that have not ended.
    at_work: HashSet<(u32, u32)>,
}

impl Stopped {
    /// The services of this project. Call this before they are asked to stop.
    pub(in crate::serving::up) fn now(place: &UpPlace) -> Self {
        let board = place.record().map(|record| record.board);
        let reading = board.as_ref().and_then(|board| find::open_file(board).ok()?.snapshot().ok());
        let slots = reading.map(|reading| reading.slots).unwrap_or_default();
        let at_work = slots.iter().filter(|slot| slot.kind == Kind::Service && !slot.state.ended());
        Self { board, at_work: at_work.map(|slot| (slot.index, slot.generation)).collect() }
    }

    /// The services of which processes are left, each as a text that names them. Call this once the supervisor has
    /// ended.
    pub(in crate::serving::up) fn left(&self) -> Vec<String> {
        let reading = self.board.as_ref().and_then(|board| find::open_file(board).ok()?.snapshot().ok());
        let slots = reading.map(|reading| reading.slots).unwrap_or_default();
        let failed = slots
            .iter()
            .filter(|slot| self.at_work.contains(&(slot.index, slot.generation)) && slot.state == SlotState::Failed);
        let left = failed.filter_map(|slot| {
            let error = ErrorCell::of_slot(slot)?;
            // A service that was asked to stop counts as ended well, unless processes survived being killed.
            let is_left = error.kind.as_deref().and_then(|kind| kind.parse().ok()) == Some(TroubleKind::Killed);
            is_left.then(|| format!("`{}`: {}", slot.key, error.text))
        });
        left.collect()
    }
}
