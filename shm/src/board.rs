//! Creating a board and recording the ends of its slots; finding the boards on this machine and removing old ones.

mod directory;
#[cfg(feature = "read")]
mod listing;
mod subject;

pub use directory::{board_files, gc, remove_named, remove_over, stale};
#[cfg(feature = "read")]
pub use listing::{ListedBoard, list};
pub use subject::BoardSubject;

use std::path::Path;

#[cfg(feature = "read")]
use crate::error::AttachError;
use crate::error::CreateError;
use crate::layout::{
    CAUSES_AND_PROJECT, CREATOR_HOLDS_NO_LOCK, HeaderImage, MAX_SLOTS, TITLE_WORDS, encode_text, hexadecimal,
};
use crate::liveness::clock;
use crate::liveness::process::{self, ProcessMark};
use crate::mutex::Mutex;
use crate::progress::{BoardState, Kind};
use crate::segment::{self, Segment};
use crate::slot::{self, ClaimError, EndError, Ending, LogWriter, Reservation, ReserveError, SlotWork};
#[cfg(feature = "read")]
use crate::snapshot::Reader;
use crate::stamp;

/// A board, for its creator: names slots, records how their processes ended, and closes the board.
///
/// The board stays when this is dropped, and when this process is killed; see [`gc`]. So does a named segment.
#[derive(Debug)]
pub struct Board {
    segment: Segment,
    id: String,
    /// Gives the table's lock and the title one user at a time within this process.
    turn: Mutex<()>,
}

