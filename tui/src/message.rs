//! The messages to the full-screen view, and the effects it asks for.

use std::sync::Arc;

use tui_input::InputRequest;
use vx_shm::Snapshot;
use vx_status::pace::SlotRate;
use vx_status::printed_locations::PrintedLocation;
use vx_status::slot::SlotId;
use vx_status::source::{
    LogPart, LogPlace, PlaybackCommand, PlaybackPosition, RequestFailure, Settled, SlotProcessUsage,
};

use crate::model::Tab;

/// An event. Its time is part of the data: the instant its snapshot was taken.
#[derive(Clone, Debug)]
pub(crate) enum UpdateMessage {
    /// A reading of the board, with the measured rate of each of its slots.
    Data {
        snapshot: Arc<Snapshot>,
        paces: Vec<SlotRate>,
    },
    /// These processes, whose work has ended, take no requests.
    Unreached(Vec<u32>),
    /// The usage of slots' processes was measured.
    Usage(Vec<(SlotId, SlotProcessUsage)>),
    /// A piece of a slot's log was read, at this place.
    Log {
        of: SlotId,
        place: LogPlace,
        part: LogPart,
        location: Option<String>,
    },
    /// A slot's log was searched up to a byte; `hits` are the byte offsets of the matching lines.
    Found {
        of: SlotId,
        text: String,
        hits: Vec<u64>,
        scanned: u64,
        /// The log was searched to its present end.
        whole: bool,
    },
    /// No work is left, and this is how it ended; `None` if some is tried again.
    Settled(Option<Settled>),
    /// A request for a stop or a retry was not carried out.
    RequestFailed(RequestFailure),
    /// Result of an effect, in words.
    Notice(String),
    /// Position in the recording.
    At(PlaybackPosition),
    /// A command for the playback of the recording.
    Playback(PlaybackCommand),
    /// The board can no longer be read.
    Trouble(String),
    /// The screen has a new size.
    Resized(u16, u16),
    Move(Motion),
    /// Give the focus to the pane.
    Open,
    /// One step back: out of the pane, out of a filter.
    Back,
    NextTab,
    /// Open this tab of the pane.
    Show(Tab),
    /// Begin the time axis with the board, or with the oldest row at work.
    WholeTime,
    /// Begin typing a filter or, in the log, a search.
    Find,
    FindNext,
    FindPrevious,
    Follow,
    /// Show the logs of all services in the table as one, or that of the selected row.
    AllLogs,
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
    /// Try the failed work of the selected slot again.
    Retry,
    /// Try all failed work again.
    RetryAll,
    /// Restart the selected slot's work, which runs until it is stopped.
    Restart,
    /// Build the selected slot's work again.
    Rebuild,
    /// Open a place that the selected slot's error names, or the one where its work is declared.
    OpenEditor,
    /// Open the selected slot's address in the browser.
    OpenAddress,
    /// Stop the selected slot's process; again: kill it.
    Cancel,
    /// Stop all; again: kill them.
    CancelAll,
    Help,
    /// Leave, after a question if there is still work.
    Leave,
    /// Leave the view; the work continues.
    Detach,
    /// Do not leave after all.
    Stay,
    /// Stop this process until it is continued.
    Suspend,
    Type(char),
    Paste(String),
    /// Edit the typed text, or move in it.
    Edit(InputRequest),
    Accept,
    Abandon,
}

/// A movement within the focused part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Motion {
    Up,
    Down,
    PageUp,
    PageDown,
    Top,
    Bottom,
}

/// The action to carry out outside of the view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    Playback(PlaybackCommand),
    Cancel(String),
    CancelAll,
    /// Try the work of these keys again.
    Retry(Vec<String>),
    /// Restart the work of this key.
    Restart(String),
    /// Build the work of this key again.
    Rebuild(String),
    /// Open the first of these places that exists, or else the one where the work of this key is declared.
    OpenEditor {
        key: String,
        places: Vec<PrintedLocation>,
    },
    /// Open this address in the browser.
    OpenAddress(String),
    /// Show the whole log of this key in a pager.
    Page(String),
    /// Save the whole log of this key.
    Save(String),
    /// Put this text on the clipboard.
    Copy(String),
    /// Plain lines from now on: of this key's log, or of the whole run.
    Stream(Option<String>),
    /// Return from plain lines to the view.
    EndStream,
    Leave,
    /// Leave for the list of boards.
    Boards,
    Detach,
    Suspend,
}

/// The result of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct UpdateOutcome {
    pub(crate) effect: Option<Effect>,
    /// Something visible changed.
    pub(crate) redraw: bool,
}
