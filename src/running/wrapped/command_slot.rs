//! The place of a command on a board: a slot on an existing board, a slot on a new board, or none.
//!
//! The slot is reserved, already in its running step, and the command gets its mark. The first process to claim the
//! slot is its only writer: the command itself, if it knows vx, else this process when it reads the first progress.
//! This process records the end in both cases.

use std::path::{Path, PathBuf};

use vx_base::trouble::Trouble;
use vx_process::Exit;
use vx_run::channel::{Mark, free_board_path, slot_key};
use vx_run::{log_file, logs_of};
use vx_shm::{Board, BoardState, ClaimError, Ending, Kind, Reader, ReserveError, Reserved, Slot, SlotState, SlotWork};
use vx_status::vocabulary::task;

use super::WrapError;
use super::board_search::{self, BoardSearchResult};
use super::chores::{Chores, RecordingFile};
use crate::boards::find;
use crate::running::reports::{self, ReportError, SlotReport, refused};

/// The slots of a board that is made for a command and the commands it starts. If the board is full, another one is
/// made.
const SLOTS: u32 = 16;

/// The place of a command on a board.
pub struct CommandBoardSlot {
    /// `None` if there is no usable board.
    reserved: Option<Reserved>,
    writer: CommandSlotWriter,
    path: Option<PathBuf>,
    log: Option<PathBuf>,
    own: Option<Own>,
}

/// The writer of the slot.
enum CommandSlotWriter {
    /// Nobody yet.
    Nobody,
    /// This process.
    This(Box<Slot>),
    /// The command, or no writer any more.
    Other,
}

/// A board that was made for the command.
struct Own {
    board: Board,
    /// Whether there are many boards beside it.
    crowded: bool,
    /// The file for a requested recording.
    record: Option<RecordingFile>,
}

impl CommandBoardSlot {
    /// Reserve a slot on the named board, else on the board of one of the callers, else on a new board with this title.
    /// If no board can be used, or the key is in use on a board that was not named, the command gets no place. The
    /// trouble says why, or why the command got a new board instead of the one that `VX_BOARD` names.
    ///
    /// # Errors
    /// The named board does not exist, is over or full, or the key is in use on it.
    pub fn claim(key: &str, board: Option<&str>, title: &str) -> Result<(Self, Option<Trouble>), WrapError> {
        let key = slot_key(key);
        let named = board.filter(|board| !board.is_empty());
        let found =
            named.map_or_else(board_search::find, |named| find::find(Some(named)).map(BoardSearchResult::Board));
        let (mut unknown, without) = (None, format!("`{key}` runs without a board"));
        let crowded = match found {
            Ok(BoardSearchResult::Board(path)) => match reserve(&path, &key) {
                Ok(reserved) => return Ok((Self::on(reserved, path, &key, None), None)),
                Err(error) if named.is_some() => return Err(refused(&path, error).into()),
                // New work cannot go on a closed or full board.
                Err(ClaimError::Closed | ClaimError::Place(ReserveError::Full { .. })) => false,
                Err(error) => {
                    return Ok((Self::none(), Some(Trouble::from_error(&refused(&path, error)).about(without))));
                }
            },
            Ok(BoardSearchResult::None { crowded }) => crowded,
            Err(error) if named.is_some() => return Err(error.into()),
            Err(error) => {
                unknown = Some(Trouble::from_error(&error).about(format!("`{key}` has its own board")));
                false
            }
        };
        let own = Self::own(&key, title, crowded);
        Ok(own.map_or_else(
            |error| (Self::none(), Some(Trouble::from_error(&error).about(without))),
            |own| (own, unknown),
        ))
    }

    /// Reserve a slot on a new board with this title, which is recorded in this file.
    ///
    /// # Errors
    /// The file or the board cannot be made.
    pub fn recorded(key: &str, title: &str, file: PathBuf) -> Result<Self, WrapError> {
        // Create the file first: if that failed later, the board would be left behind unclosed.
        let record = RecordingFile::create(file)?;
        let mut place = Self::own(&slot_key(key), title, board_search::crowded()?)?;
        if let Some(own) = &mut place.own {
            own.record = Some(record);
        }
        Ok(place)
    }

    fn own(key: &str, title: &str, crowded: bool) -> Result<Self, ReportError> {
        let path = free_board_path(&find::directory()?, std::process::id());
        let board = Board::create(&path, title, SLOTS)?;
        let reserved = reserve(&path, key).map_err(ReportError::Refused)?;
        Ok(Self::on(reserved, path, key, Some(Own { board, crowded, record: None })))
    }

