//! Control over the playback of a recording.

/// The playback of a recording. A live board has none: its time is the same for every reader.
pub trait PlaybackControl {
    /// Carry out a command.
    fn control(&mut self, command: PlaybackCommand);

    /// The present position.
    fn position(&self) -> PlaybackPosition;
}

/// A command for the playback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaybackCommand {
    /// Pause, or continue; at the end, play again from the beginning.
    Pause,
    /// Go to the next recorded reading, and pause there.
    StepForward,
    /// Go to the reading before, and pause there.
    StepBack,
    /// Move by this many milliseconds, backwards if negative; no further than the ends.
    By(i64),
    /// Go to the first reading.
    Start,
    /// Go to the last reading.
    End,
    /// Double the speed, up to a bound.
    Faster,
    /// Halve the speed, down to a bound.
    Slower,
}

/// The position of the playback.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlaybackPosition {
    /// Time since the board was made, in milliseconds.
    pub at_ms: u64,
    /// Time of the last reading, on the same scale.
    pub length_ms: u64,
    /// Speed, in percent of the recorded one.
    pub speed_percent: u32,
    /// The user has paused the playback.
    pub paused: bool,
    /// The recording ends here without an end of the work: its recorder was killed.
    pub cut_off: bool,
}
