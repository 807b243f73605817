//! Writing a recording: the changes since the last reading, no more often than the room in the file allows.

use std::io::{self, Write};

use super::bytes::RecordingByteReader;
use super::change::RecordingState;
use super::header;
use super::{LOOK_EVERY_NS, MOST_BYTES, most_between, whole_every};
use crate::view::{BoardView, Snapshot};

pub(super) const WHOLE: u8 = 1;
pub(super) const CHANGES: u8 = 2;
pub(super) const LAST_CHANGES: u8 = 3;
/// Length and checksum before each frame's payload.
pub(super) const FRAME_BYTES: usize = 8;

/// The room in the file is divided into this many parts. With each full part, numbers are written half as often; in the
/// last part they are not written at all.
const PARTS: u64 = 12;
/// A change of state may be written this many times as often as a change of a number.
const WEIGHTY_RATIO: u64 = 16;
/// This fraction of the room, one part in 24, is kept for the last reading.
const FOR_THE_END: u64 = 24;

/// Writes a recording of one board.
#[derive(Debug)]
pub struct Recorder<W: Write> {
    sink: W,
    /// The board as the header describes it.
    board: BoardView,
    state: RecordingState,
    most_bytes: u64,
    written_bytes: u64,
    since_whole_bytes: u64,
    whole_bytes: u64,
    /// Whether a whole reading that was due did not fit. No later one will: the room never grows.
    no_room_for_whole: bool,
}

impl<W: Write> Recorder<W> {
    /// Begin a recording with this reading. It never takes more than `most_bytes`, nor more than [`MOST_BYTES`].
    ///
    /// Each frame is one call of `write_all`: give it an unbuffered file, so that no frame is held back from a process
    /// that reads the file meanwhile, or afterwards if this process is killed.
    ///
    /// # Errors
    /// The errors of the sink.
    pub fn new(mut sink: W, most_bytes: u64, first: &Snapshot) -> io::Result<Self> {
        let bytes = header::encode(&first.board);
        sink.write_all(&bytes)?;
        let board = header::decode(&bytes).unwrap_or_default();
        let mut recorder = Self {
            sink,
            state: RecordingState::new(&board),
            board,
            most_bytes: most_bytes.min(MOST_BYTES),
            written_bytes: bytes.len() as u64,
            since_whole_bytes: 0,
            whole_bytes: 0,
            no_room_for_whole: false,
        };
        recorder.put_whole(first, recorder.most_bytes)?;
        Ok(recorder)
    }

    /// Add a reading of the same board: its changes are written if they are due. Returns whether anything was written.
    ///
    /// # Errors
    /// The errors of the sink.
    pub fn add_reading(&mut self, now: &Snapshot) -> io::Result<bool> {
        let since_ns = now.taken_at_ns.saturating_sub(self.state.snapshot.taken_at_ns);
        let pace = RecordingIntervals::for_written(self.written_bytes, self.most_bytes);
        if since_ns < pace.weighty_ns {
            return Ok(false);
        }
        let until = self.most_bytes - kept_for_the_end(self.most_bytes);
        if !self.state.is_prefix_of(now) {
            return self.put_whole(now, until);
        }
        let change = self.state.change_to(now);
        if !change.any || (since_ns < pace.numbers_ns && !change.weighty) {
            return Ok(false);
        }
        let since_whole_bytes = self.since_whole_bytes + frame_bytes(&change.payload);
        if since_whole_bytes > whole_every(self.whole_bytes) && !self.no_room_for_whole {
            if self.put_whole(now, until)? {
                return Ok(true);
            }
            self.no_room_for_whole = true;
        }
        // A reader would refuse a change this far behind its whole reading.
        if since_whole_bytes > most_between(self.whole_bytes) {
            return Ok(false);
        }
        self.put(CHANGES, &change.payload, until)
    }

    /// Write the last reading, marked as the last.
    ///
    /// # Errors
    /// The errors of the sink.
    pub fn end(mut self, last: &Snapshot) -> io::Result<W> {
        // Only a frame of changes can be marked as the last, so one without changes follows a whole reading.
        if self.state.is_prefix_of(last) || self.put_whole(last, self.most_bytes)? {
            let change = self.state.change_to(last);
            self.put(LAST_CHANGES, &change.payload, self.most_bytes)?;
        }
        self.sink.flush()?;
        Ok(self.sink)
    }

    /// Length of the recording so far.
    pub fn written_bytes(&self) -> u64 {
        self.written_bytes
    }

