//! The state of the full-screen view between two messages: plain values, which only `update` changes and `view` shows.
//!
//! The rows serve the inline view too.

mod areas;
mod axis;
mod columns;
mod lines;
mod log;
mod log_source;
mod pulse;
mod rows;
mod stalls;

use std::sync::Arc;

use vx_shm::{Kind, SlotView, Snapshot};
use vx_status::printed_locations::places;
use vx_status::slot::{SlotId, last_build};
use vx_status::source::{Expectations, LogPlace, PlaybackPosition, Settled, SlotProcessUsage, is_web_address};
use vx_status::standing::Standing;
use vx_status::totals::Totals;

use crate::bindings::KeyBindings;

pub(crate) use areas::{Areas, Wishes};
pub(crate) use axis::{Axis, AxisTimes};
pub(crate) use columns::{Columns, Kinds, Number, TableStage};
pub(crate) use lines::{FoldGroup, TableLine, Unfolded, lines};
pub(crate) use log::{Jump, LogView, MOST_HITS, PaintedLogLine, Search};
pub(crate) use log_source::LogSource;
pub(crate) use pulse::Pulse;
pub(crate) use rows::{SlotRow, Sort, announce, fill_in, longest, measured, rows, same_names};
pub(crate) use stalls::{Stall, Stalls, still_for_ns};

/// Number of log lines that the view keeps; each is at most 4 KiB long.
pub(crate) const LOG_LINES: usize = 2000;

/// Number of the log's last lines below an error.
const LINES_BELOW_ERROR: usize = 20;

/// The tabs of the detail pane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tab {
    #[default]
    Log,
    Error,
    Info,
}

impl Tab {
    pub(crate) const ALL: [Self; 3] = [Self::Log, Self::Error, Self::Info];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Log => "Log",
            Self::Error => "Error",
            Self::Info => "Info",
        }
    }

    pub(crate) fn next(self) -> Self {
        let at = Self::ALL.iter().position(|tab| *tab == self).unwrap_or_default();
        Self::ALL[(at + 1) % Self::ALL.len()]
    }
}

/// The part of the screen that the motion keys move.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Focus {
    #[default]
    Table,
    Pane,
}

/// The mode of the view, which decides what a key means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Moving around.
    #[default]
    Browsing,
    /// Typing the filter for the rows.
    Filtering,
    /// Typing a search text for the log.
    Searching,
    /// Answering the question how to leave while there is still work.
    Leaving,
    /// Reading the list of keys.
    Helping,
    /// Reading plain lines in place of the view.
    Streaming,
}

/// The whole state of the full-screen view.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Model {
    /// Columns and rows of the screen.
    pub(crate) size: (u16, u16),
    /// Key bindings in force.
    pub(crate) keys: Arc<KeyBindings>,
    /// Last reading of the board.
    pub(crate) snapshot: Arc<Snapshot>,
    /// One row per slot, in the board's order.
    pub(crate) rows: Vec<SlotRow>,
    /// Rows that match the filter, as indices into `rows`, sorted.
    pub(crate) order: Vec<usize>,
    /// Lines of the table: rows, and groups of rows that are folded.
    pub(crate) lines: Vec<TableLine>,
    /// Groups that the user has unfolded.
    pub(crate) unfolded: Unfolded,
    /// Selected line of folded rows, while no row is selected.
    pub(crate) on_fold: Option<FoldGroup>,
    /// The user has pressed a key, so that nothing is selected or opened by itself any more.
    pub(crate) touched: bool,
    /// Kinds of work on the board.
    pub(crate) kinds: Kinds,
    /// Widths of the longest name and version, measured when either changes.
    pub(crate) longest: (u16, u16),
    /// Places of the table's columns.
    pub(crate) columns: Columns,
    /// Time axis of all lanes, with the cell of the present moment.
    pub(crate) axis: Axis,
    /// The axis begins with the board, even while rows are folded.
    pub(crate) whole_axis: bool,
    /// The axis of the work in progress differs from that of the whole time.
    pub(crate) has_long_time: bool,
    /// Last rates of each slot at work.
    pub(crate) pulse: Pulse,
    /// Usage of slots' processes when last measured.
    pub(crate) usage: Vec<(SlotId, SlotProcessUsage)>,
    /// Stalls of each slot, past ones included.
    pub(crate) stalls: Stalls,
    /// Sums over all rows.
    pub(crate) totals: Totals,
    /// Slot that the pane describes. It stays selected when its row moves.
    pub(crate) selected: Option<SlotId>,
    /// First index into `lines` that is in view.
    pub(crate) top: usize,
    pub(crate) focus: Focus,
    /// The user has asked for the pane, which a low screen shows only then.
    pub(crate) pane_asked: bool,
    pub(crate) tab: Tab,
    pub(crate) mode: Mode,
    pub(crate) sort: Sort,
    /// Rows without this text are left out.
    pub(crate) filter: String,
    /// Text being typed, before it is accepted.
    pub(crate) typed: String,
    /// Cursor in `typed`: the character before which the next one is inserted.
    pub(crate) typed_at: usize,
    pub(crate) log: LogView,
    /// The Log tab has the logs of all services in the table as one.
    pub(crate) all_logs: bool,
    /// First line in view of the tabs that do not keep their own scroll position.
    pub(crate) pane_top: usize,
    /// First key in view of the list of keys.
    pub(crate) help_top: usize,
    /// This view controls the work, so that it can cancel and retry.
    pub(crate) has_control: bool,
    /// The work belongs to another process: leaving this view stops none of it, and no key stops all of it.
    pub(crate) is_guest: bool,
    /// Processes whose work has ended, and which take no requests.
    pub(crate) unreached: Vec<u32>,
    /// Addresses and places in files can be opened from here.
    pub(crate) can_open: bool,
    /// The view was opened from a list of boards.
    pub(crate) has_list: bool,
    /// End of the work, once none is left and the view stays for another try.
    pub(crate) settled: Option<Settled>,
    /// Slots that this view asked to stop.
    pub(crate) asked: Vec<SlotId>,
    /// Keys of slots that cannot stop yet, each with the reason.
    pub(crate) blocked: Vec<(String, String)>,
    /// Number of requests to stop everything.
    pub(crate) asked_all: u32,
    /// One line for the footer, gone with the next key.
    pub(crate) notice: Option<String>,
    /// Error of the last read, while the board cannot be read.
    pub(crate) trouble: Option<String>,
    /// Position in the recording; `None` for a board.
    pub(crate) playback: Option<PlaybackPosition>,
    /// Durations of earlier runs, for the estimate of the time left.
    pub(crate) expectations: Arc<Expectations>,
}

