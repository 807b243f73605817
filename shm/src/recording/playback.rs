//! A place in a recording, and the board as it was at that time.

use super::change::RecordingState;
use super::recording_file::Recording;
use crate::view::Snapshot;

/// A recording, and a place in it: the present reading.
#[derive(Debug)]
pub struct Playback {
    recording: Recording,
    state: RecordingState,
    /// Which frame `state` shows.
    frame: usize,
}

impl Recording {
    /// A playback at the first reading.
    pub fn playback(self) -> Playback {
        let mut playback = Playback { state: RecordingState::new(self.board()), recording: self, frame: 0 };
        playback.show_frame(0, true);
        playback
    }
}

impl Playback {
    /// The recording itself.
    pub fn recording(&self) -> &Recording {
        &self.recording
    }

    /// Number of the present reading, from 0.
    pub fn place(&self) -> usize {
        self.frame
    }

    /// The present reading as it was taken; the durations in it count up to that time.
    pub fn last(&self) -> &Snapshot {
        &self.state.snapshot
    }

    /// When the reading with this number was taken, or the last reading if there are fewer, on the board's monotonic
    /// clock.
    pub fn time_of(&self, place: usize) -> u64 {
        let frames = self.recording.frames();
        frames[place.min(frames.len() - 1)].at_ns
    }

    /// Go to the newest reading taken at this moment of the board's monotonic clock or before; to the first reading if
    /// there is none. Returns whether the present reading has changed.
    pub fn seek(&mut self, at_ns: u64) -> bool {
        let until = self.recording.frames().partition_point(|frame| frame.at_ns <= at_ns);
        self.go_to(until.saturating_sub(1))
    }

    /// Go to the reading with this number, or to the last one. Returns whether the present reading has changed.
    pub fn go_to(&mut self, place: usize) -> bool {
        let place = place.min(self.recording.frames().len() - 1);
        if place == self.frame {
            return false;
        }
        // Apply the frames up to the place in turn, starting no further back than the last whole reading.
        let from = self.recording.frames()[place].whole as usize;
        match place > self.frame && from <= self.frame {
            true => (self.frame + 1..=place).for_each(|frame| self.show_frame(frame, false)),
            false => (from..=place).for_each(|frame| self.show_frame(frame, frame == from)),
        }
        true
    }

    /// Go to the next reading, if there is one. Returns it with the indices of those of its slots that may have
    /// changed; all others are the same as in the reading before.
    pub fn step(&mut self) -> Option<(&Snapshot, &[u32])> {
        let next = self.frame + 1;
        if next == self.recording.frames().len() {
            return None;
        }
        self.show_frame(next, false);
        Some((&self.state.snapshot, self.state.changed_slots()))
    }

    /// Show the board as it was at this moment: the present reading, with durations counted up to the moment.
    pub fn show_at(&self, at_ns: u64, into: &mut Snapshot) {
        self.state.show_at(at_ns, into);
    }

    fn show_frame(&mut self, frame: usize, anew: bool) {
        if anew || self.recording.frames()[frame].whole as usize == frame {
            self.state.start_over(self.recording.board(), 0);
        }
        let read = self.state.apply(&mut self.recording.payload(frame));
        debug_assert!(read.is_some(), "a frame that was checked does not read");
        self.frame = frame;
    }
}
