//! Everything that can happen to the full-screen view, and everything it can ask for.

use std::sync::Arc;

use tui_input::InputRequest;
use vx_shm::Snapshot;

use crate::model::{Pace, SlotId};
use crate::source::{Answer, LogPart, LogPlace, Position, Turn};

/// Something that happened. The time is part of the data: the instant its snapshot was taken.
#[derive(Clone, Debug)]
pub(crate) enum Message {
    /// A reading of the board, with what was measured for each of its slots.
    Data {
        snapshot: Arc<Snapshot>,
        paces: Vec<Pace>,
    },
    /// A piece of a slot's log was read, at this place.
    Log {
        of: SlotId,
        place: LogPlace,
        part: LogPart,
        location: Option<String>,
    },
    /// A slot's log was searched up to a byte: where the lines begin that say the text.
    Found {
        of: SlotId,
        text: String,
        hits: Vec<u64>,
        scanned: u64,
        /// There is no more of the log yet.
        whole: bool,
    },
    /// What came of what was asked of the work.
    Answered(Answer),
    /// What came of an effect, in words.
    Told(String),
    /// Where the recording is that is shown.
    At(Position),
    /// Turn the time of the recording.
    Turn(Turn),
    /// The board can no longer be read.
    Trouble(String),
    /// The screen has a new size.
    Resized(u16, u16),
    Move(Motion),
    /// Give the keys to the pane.
    Open,
    /// One step back: out of the pane, out of a filter.
    Back,
    NextTab,
    ShowTimeline,
    /// Begin typing a filter or, in the log, a search.
    Find,
    FindNext,
    FindPrevious,
    Follow,
    ChangeSort,
    /// The left button was pressed on this column and row.
    Click(u16, u16),
    /// The wheel was turned by a notch over this column and row.
    Wheel {
        at: (u16, u16),
        up: bool,
    },
    /// Open the whole log in a pager.
    Pager,
    /// Copy the lines in view, or the error.
    Copy,
    /// Save the whole log.
    Save,
    /// Plain lines in place of the view, or back from them.
    Stream,
    /// Try the selected slot's work again.
    Retry,
    /// Stop the selected slot's process; again: kill it.
    Cancel,
    /// Stop all; again: kill them.
    CancelAll,
    Help,
    /// Leave, asking first where work goes on.
    Leave,
    /// Leave the view, let the work go on.
    Detach,
    /// Do not leave after all.
    Stay,
    /// Stop this process until it is continued.
    Suspend,
    Type(char),
    Paste(String),
    /// Change what is typed, or go elsewhere in it.
    Edit(InputRequest),
    Accept,
    Abandon,
}

/// Where to, within what has the focus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Motion {
    Up,
    Down,
    PageUp,
    PageDown,
    Top,
    Bottom,
}

/// What the view wants done outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    Turn(Turn),
    Cancel(String),
    CancelAll,
    Retry(String),
    /// Show the whole log of this key in a pager.
    Page(String),
    /// Save the whole log of this key.
    Save(String),
    /// Put this text on the clipboard.
    Copy(String),
    /// Plain lines from now on: of this key's log, or of the whole run.
    Stream(Option<String>),
    /// The view again.
    EndStream,
    Leave,
    Detach,
    Suspend,
}

/// What a message led to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) effect: Option<Effect>,
    /// Something visible changed.
    pub(crate) redraw: bool,
}