impl Model {
    /// The index of the selected line.
    pub(crate) fn selected_place(&self) -> Option<usize> {
        if let Some(group) = self.on_fold {
            return self.lines.iter().position(|line| line.group() == Some(group));
        }
        let selected = self.selected?;
        self.lines.iter().position(|line| line.row().is_some_and(|row| self.rows[row].id == selected))
    }

    /// The selected slot's row.
    pub(crate) fn selected_row(&self) -> Option<&SlotRow> {
        let selected = self.selected.filter(|_| self.on_fold.is_none())?;
        self.rows.iter().find(|row| row.id == selected)
    }

    /// Returns whether nothing on the board will change any more.
    pub(crate) fn is_over(&self) -> bool {
        self.totals.all > 0 && self.totals.over == self.totals.all
    }

    /// Returns whether the pane shows the sums of a run that ended well, as it does until a key is pressed.
    pub(crate) fn shows_sums(&self) -> bool {
        !self.touched && self.is_over() && self.totals.good == self.totals.all
    }

    /// Returns whether the work belongs to this view: leaving means detaching or stopping it.
    pub(crate) fn owns_work(&self) -> bool {
        self.has_control && !self.is_guest
    }

    /// The address to open for the selected slot, while the keys go to the table and the work may answer at the
    /// address.
    pub(crate) fn address(&self) -> Option<&str> {
        let slot = self.selected_slot().filter(|_| self.can_open && self.focus == Focus::Table)?;
        let address = slot.address.as_deref().filter(|_| !Standing::from_slot(slot).over())?;
        is_web_address(address).then_some(address)
    }

    /// Returns whether the selected slot's error, or the output below it, names a place in a file that could be opened.
    pub(crate) fn names_a_place(&self) -> bool {
        let slot = self.selected_slot().filter(|_| self.can_open);
        let of_error = slot.and_then(|slot| self.error_slot(slot).error.as_deref()).unwrap_or_default();
        let lines = of_error.lines().chain(self.log_below_error().iter().map(|line| line.text.as_str()));
        slot.is_some() && lines.into_iter().any(|line| places(line).next().is_some())
    }

    /// The slot whose error to show for this slot: the slot itself or, for a service that still runs an earlier build,
    /// its failed last build.
    pub(crate) fn error_slot<'s>(&'s self, slot: &'s SlotView) -> &'s SlotView {
        let build = if slot.kind == Kind::Service { last_build(&self.snapshot.slots, slot) } else { None };
        build.filter(|build| Standing::from_slot(build).bad() && !Standing::from_slot(slot).bad()).unwrap_or(slot)
    }

    /// The lines of the selected slot's log that the Error tab shows.
    pub(crate) fn log_below_error(&self) -> &[PaintedLogLine] {
        let lines = if self.has_log() { &self.log.lines[..] } else { &[] };
        &lines[lines.len().saturating_sub(LINES_BELOW_ERROR)..]
    }

