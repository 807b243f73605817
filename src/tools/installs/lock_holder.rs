//! The progress of a lock's holder, read from the holder's board.

use vx_shm::Reader;
use vx_store::LockHolder;
use vx_store::report::InstallProgress;

use crate::tools::installs::job::progress_on;

/// The progress of a holder, from its slot; `None` if it has no slot, or if its board cannot be read.
pub(crate) fn holder_progress(holder: &LockHolder) -> Option<InstallProgress> {
    let at = holder.board.as_ref()?;
    let snapshot = Reader::open(&at.path).ok()?.snapshot().ok()?;
    let slot = snapshot.slots.iter().find(|slot| slot.index == at.slot && slot.generation == at.generation)?;
    Some(progress_on(slot))
}

#[cfg(test)]
mod tests {
    use vx_shm::{Board, Kind, Slot};
    use vx_status::vocabulary::Phase;

    use super::*;
    use vx_base::board_slot::BoardSlot;
    use vx_store::report::InstallStep;

    #[test]
    fn the_progress_of_a_holder_is_that_of_its_slot_and_of_no_other_generation() {
        let top = tempfile::tempdir().expect("a directory");
        let path = top.path().join("run.board");
        let board = Board::create(&path, "run", 1).expect("a board");
        let reserved = board.reserve("node", "22.3.0", Kind::Install).expect("a slot");
        let mut slot = Slot::claim(&path, reserved.slot, reserved.generation).expect("the slot");
        slot.enter(Phase::DOWNLOADING, Some(500));
        slot.publish(200);
        let at = BoardSlot { path, slot: slot.index(), generation: slot.generation() };
        let of = |board: Option<BoardSlot>| holder_progress(&LockHolder { pid: 1, board });
        let expected = InstallProgress { step: InstallStep::Downloading, done: 200, total: Some(500) };
        assert_eq!(of(Some(at.clone())), Some(expected));
        assert_eq!(of(Some(BoardSlot { generation: at.generation + 1, ..at.clone() })), None);
        assert_eq!(of(Some(BoardSlot { path: top.path().join("gone"), ..at })), None);
        assert_eq!(of(None), None);
    }
}
