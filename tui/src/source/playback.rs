//! A hand on the time of a recording.

/// What a recording that is being shown can be asked for. A board has no such thing: its time is everybody's.
pub trait Playback {
    /// Turn the time.
    fn turn(&mut self, turn: Turn);

    /// Where it is.
    fn position(&self) -> Position;
}

/// What to do with the time of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Stand still, or go on; at the end: from the beginning.
    Pause,
    /// To the next reading that was recorded, and stand still there.
    StepForward,
    /// To the one before, and stand still there.
    StepBack,
    /// By so many milliseconds, backwards where negative; no further than the ends.
    By(i64),
    /// To the first reading.
    Start,
    /// To the last reading.
    End,
    /// Twice as fast, up to a bound.
    Faster,
    /// Half as fast, down to a bound.
    Slower,
}

/// Where a recording is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// How long after the board was made, in milliseconds.
    pub at_ms: u64,
    /// When its last reading was taken, in the same way.
    pub length_ms: u64,
    /// How fast it goes, in percent of the speed it happened at.
    pub speed_percent: u32,
    /// Whether it stands still because somebody asked it to.
    pub paused: bool,
    /// Whether this is the end of it, and nothing is known of what came then: its recorder was killed.
    pub cut_off: bool,
}
