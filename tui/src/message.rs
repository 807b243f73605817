//! Everything that can happen to the full-screen view, and everything it can ask for.

use std::sync::Arc;

use vx_shm::Snapshot;

use crate::model::{Pace, SlotId};

/// Something that happened. The time is part of the data: the instant its snapshot was taken.
#[derive(Clone, Debug)]
pub(crate) enum Message {
    /// A reading of the board, with what was measured for each of its slots.
    Data {
        snapshot: Arc<Snapshot>,
        paces: Vec<Pace>,
    },
    /// A slot's log was read: raw lines, oldest first.
    Log {
        of: SlotId,
        lines: Vec<String>,
        location: Option<String>,
    },
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
    Erase,
    EraseAll,
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
    Cancel(String),
    CancelAll,
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
