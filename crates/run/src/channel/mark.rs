//! The mark of everything that a run starts: two variables, which name the run's board and the slot on it.
//!
//! Children inherit them, so a process can be recognised even after it has left its parent, its group and its session.
//! The slot's variable holds the board's id, too, since a script may set `VX_BOARD` to another board.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use vx_shm::{Board, Kind, Liveness, Reader, Reservation, SlotView, Snapshot};

use vx_base::system::variables::{WORK_BOARD, WORK_SLOT};

/// Marks everything that was started for a slot.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Mark {
    /// The file of the board.
    board: PathBuf,
    slot: u32,
    generation: u32,
    /// The id of the board, in hexadecimal digits.
    id: String,
}

impl Mark {
    /// Names the variable with the file of the board. Scripts set it, too, to name the board that they write to.
    pub const BOARD: &str = WORK_BOARD;
    /// Names the variable with the slot's number, its generation, and the id of the board.
    pub const SLOT: &str = WORK_SLOT;

    /// Make the mark of this slot.
    pub fn for_slot(board: &Board, reservation: Reservation) -> Self {
        Self::on(board.path(), board.id().to_owned(), reservation)
    }

    /// Make the mark of a slot of the board in this file with this id.
    pub fn on(board: &Path, id: String, reservation: Reservation) -> Self {
        let Reservation { slot, generation, .. } = reservation;
        Self { board: board.to_owned(), slot, generation, id }
    }

    /// Read a mark from the values of the two variables.
    pub fn parse(board: &OsStr, slot: &OsStr) -> Option<Self> {
        let mut parts = slot.to_str()?.split('.');
        let (slot, generation) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let id = parts.next().filter(|_| parts.next().is_none())?.to_owned();
        Some(Self { board: board.into(), slot, generation, id })
    }

    /// Read the mark that this process has inherited.
    pub fn own() -> Option<Self> {
        Self::parse(&std::env::var_os(Self::BOARD)?, &std::env::var_os(Self::SLOT)?)
    }

    /// Write the mark as its two variables.
    pub fn variables(&self) -> [(OsString, OsString); 2] {
        let slot = format!("{}.{}.{}", self.slot, self.generation, self.id);
        [(Self::BOARD.into(), self.board.clone().into()), (Self::SLOT.into(), slot.into())]
    }

    /// The file of the board.
    pub fn board(&self) -> &Path {
        &self.board
    }

    /// Everything that a process needs to claim the slot.
    pub fn reservation(&self) -> Reservation {
        Reservation { slot: self.slot, generation: self.generation }
    }

    /// Read the slot as it is now; `None` if the file holds another board, or the slot has begun another life.
    pub fn slot(&self) -> Option<SlotView> {
        self.snapshot()?.slots.into_iter().find(|slot| self.is_of(slot))
    }

    /// Returns whether the file still holds the slot's board; if not, a script has named another one.
    pub fn is_whole(&self) -> bool {
        self.snapshot().is_some()
    }

    /// Returns whether processes with this mark may be ended: the board's creator is proved gone, and the slot's writer
    /// is lost. For an install or a service an ended slot will do, as they leave nothing behind; a task that ended may
    /// have started a daemon.
    pub fn is_over(&self) -> bool {
        let Some(Snapshot { board, slots, .. }) = self.snapshot() else { return false };
        let place = slots.iter().find(|slot| slot.index == self.slot);
        let own = place.filter(|slot| self.is_of(slot));
        let spares = place.is_some_and(|slot| !matches!(slot.kind, Kind::Install | Kind::Service));
        // A slot in a later life has ended the marked one.
        let writer_gone = own.map_or(!spares, |slot| slot.liveness == Liveness::Lost || slot.state.ended() && !spares);
        board.creator.alive == Some(false) && writer_gone
    }

    fn is_of(&self, slot: &SlotView) -> bool {
        slot.index == self.slot && slot.generation == self.generation
    }

    fn snapshot(&self) -> Option<Snapshot> {
        let snapshot = Reader::open(&self.board).ok()?.snapshot().ok()?;
        (snapshot.board.id == self.id).then_some(snapshot)
    }
}

#[cfg(test)]
mod tests {
    use vx_shm::{BoardState, Ending, SlotState};

    use super::*;

    /// The values of the two variables.
    fn values(mark: &Mark) -> [OsString; 2] {
        mark.variables().map(|(_, value)| value)
    }

    #[test]
    fn a_mark_comes_back_from_its_variables_and_nothing_else_is_one() {
        let directory = tempfile::tempdir().expect("a directory");
        let board = Board::create(&directory.path().join("a.board"), "a", 4).expect("a board");
        let mark = Mark::for_slot(&board, board.reserve("node", "22", Kind::Install).expect("a slot"));
        let [path, slot] = values(&mark);
        assert_eq!(Mark::parse(&path, &slot), Some(mark.clone()));
        for text in ["", "1", "1.2", "x.2.ab", "1.2.ab.cd", "-1.2.ab"] {
            assert_eq!(Mark::parse(&path, OsStr::new(text)), None, "{text}");
        }
        assert!(mark.is_whole());
        let other = Board::create(&directory.path().join("b.board"), "b", 4).expect("a board");
        let renamed = Mark::parse(other.path().as_os_str(), &slot).expect("a mark");
        assert!(!renamed.is_whole() && !renamed.is_over(), "the script has named another board");
    }

    #[test]
    fn a_mark_is_not_over_while_the_boards_creator_lives_or_its_board_is_not_there() {
        let directory = tempfile::tempdir().expect("a directory");
        let board = Board::create(&directory.path().join("a.board"), "a", 4).expect("a board");
        let reservation = board.reserve("node", "22", Kind::Install).expect("a slot");
        let mark = Mark::for_slot(&board, reservation);
        board.end(reservation, &Ending::new(SlotState::Done)).expect("it ends");
        board.close(BoardState::Done);
        assert!(!mark.is_over(), "this process made the board");
        drop(board);
        std::fs::remove_file(mark.board()).expect("a file");
        assert!(!mark.is_over(), "nothing is proved");
    }
}