    /// Returns whether one step back leads to the list of boards, since nothing in the view is left to go back from.
    pub(crate) fn leads_to_boards(&self) -> bool {
        let closes_pane = || {
            let without = Wishes { pane_asked: false, ..self.wishes() };
            self.areas().pane.is_some() && Areas::for_size(self.size, without).pane.is_none()
        };
        let inside = self.focus == Focus::Pane || !self.filter.is_empty() || self.unfolded.any();
        self.has_list && !inside && !closes_pane()
    }

    /// Returns whether no process takes requests for the selected slot, so that a guest can only watch it.
    pub(crate) fn is_read_only(&self) -> bool {
        self.selected_slot().is_some_and(|slot| !self.takes_requests(slot))
    }

    /// Returns whether some process takes requests for this slot.
    fn takes_requests(&self, slot: &SlotView) -> bool {
        let is_reached = |runner| !slot.state.ended() || !self.unreached.contains(&runner);
        !self.is_guest || slot.runner.is_some_and(is_reached)
    }

    /// Returns whether the selected slot is a build, or a service that is built.
    pub(crate) fn is_built(&self) -> bool {
        let is_build = |slot: &SlotView| slot.kind == Kind::Build;
        self.selected_slot().is_some_and(|selected| {
            let part = |slot: &SlotView| is_build(slot) && slot.parent == Some(selected.index);
            is_build(selected) || self.snapshot.slots.iter().any(part)
        })
    }

    /// The slots whose work failed and can be tried again from here.
    pub(crate) fn retriable(&self) -> impl Iterator<Item = &SlotView> {
        let failed = |slot: &SlotView| {
            let standing = Standing::from_slot(slot);
            standing.over() && !standing.good()
        };
        let slots = self.snapshot.slots.iter().filter(|_| self.has_control);
        slots.filter(move |slot| failed(slot) && self.takes_requests(slot))
    }

    /// The selected slot.
    pub(crate) fn selected_slot(&self) -> Option<&SlotView> {
        let selected = self.selected.filter(|_| self.on_fold.is_none())?;
        self.snapshot.slots.iter().find(|slot| SlotId::from_slot(slot) == selected)
    }

    /// Returns whether lines of the selected slot's log are in view.
    pub(crate) fn shows_log(&self) -> bool {
        self.tab == Tab::Log && self.areas().pane.is_some() && !self.log.lines.is_empty()
    }

    /// The rectangles of the parts of the screen.
    pub(crate) fn areas(&self) -> Areas {
        Areas::for_size(self.size, self.wishes())
    }

    fn wishes(&self) -> Wishes {
        Wishes {
            rows: self.order.len(),
            focus: self.focus,
            pane_asked: self.pane_asked,
            has_bytes: self.kinds.has(Kind::Install),
            shows_error: self.tab == Tab::Error && self.selected_row().is_some_and(SlotRow::has_error),
        }
    }

    /// The keys of the services in the table, if there are several whose logs can be shown as one.
    pub(crate) fn services(&self) -> Vec<String> {
        let services = self.order.iter().map(|row| &self.rows[*row]).filter(|row| row.is_service);
        let keys: Vec<String> = services.map(|row| row.tool.clone()).collect();
        if keys.len() > 1 { keys } else { Vec::new() }
    }

    /// The log that the pane shows, or would show.
    pub(crate) fn log_source(&self) -> Option<LogSource> {
        if self.all_logs && self.tab == Tab::Log {
            let services = self.services();
            if !services.is_empty() {
                return Some(LogSource::group(services));
            }
        }
        self.selected_slot().map(|slot| LogSource::one(SlotId::from_slot(slot), &slot.key))
    }

    /// Returns whether the log that was read last is the one that the pane shows.
    pub(crate) fn has_log(&self) -> bool {
        self.log.of.is_some() && self.log.of == self.log_source().map(|source| source.id)
    }

    /// The log that should be read now, the place to read from, and whether the view waits for the lines. A read
    /// is due while the tab is open and the log is followed, was never read, or is scrolled to the end of the lines
    /// read so far.
    pub(crate) fn wanted_log(&self) -> Option<(LogSource, LogPlace, bool)> {
        let areas = self.areas();
        let open = areas.pane.is_some() && matches!(self.tab, Tab::Log | Tab::Error);
        let source = self.log_source().filter(|_| open)?;
        if self.log.of != Some(source.id) {
            return Some((source, LogPlace::End, true));
        }
        let (place, waited_for) = self.log.next_read(areas.pane_rows())?;
        Some((source, place, waited_for))
    }

    /// The log that should be searched next, and the byte to search from.
    pub(crate) fn wanted_search(&self) -> Option<(LogSource, u64)> {
        let search = &self.log.search;
        let source = self.log_source().filter(|source| self.log.of == Some(source.id))?;
        let behind = !search.whole || search.scanned < self.log.to;
        (!search.text.is_empty() && search.hits.len() < MOST_HITS && behind).then_some((source, search.scanned))
    }
}