    fn on(reserved: Reserved, path: PathBuf, key: &str, own: Option<Own>) -> Self {
        let log = log_file(&logs_of(&path), key);
        Self { reserved: Some(reserved), writer: CommandSlotWriter::Nobody, path: Some(path), log: Some(log), own }
    }

    /// No place.
    pub(super) fn none() -> Self {
        Self { reserved: None, writer: CommandSlotWriter::Nobody, path: None, log: None, own: None }
    }

    /// The mark of the command; `None` without a board.
    pub(super) fn mark(&self) -> Option<Mark> {
        let (reserved, path) = (self.reserved.as_ref()?, self.path.as_ref()?);
        Some(Mark::on(path, reserved.board_id(), reserved.reservation()))
    }

    /// The file of the board.
    pub(super) fn board(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// The background work for its own board.
    pub(super) fn chores(&mut self) -> Option<Chores> {
        let Own { board, crowded, record } = self.own.as_mut()?;
        Some(Chores::new(board.path(), *crowded, record.take()))
    }

    /// The file for the command's output.
    pub(super) fn log(&self) -> Option<&Path> {
        self.log.as_deref()
    }

    /// A line of the command's output, for the ring of the slot.
    pub(super) fn log_line(&self, line: &[u8]) {
        if let Some(mut writer) = self.reserved.as_ref().and_then(Reserved::log_writer) {
            writer.line(line);
        }
    }

    /// Write a report to the slot, if this process writes it.
    pub(super) fn report(&mut self, report: &SlotReport) -> Result<(), ReportError> {
        let Some(board) = self.path.clone() else { return Ok(()) };
        self.slot();
        let mut slot = match std::mem::replace(&mut self.writer, CommandSlotWriter::Other) {
            CommandSlotWriter::This(slot) => Some(*slot),
            _ => None,
        };
        let written = reports::write(&mut slot, report, &board);
        if let Some(slot) = slot {
            self.writer = CommandSlotWriter::This(Box::new(slot));
        }
        written
    }

    /// The slot, for writing. Claims it now, unless another process was first.
    pub(super) fn slot(&mut self) -> Option<&mut Slot> {
        if let (CommandSlotWriter::Nobody, Some(reserved)) = (&self.writer, &self.reserved) {
            self.writer =
                reserved.claim().map_or(CommandSlotWriter::Other, |slot| CommandSlotWriter::This(Box::new(slot)));
        }
        match &mut self.writer {
            CommandSlotWriter::This(slot) => Some(slot),
            _ => None,
        }
    }

    /// Record the end of the command, and close its own board.
    pub(super) fn end(self, ending: &Ending, exit: Exit) {
        let (exit_code, signal) = match exit {
            Exit::Code(code) => (Some(code), None),
            Exit::Signal(signal) => (None, Some(signal)),
        };
        let ending = Ending { exit_code, signal, ..ending.clone() };
        let slot = self.reserved.as_ref().map(|reserved| reserved.reservation().slot);
        if let Some(reserved) = self.reserved {
            // Fails only if the slot is already in another life, which records its own end.
            let _ = reserved.end(&ending);
        }
        let others = slot.filter(|_| !matches!(self.writer, CommandSlotWriter::This(_)));
        // The slot's lock proves that its writer lives, so release it only now that the end is recorded.
        drop(self.writer);
        if let Some(Own { board, .. }) = self.own {
            board.close(match ending.state {
                SlotState::Done if others.is_some_and(|slot| has_failed(board.path(), slot)) => BoardState::Failed,
                SlotState::Done => BoardState::Done,
                SlotState::Cancelled => BoardState::Cancelled,
                _ => BoardState::Failed,
            });
        }
    }
}

/// Whether this slot's writer has recorded a failure, whatever the command's exit code.
fn has_failed(board: &Path, slot: u32) -> bool {
    let snapshot = Reader::open(board).ok().and_then(|mut reader| reader.snapshot().ok());
    let slots = snapshot.iter().flat_map(|snapshot| &snapshot.slots);
    slots.into_iter().any(|view| view.index == slot && view.state == SlotState::Failed)
}

/// Reserve the slot without a total: with one it would show 0 done, but all that is known is that the command runs.
fn reserve(board: &Path, key: &str) -> Result<Reserved, ClaimError> {
    let own = Some(std::process::id());
    let work = SlotWork { runner: own, log_writer: own, ..SlotWork::new(key, "", Kind::Task) };
    Slot::reserve(board, &work, task::RUNNING, None)
}
