//! A recording as a file: making one, knowing one, and finding the frames of one.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::bytes::Bytes;
use super::change::State;
use super::header::{self, HEADER_BYTES, MAGIC};
use super::playback::Playback;
use super::recorder::{CHANGES, FRAME_BYTES, LAST_CHANGES, WHOLE};
use super::{MOST_BYTES, most_between};
use crate::view::BoardView;

/// A recording that was read and checked.
#[derive(Debug)]
pub struct Recording {
    bytes: Vec<u8>,
    board: BoardView,
    frames: Vec<Frame>,
    complete: bool,
}

/// Where a reading is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) at_ns: u64,
    payload: (u32, u32),
    /// The frame that tells the whole: itself, or the last one before it that does.
    pub(super) whole: u32,
}

/// Why a recording could not be read.
#[derive(Debug, Error)]
#[error("recording `{}` {fault}", path.display())]
pub struct RecordingError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub fault: RecordingFault,
}

/// What is wrong with a recording.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RecordingFault {
    /// It begins otherwise.
    #[error("is no recording")]
    NotARecording,
    /// The header, or the first reading, is not what was written.
    #[error("is damaged: not one reading of it is whole")]
    Damaged,
    /// It was written by another version.
    #[error("has version {found}, and this program reads version {known}")]
    OtherVersion {
        /// The file's.
        found: u32,
        /// This program's.
        known: u32,
    },
    /// No recorder writes that much.
    #[error("is longer than any recording: more than {MOST_BYTES} bytes")]
    TooLong,
    /// The system refused.
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
}

impl Recording {
    /// Read a recording: one that is finished, one that is still being written, or what is left of one.
    ///
    /// # Errors
    /// When it is no recording, or not one reading of it is whole.
    pub fn open(path: &Path) -> Result<Self, RecordingError> {
        let error = |fault| RecordingError { path: path.to_path_buf(), fault };
        let mut bytes = Vec::new();
        let file = open_plain(path).map_err(|source| error(source.into()))?;
        file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(|source| error(source.into()))?;
        Self::from_bytes(bytes).map_err(error)
    }

    /// The same from bytes.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, RecordingFault> {
        if bytes.len() as u64 > MOST_BYTES {
            return Err(RecordingFault::TooLong);
        }
        let board = header::decode(&bytes)?;
        let mut recording = Self { bytes, board, frames: Vec::new(), complete: false };
        recording.find_frames();
        if recording.frames.is_empty() {
            return Err(RecordingFault::Damaged);
        }
        Ok(recording)
    }

    /// Every frame up to the first that is not whole: read once, so that none has to be doubted later. Nor is one kept that
    /// stands further behind its whole reading than any recorder puts it: to go there would take too long.
    fn find_frames(&mut self) {
        let mut state = State::of(&self.board);
        let mut at = HEADER_BYTES;
        // The last whole reading: its frame, where that ends, and how far behind that another may begin.
        let mut last_whole: Option<(u32, usize, u64)> = None;
        while let Some((what, payload)) = frame_at(&self.bytes, at) {
            let from = at + FRAME_BYTES + 1;
            let end = from + payload.len();
            if what == WHOLE {
                let taken_at_ns = state.snapshot.taken_at_ns;
                state.start_over(&self.board, taken_at_ns);
                last_whole = Some((self.frames.len() as u32, end, most_between((end - at) as u64)));
            }
            let Some((whole, whole_end, most_between)) = last_whole else { return };
            let too_far = what != WHOLE && (at - whole_end) as u64 > most_between;
            if too_far || state.apply(&mut Bytes(payload)).is_none() {
                return;
            }
            self.frames.push(Frame { at_ns: state.snapshot.taken_at_ns, payload: (from as u32, end as u32), whole });
            self.complete = what == LAST_CHANGES;
            at = end;
        }
    }

    /// A place at its beginning.
    pub fn playback(self) -> Playback {
        Playback::new(self)
    }

    /// When the board was made, on its monotonic clock; readings are timed by it.
    pub fn created_at_ns(&self) -> u64 {
        self.board.created_at_ns
    }

    /// When the board was made: nanoseconds since 1970.
    pub fn created_unix_ns(&self) -> i64 {
        self.board.created_unix_ns
    }

    /// The board's id: 32 hexadecimal digits.
    pub fn board_id(&self) -> &str {
        &self.board.id
    }

    /// When the first and the last reading were taken, on the board's monotonic clock.
    pub fn span_ns(&self) -> (u64, u64) {
        let at = |frame: Option<&Frame>| frame.map_or(self.board.created_at_ns, |frame| frame.at_ns);
        (at(self.frames.first()), at(self.frames.last()))
    }

    /// How long after the board was made the last reading was taken, in nanoseconds.
    pub fn length_ns(&self) -> u64 {
        self.span_ns().1.saturating_sub(self.board.created_at_ns)
    }

    /// How many readings it holds; at least one.
    pub fn readings(&self) -> usize {
        self.frames.len()
    }

    /// Whether its recorder came to the end of the run, and all of it is there.
    pub fn complete(&self) -> bool {
        self.complete
    }

    pub(super) fn frames(&self) -> &[Frame] {
        &self.frames
    }

    pub(super) fn board(&self) -> &BoardView {
        &self.board
    }

    pub(super) fn payload(&self, frame: usize) -> Bytes<'_> {
        let (from, end) = self.frames[frame].payload;
        Bytes(&self.bytes[from as usize..end as usize])
    }
}

/// The frame that begins here, if it is whole: what it is, and its payload behind that.
fn frame_at(bytes: &[u8], at: usize) -> Option<(u8, &[u8])> {
    let head = bytes.get(at..)?.first_chunk::<FRAME_BYTES>()?;
    let word = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let payload = bytes[at + FRAME_BYTES..].get(..word(0) as usize)?;
    let (what, rest) = payload.split_first()?;
    let known = matches!(*what, WHOLE | CHANGES | LAST_CHANGES);
    (known && crc32fast::hash(payload) == word(4)).then_some((*what, rest))
}

/// Whether a file begins like a recording.
pub fn is_recording(path: &Path) -> bool {
    let mut magic = [0; MAGIC.len()];
    open_plain(path).and_then(|mut file| file.read_exact(&mut magic)).is_ok() && magic == *MAGIC
}

/// A pipe or a device could keep its reader waiting for ever.
fn open_plain(path: &Path) -> io::Result<File> {
    if !path.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a plain file"));
    }
    File::open(path)
}

/// Make the file of a recording, for this user only, locked for as long as the file is open. A recording that is there is
/// overwritten, as is an empty file; nothing else is.
///
/// # Errors
/// What the system says, and `AlreadyExists` where something else has the name or a recorder is at work on it.
pub fn create(path: &Path) -> io::Result<File> {
    let taken = |what: &str| io::Error::new(io::ErrorKind::AlreadyExists, what);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let there = path.metadata();
    if let Ok(there) = &there
        && !(there.is_file() && (there.len() == 0 || is_recording(path)))
    {
        return Err(taken("something else than a recording has this name"));
    }
    let file = options.open(path)?;
    match file.try_lock() {
        Err(std::fs::TryLockError::WouldBlock) => return Err(taken("another recorder is at work on it")),
        // Where there are no locks, nobody is kept off.
        Err(std::fs::TryLockError::Error(_)) | Ok(()) => {}
    }
    file.set_len(0)?;
    Ok(file)
}

#[cfg(test)]
mod tests;