impl Board {
    /// Make a board file with room for `capacity` slots: for this user only, complete before it has its name.
    ///
    /// # Errors
    /// If the name is taken, the directory does not exist, or there is no room for the whole board.
    pub fn create<'a>(path: &Path, subject: impl Into<BoardSubject<'a>>, capacity: u32) -> Result<Self, CreateError> {
        let facts = facts(capacity, process::own(), 0)?;
        let segment = segment::create_file(path, &facts, write_subject(subject))?;
        Ok(Self::from_segment(segment))
    }

    /// Make a board file on behalf of the process `owner`: for a program that a shell script calls. The board belongs
    /// to the script, and counts as abandoned once the script has ended; no lock shows that.
    /// [`take_charge`](Self::take_charge) opens it again in a later call.
    ///
    /// # Errors
    /// As [`create`](Self::create), and when there is no such process.
    pub fn create_for<'a>(
        path: &Path,
        subject: impl Into<BoardSubject<'a>>,
        capacity: u32,
        owner: u32,
    ) -> Result<Self, CreateError> {
        let no_owner = || CreateError::NoOwner { path: path.to_path_buf(), pid: owner };
        let facts = facts(capacity, process::mark_of_pid(owner).ok_or_else(no_owner)?, CREATOR_HOLDS_NO_LOCK)?;
        let segment = segment::create_file(path, &facts, write_subject(subject))?;
        Ok(Self::from_segment(segment))
    }

    /// Open a board that was made for one of the processes `owners` with [`create_for`](Self::create_for), to close it.
    ///
    /// # Errors
    /// If the board cannot be attached, is closed, or belongs to another process.
    pub fn take_charge(path: &Path, owners: &[u32]) -> Result<Self, ClaimError> {
        let segment = slot::open(path)?;
        let facts = segment.facts();
        let (pid, creator) = (facts.creator_pid, ProcessMark::of_creator(facts));
        let handed_over = facts.compatible & CREATOR_HOLDS_NO_LOCK != 0 && facts.boot_id == process::boot_id();
        if !handed_over || !owners.iter().any(|owner| process::mark_of_pid(*owner) == Some(creator)) {
            return Err(ClaimError::OtherCreator { pid });
        }
        Ok(Self::from_segment(segment))
    }

    /// Make a board without a name, in memory, for a run for which no directory can hold a file. Processes that this
    /// one starts for the same user open it by its path; others do not come across it. The board is gone once this is
    /// dropped and no process has it open.
    ///
    /// # Errors
    /// On systems other than Linux, and where the system does not show the open files of processes.
    pub fn create_unnamed<'a>(subject: impl Into<BoardSubject<'a>>, capacity: u32) -> Result<Self, CreateError> {
        let facts = facts(capacity, process::own(), 0)?;
        let segment = segment::create_unnamed(&facts, write_subject(subject))?;
        Ok(Self::from_segment(segment))
    }

    /// Make a board in a named segment of the system, attached to as `shm:NAME`.
    ///
    /// # Errors
    /// As [`create`](Self::create), when some system would not accept the name, and without the feature `named`.
    pub fn create_named<'a>(
        name: &str,
        subject: impl Into<BoardSubject<'a>>,
        capacity: u32,
    ) -> Result<Self, CreateError> {
        let facts = facts(capacity, process::own(), 0)?;
        let segment = segment::create_named(name, &facts, write_subject(subject))?;
        Ok(Self::from_segment(segment))
    }

    fn from_segment(segment: Segment) -> Self {
        let id = hexadecimal(segment.facts().board_id);
        Self { segment, id, turn: Mutex::new(()) }
    }

    /// Its path, or `shm:NAME`, as [`Reader::open`] and [`Slot::claim`](crate::Slot::claim) take it.
    pub fn path(&self) -> &Path {
        self.segment.path()
    }

    /// Its id, unique on this machine: 32 hexadecimal digits.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// How many slots it has.
    pub fn capacity(&self) -> u32 {
        self.segment.facts().slot_count
    }

    /// Attach to this board for reading. With the feature `read`.
    ///
    /// # Errors
    /// If its name was removed meanwhile.
    #[cfg(feature = "read")]
    pub fn reader(&self) -> Result<Reader, AttachError> {
        Reader::open(self.path())
    }

    /// Reserve a slot for a process that is about to be started. It shows as reserved until the process claims it.
    ///
    /// # Errors
    /// When every slot is in use, or one that has not ended has this key.
    pub fn reserve(&self, key: &str, version: &str, kind: Kind) -> Result<Reservation, ReserveError> {
        self.reserve_as(&SlotWork::new(key, version, kind))
    }

    /// As [`reserve`](Self::reserve), with more about the work than its name.
    ///
    /// # Errors
    /// As [`reserve`](Self::reserve).
    pub fn reserve_as(&self, work: &SlotWork<'_>) -> Result<Reservation, ReserveError> {
        let _turn = self.turn.lock();
        let (slot, generation) = slot::reserve_place(&self.segment, work)?;
        slot::ring(&self.segment);
        Ok(Reservation { slot, generation })
    }

    /// Reserve an ended slot again, for another attempt at the same work: it keeps its place, key and version,
    /// and begins a new life at once, so its last end is no longer shown. A slot for other work would rest first.
    /// `total` is the amount of the work, if known beforehand: the steps of the last life have overwritten the total it
    /// began with.
    ///
    /// # Errors
    /// When the slot is in a later life already, or has not ended.
    pub fn reserve_again(
        &self,
        ended: Reservation,
        attempt: u8,
        total: Option<u64>,
    ) -> Result<Reservation, ReserveError> {
        let _turn = self.turn.lock();
        let generation = slot::reserve_again(&self.segment, ended.slot, ended.generation, attempt, total)?;
        slot::ring(&self.segment);
        Ok(Reservation { slot: ended.slot, generation })
    }

    /// Get the writer of a slot's log, if [`SlotWork::log_writer`] named this process when the slot was reserved. The
    /// log begins with the reservation, and the later claim by the slot's own process leaves it alone. Only one thread
    /// at a time may write it.
    pub fn log_writer(&self, reservation: Reservation) -> Option<LogWriter<'_>> {
        LogWriter::for_life(&self.segment, reservation.slot, reservation.generation)
    }

    /// Record how a slot's process ended, after `wait()` has returned, or that it will never be started.
    ///
    /// Exit status and signal are recorded in any case; state, error and result only if the process had not ended
    /// its slot itself. A second call changes only the exit status.
    ///
    /// # Errors
    /// When the slot is in a later life already, or the state given does not end one.
    pub fn end(&self, reservation: Reservation, ending: &Ending) -> Result<(), EndError> {
        let _turn = self.turn.lock();
        slot::write_end(&self.segment, reservation, ending)
    }

    /// Set the board's title. One of more than 126 bytes is cut, and marked as cut.
    pub fn set_title(&self, title: &str) {
        let _turn = self.turn.lock();
        self.segment.header().title.write(&encode_text::<TITLE_WORDS>(title));
        slot::ring(&self.segment);
    }

    /// Store the board's last state; nothing more will be claimed. The board stays readable.
    pub fn close(&self, state: BoardState) {
        let _turn = self.turn.lock();
        stamp::close(self.segment.header(), u32::from(state.number()), clock::now_unix_ns().cast_unsigned());
        slot::ring(&self.segment);
    }
}

/// Fill in the header's facts of a new board.
fn facts(capacity: u32, creator: ProcessMark, compatible: u64) -> Result<HeaderImage, CreateError> {
    if capacity == 0 || capacity > MAX_SLOTS {
        return Err(CreateError::Capacity { asked: capacity, most: MAX_SLOTS });
    }
    Ok(HeaderImage {
        compatible: compatible | CAUSES_AND_PROJECT,
        board_id: process::unique_id(),
        boot_id: process::boot_id(),
        creator_pid: creator.pid,
        creator_uid: process::own_uid(),
        creator_start: creator.start_time,
        creator_namespace: creator.namespace,
        creator_time_namespace: creator.time_namespace,
        created_unix_ns: clock::now_unix_ns(),
        created_at_ns: clock::now_ns(),
        ..HeaderImage::for_slots(capacity)
    }
    .sealed())
}

/// Write the subject of a new board to its header.
fn write_subject<'a>(subject: impl Into<BoardSubject<'a>>) -> impl FnOnce(&Segment) {
    let subject: BoardSubject<'a> = subject.into();
    move |segment| subject.write(segment.header())
}