    fn put_whole(&mut self, now: &Snapshot, until: u64) -> io::Result<bool> {
        let mut blank = RecordingState::new(&self.board);
        let change = blank.change_to(now);
        std::mem::swap(&mut self.state, &mut blank);
        let written = self.put(WHOLE, &change.payload, until);
        if !matches!(written, Ok(true)) {
            self.state = blank;
        }
        written
    }

    /// Write a frame, unless it would make the file longer than `until`. Returns whether it was written.
    fn put(&mut self, what: u8, change: &[u8], until: u64) -> io::Result<bool> {
        let length = change.len() + 1;
        let taken = frame_bytes(change);
        if self.written_bytes + taken > until {
            return Ok(false);
        }
        let mut frame = Vec::with_capacity(FRAME_BYTES + length);
        frame.extend_from_slice(&(length as u32).to_le_bytes());
        frame.extend_from_slice(&[0; 4]);
        frame.push(what);
        frame.extend_from_slice(change);
        let sum = crc32fast::hash(&frame[FRAME_BYTES..]);
        frame[4..FRAME_BYTES].copy_from_slice(&sum.to_le_bytes());
        self.sink.write_all(&frame)?;
        // The state is what a reader will decode: long texts may have been cut on the way.
        let read = self.state.apply(&mut RecordingByteReader(change));
        debug_assert!(read.is_some(), "a reader refuses what was written");
        self.written_bytes += taken;
        self.since_whole_bytes = if what == WHOLE { 0 } else { self.since_whole_bytes + taken };
        if what == WHOLE {
            self.whole_bytes = taken;
        }
        Ok(true)
    }
}

/// Size of a frame with these changes.
fn frame_bytes(change: &[u8]) -> u64 {
    (FRAME_BYTES + 1 + change.len()) as u64
}

fn kept_for_the_end(most_bytes: u64) -> u64 {
    most_bytes / FOR_THE_END
}

/// Shortest times between two written readings, in nanoseconds.
struct RecordingIntervals {
    /// Before a reading in which only numbers have changed.
    numbers_ns: u64,
    /// Before a reading in which something has begun or ended.
    weighty_ns: u64,
}

