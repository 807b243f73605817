//! A place in a recording, and what the board looked like there.

use super::change::State;
use super::recording_file::Recording;
use crate::view::Snapshot;

/// A recording, and the reading that it is at.
#[derive(Debug)]
pub struct Playback {
    recording: Recording,
    state: State,
    /// The frame that `state` shows.
    frame: usize,
}

impl Playback {
    pub(super) fn new(recording: Recording) -> Self {
        let mut playback = Self { state: State::of(recording.board()), recording, frame: 0 };
        playback.show_frame(0, true);
        playback
    }

    /// The recording itself.
    pub fn recording(&self) -> &Recording {
        &self.recording
    }

    /// Which reading it is at, from 0.
    pub fn place(&self) -> usize {
        self.frame
    }

    /// The reading it is at, as it was taken; how long something has been quiet counts up to then.
    pub fn last(&self) -> &Snapshot {
        &self.state.snapshot
    }

    /// When the reading at this place was taken, on the board's monotonic clock; of the last where there are not so many.
    pub fn time_of(&self, place: usize) -> u64 {
        let frames = self.recording.frames();
        frames[place.min(frames.len() - 1)].at_ns
    }

    /// Go to the newest reading that was taken at this moment of the board's monotonic clock or before; to the first where
    /// there is none. Returns whether that is another one.
    pub fn seek(&mut self, at_ns: u64) -> bool {
        let until = self.recording.frames().partition_point(|frame| frame.at_ns <= at_ns);
        self.go_to(until.saturating_sub(1))
    }

    /// Go to the reading at this place, or to the last. Returns whether that is another one.
    pub fn go_to(&mut self, place: usize) -> bool {
        let place = place.min(self.recording.frames().len() - 1);
        if place == self.frame {
            return false;
        }
        // What lies between is read over, but from no further back than the last whole reading.
        let from = self.recording.frames()[place].whole as usize;
        match place > self.frame && from <= self.frame {
            true => (self.frame + 1..=place).for_each(|frame| self.show_frame(frame, false)),
            false => (from..=place).for_each(|frame| self.show_frame(frame, frame == from)),
        }
        true
    }

    /// Go to the next reading, if there is one. Returns it, and the places in its slots that it tells something of: all
    /// others are as they were before.
    pub fn step(&mut self) -> Option<(&Snapshot, &[u32])> {
        let next = self.frame + 1;
        if next == self.recording.frames().len() {
            return None;
        }
        self.show_frame(next, false);
        Some((&self.state.snapshot, self.state.told()))
    }

    /// The board as it was at this moment: the reading it is at, with lengths of time counted up to the moment.
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
