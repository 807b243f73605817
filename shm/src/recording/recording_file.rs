//! A recording as a file: create one, recognise one, and find its frames.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::path::Path;

use super::bytes::RecordingByteReader;
use super::change::RecordingState;
use super::fault::{RecordingError, RecordingFault};
use super::header::{self, HEADER_BYTES, MAGIC};
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

/// Where a reading is in the file, and its time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) at_ns: u64,
    payload: (u32, u32),
    /// Number of the last whole frame up to this one, which may be this one itself.
    pub(super) whole: u32,
}

impl Recording {
    /// Read a recording: a finished one, one that is still being written, or the undamaged beginning of one.
    ///
    /// # Errors
    /// If the file is not a recording, or has no complete reading.
    pub fn open(path: &Path) -> Result<Self, RecordingError> {
        let error = |fault| RecordingError { path: path.to_path_buf(), fault };
        let mut bytes = Vec::new();
        let file = open_plain(path).map_err(|source| error(source.into()))?;
        file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(|source| error(source.into()))?;
        Self::from_bytes(bytes).map_err(error)
    }

    /// Read a recording from bytes.
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

    /// Find every frame up to the first damaged one. Each is applied once here, so that a later read of it cannot fail.
    /// The search also ends at a frame that is further behind its whole reading than any recorder writes one: a seek to
    /// it would take too long.
    fn find_frames(&mut self) {
        let mut state = RecordingState::new(&self.board);
        let mut at = HEADER_BYTES;
        // The last whole reading: the number of its frame, the end of that frame, and the most bytes between that end
        // and a later frame.
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
            if too_far || state.apply(&mut RecordingByteReader(payload)).is_none() {
                return;
            }
            self.frames.push(Frame { at_ns: state.snapshot.taken_at_ns, payload: (from as u32, end as u32), whole });
            self.complete = what == LAST_CHANGES;
            at = end;
        }
    }

    /// When the board was made, on its monotonic clock, by which readings are timed.
    pub fn created_at_ns(&self) -> u64 {
        self.board.created_at_ns
    }

    /// When the board was made, in nanoseconds since 1970.
    pub fn created_unix_ns(&self) -> i64 {
        self.board.created_unix_ns
    }

    /// Id of the board: 32 hexadecimal digits.
    pub fn board_id(&self) -> &str {
        &self.board.id
    }

    /// When the first and the last reading were taken, on the board's monotonic clock.
    pub fn span_ns(&self) -> (u64, u64) {
        let at = |frame: Option<&Frame>| frame.map_or(self.board.created_at_ns, |frame| frame.at_ns);
        (at(self.frames.first()), at(self.frames.last()))
    }

    /// Time from the making of the board to the last reading, in nanoseconds.
    pub fn length_ns(&self) -> u64 {
        self.span_ns().1.saturating_sub(self.board.created_at_ns)
    }

    /// How many readings there are; at least one.
    pub fn readings(&self) -> usize {
        self.frames.len()
    }

    /// Whether the recorder wrote the run's last reading, and every frame is undamaged.
    pub fn complete(&self) -> bool {
        self.complete
    }

    pub(super) fn frames(&self) -> &[Frame] {
        &self.frames
    }

    pub(super) fn board(&self) -> &BoardView {
        &self.board
    }

    pub(super) fn payload(&self, frame: usize) -> RecordingByteReader<'_> {
        let (from, end) = self.frames[frame].payload;
        RecordingByteReader(&self.bytes[from as usize..end as usize])
    }
}

/// Find the frame that begins at `at`, if it is undamaged: its kind, and its payload without the byte for the kind.
fn frame_at(bytes: &[u8], at: usize) -> Option<(u8, &[u8])> {
    let head = bytes.get(at..)?.first_chunk::<FRAME_BYTES>()?;
    let word = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let payload = bytes[at + FRAME_BYTES..].get(..word(0) as usize)?;
    let (what, rest) = payload.split_first()?;
    let known = matches!(*what, WHOLE | CHANGES | LAST_CHANGES);
    (known && crc32fast::hash(payload) == word(4)).then_some((*what, rest))
}

/// Whether the file begins like a recording.
pub fn is_recording(path: &Path) -> bool {
    let mut magic = [0; MAGIC.len()];
    open_plain(path).and_then(|mut file| file.read_exact(&mut magic)).is_ok() && magic == *MAGIC
}

/// Refuse a pipe or a device: it could keep its reader waiting for ever.
fn open_plain(path: &Path) -> io::Result<File> {
    if !path.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a plain file"));
    }
    File::open(path)
}

/// Create the file of a recording, for this user only, locked for as long as it is open. Overwrites an earlier
/// recording or an empty file at this path, but no other file.
///
/// # Errors
/// The system's errors, and `AlreadyExists` if another kind of file has the name or another recorder has the file
/// locked.
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
        return Err(taken("a file that is not a recording has this name"));
    }
    let file = options.open(path)?;
    match file.try_lock() {
        Err(std::fs::TryLockError::WouldBlock) => return Err(taken("another recorder is writing to it")),
        // A file system without locks cannot keep other recorders away.
        Err(std::fs::TryLockError::Error(_)) | Ok(()) => {}
    }
    file.set_len(0)?;
    Ok(file)
}

#[cfg(test)]
mod tests;