impl RecordingIntervals {
    /// Choose the intervals at this filling: the fuller the file, the longer. A board of 64 slots that all change all
    /// the time fills a mebibyte in six hours.
    fn for_written(written_bytes: u64, most_bytes: u64) -> Self {
        let part = (written_bytes * PARTS).checked_div(most_bytes).unwrap_or(PARTS).min(PARTS);
        let slowed_ns = LOOK_EVERY_NS << part;
        let full = written_bytes >= most_bytes - kept_for_the_end(most_bytes);
        Self {
            numbers_ns: if part < PARTS - 1 { slowed_ns } else { u64::MAX },
            weighty_ns: if full { u64::MAX } else { (slowed_ns / WEIGHTY_RATIO).max(LOOK_EVERY_NS / 2) },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Recording;
    use super::*;
    use crate::progress::{BoardState, SlotState, Step};
    use crate::view::{SlotView, Transition};

    const SECOND: u64 = 1_000_000_000;

    fn board(slots: u32) -> Snapshot {
        let slot = |index| SlotView {
            index,
            generation: 1,
            key: format!("tool-{index}"),
            version: "1.0.0".into(),
            state: SlotState::Live,
            step: Step::new(3),
            total: Some(1 << 40),
            transitions: vec![Transition { step: Step::new(3), entered_at_ns: SECOND, done: 0 }],
            ..SlotView::default()
        };
        let board = BoardView { created_at_ns: SECOND, capacity: slots, ..BoardView::default() };
        Snapshot { board, slots: (0..slots).map(slot).collect(), taken_at_ns: SECOND }
    }

    fn later(snapshot: &mut Snapshot, by_ns: u64) {
        snapshot.taken_at_ns += by_ns;
        for slot in &mut snapshot.slots {
            slot.done += 40_000 + u64::from(slot.index);
            slot.transitions[0].done = slot.done;
        }
    }

    #[test]
    fn an_hour_of_64_slots_that_all_move_stays_within_a_mebibyte_and_keeps_its_states_and_its_end() {
        let mut now = board(64);
        let mut recorder = Recorder::new(Vec::new(), 1 << 20, &now).unwrap();
        for look in 1..=3600 * 20 {
            later(&mut now, LOOK_EVERY_NS);
            if look == 3599 * 20 {
                now.slots[5].state = SlotState::Failed;
                now.slots[5].error = Some("the digest differs".into());
            }
            recorder.add_reading(&now).unwrap();
        }
        now.board.state = BoardState::Failed;
        now.taken_at_ns += SECOND;
        let bytes = recorder.end(&now).unwrap();
        assert!(bytes.len() <= 1 << 20, "{} bytes", bytes.len());
        let mut playback = Recording::from_bytes(bytes).unwrap().playback();
        assert!(playback.recording().complete());
        playback.seek(u64::MAX);
        assert_eq!(playback.last().slots, now.slots);
        assert_eq!(playback.last().board.state, BoardState::Failed);
        playback.seek(SECOND + 3599 * SECOND - 1);
        assert_eq!(playback.last().slots[5].state, SlotState::Live);
        let seen_at_ns = playback.last().taken_at_ns;
        playback.seek(SECOND + 3599 * SECOND + SECOND / 2);
        assert_eq!(playback.last().slots[5].state, SlotState::Failed, "a failure is written at once, at {seen_at_ns}");
    }

    #[test]
    fn the_first_ten_seconds_are_there_in_full() {
        let mut now = board(64);
        let mut recorder = Recorder::new(Vec::new(), 1 << 20, &now).unwrap();
        let noted = (0..10 * 20).filter(|_| {
            later(&mut now, LOOK_EVERY_NS);
            recorder.add_reading(&now).unwrap()
        });
        assert_eq!(noted.count(), 200);
    }

    #[test]
    fn changes_go_on_where_a_whole_reading_finds_no_room() {
        let mut now = board(600);
        let whole_bytes = Recorder::new(Vec::new(), MOST_BYTES, &now).unwrap().written_bytes();
        // Numbers are still written when the next whole reading is due, and the rest of the room is too small for it.
        let due_at = whole_bytes + whole_every(whole_bytes);
        let room = due_at * PARTS / (PARTS - 1) + 8_000;
        let mut recorder = Recorder::new(Vec::new(), room, &now).unwrap();
        while recorder.written_bytes() < room * (PARTS - 1) / PARTS {
            later(&mut now, 3_600 * SECOND);
            assert!(recorder.add_reading(&now).unwrap(), "nothing is written behind {}", recorder.written_bytes());
        }
        assert!(recorder.no_room_for_whole && recorder.written_bytes() > due_at);
        later(&mut now, 3_600 * SECOND);
        now.slots[5].state = SlotState::Failed;
        assert!(recorder.add_reading(&now).unwrap(), "a failure is written as long as there is room");
        let recording = Recording::from_bytes(recorder.end(&now).unwrap()).unwrap();
        assert!(recording.complete());
        let mut playback = recording.playback();
        playback.seek(u64::MAX);
        assert_eq!(playback.last().slots, now.slots);
    }

    #[test]
    fn a_run_whose_last_reading_has_a_slot_between_those_known_is_complete() {
        let mut now = board(4);
        let between = now.slots.remove(1);
        let recorder = Recorder::new(Vec::new(), 1 << 20, &now).unwrap();
        now.slots.insert(1, between);
        now.taken_at_ns += SECOND;
        let recording = Recording::from_bytes(recorder.end(&now).unwrap()).unwrap();
        assert!(recording.complete());
        let mut playback = recording.playback();
        playback.seek(u64::MAX);
        assert_eq!(playback.last().slots, now.slots);
    }

    #[test]
    fn what_does_not_change_takes_no_room() {
        let mut now = board(64);
        let mut recorder = Recorder::new(Vec::new(), 1 << 20, &now).unwrap();
        let before = recorder.written_bytes();
        for _ in 0..1_000 {
            now.taken_at_ns += LOOK_EVERY_NS;
            assert!(!recorder.add_reading(&now).unwrap());
        }
        assert_eq!(recorder.written_bytes(), before);
    }

    #[test]
    fn no_room_is_exceeded_however_small_it_is() {
        for room in [64, 100, 1_000, 20_000] {
            let mut now = board(64);
            let mut recorder = Recorder::new(Vec::new(), room, &now).unwrap();
            for _ in 0..2_000 {
                later(&mut now, LOOK_EVERY_NS);
                recorder.add_reading(&now).unwrap();
            }
            let bytes = recorder.end(&now).unwrap();
            assert!(bytes.len() as u64 <= room, "{} of {room}", bytes.len());
            // A file too small for a single reading cannot be read; any other is whole.
            assert_eq!(Recording::from_bytes(bytes).is_ok(), room > 1_000);
        }
    }
}
