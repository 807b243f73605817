//! The loops of the outputs that are lines: inline on a terminal, plain, and JSON.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};
use ratatui::crossterm::terminal;
use vx_shm::Snapshot;

use super::{Estimator, Inputs, OutputOptions, PlainForm, PlainOptions};
use crate::history::History;
use crate::inline::{finished_line, live_rows, redraw};
use crate::json::JsonLines;
use crate::model::{Changes, Pace, Totals};
use crate::plain::{Plain, annotations, group, guarded_lines, step_summary};
use crate::source::{Expectations, Snapshots};
use crate::table;
use crate::terminal::{Arrived, Signals, SignsGuard, Stream, clear_signs, restore_on_panic, stderr_columns};
use crate::theme::{Look, Theme};

const POLL: Duration = Duration::from_millis(40);
/// Interval between two drawings of the live rows.
const BETWEEN_FRAMES: Duration = Duration::from_millis(100);
/// A new size is drawn for once it has stayed this long.
const SETTLED: Duration = Duration::from_millis(150);

const BETWEEN_SUMS_MS: u64 = 3_000;
const BETWEEN_SUMS_ALOUD_MS: u64 = 30_000;

/// One reading with its circumstances.
struct Reading<'a> {
    snapshot: &'a Snapshot,
    /// The time since the loop began.
    now: Duration,
    /// The work is over; there is no further reading.
    last: bool,
}

/// Read the board until `finished` fires or closes, then once more. A board that can no longer be read does not end the
/// work: its last good reading stands, and the error is returned at the end.
fn watch(
    snapshots: &mut dyn Snapshots,
    finished: &Receiver<()>,
    latest: &mut Snapshot,
    mut step: impl FnMut(&Reading) -> io::Result<()>,
) -> io::Result<()> {
    let began = Instant::now();
    let mut trouble = None;
    let mut wait = Duration::ZERO;
    loop {
        let last = !matches!(finished.recv_timeout(wait), Err(RecvTimeoutError::Timeout));
        wait = POLL;
        if let Err(error) = snapshots.refresh(latest) {
            trouble.get_or_insert(error);
        }
        step(&Reading { snapshot: latest, now: began.elapsed(), last })?;
        if last {
            return trouble.map_or(Ok(()), Err);
        }
    }
}

/// Show progress below the prompt of a terminal until the work is over, then the final table.
///
/// The output goes to standard error, which must be a terminal. Signals stay with the caller. Between two drawings the
/// terminal keeps no changed mode; the signs outside the screen's cells are removed at the end, by a panic of any
/// thread, and while the process is stopped.
///
/// # Errors
///
/// If standard error cannot be written, or the board could no longer be read.
pub fn inline(inputs: &mut Inputs, options: &OutputOptions, finished: Receiver<()>) -> io::Result<()> {
    let mut view = Inline::new(options.look, inputs.snapshots.expectations());
    restore_on_panic();
    let mut signs_guard = SignsGuard::new(options.signs, Stream::Stderr);
    let mut latest = Snapshot::default();
    let mut stops = Signals::listen_to_stops()?;
    let watched = watch(inputs.snapshots.as_mut(), &finished, &mut latest, |reading| {
        if stops.arrived().contains(&Arrived::Stop) {
            clear_signs();
            stops.pause(false);
            signs_guard.again();
            view.again();
        }
        let size = terminal::size().unwrap_or((80, 24));
        let bytes = view.step(reading, size);
        write_out(&bytes)?;
        if bytes.is_empty() || reading.last {
            return Ok(());
        }
        signs_guard.show(&reading.snapshot.board.title, &Totals::with(reading.snapshot, &[], None))
    });
    drop((signs_guard, stops));
    let table = table::render(&latest, inputs.logs.as_mut(), options.look, stderr_columns());
    write_out(&table)?;
    watched
}

/// The inline view's state between two readings.
struct Inline {
    theme: Theme,
    expectations: Expectations,
    changes: Changes,
    history: History,
    size: (u16, u16),
    resized_at: Option<Duration>,
    drawn_at: Option<Duration>,
    shown: Vec<String>,
    paces: Vec<Pace>,
}

impl Inline {
    fn new(look: Look, expectations: Expectations) -> Self {
        Self {
            theme: Theme::new(look),
            expectations,
            changes: Changes::default(),
            history: History::default(),
            size: (0, 0),
            resized_at: None,
            drawn_at: None,
            shown: Vec::new(),
            paces: Vec::new(),
        }
    }

    /// Draw everything anew below the cursor: another process has written to the terminal.
    fn again(&mut self) {
        self.shown.clear();
    }

    /// The bytes to write for a reading, on a screen of this size.
    fn step(&mut self, reading: &Reading, size: (u16, u16)) -> String {
        if size != self.size {
            let first = self.size == (0, 0);
            self.size = size;
            self.resized_at = (!first).then_some(reading.now);
            self.shown.clear();
        }
        let settling = self.resized_at.is_some_and(|at| reading.now.saturating_sub(at) < SETTLED);
        let early = self.drawn_at.is_some_and(|at| reading.now.saturating_sub(at) < BETWEEN_FRAMES);
        if (settling || early) && !reading.last {
            return String::new();
        }
        self.paces = self.history.note(reading.snapshot);
        let ends = self.changes.new_ends(reading.snapshot);
        let now_ns = reading.snapshot.taken_at_ns;
        let finished: Vec<String> = ends.iter().map(|slot| finished_line(&self.theme, slot, now_ns, size.0)).collect();
        let live = match reading.last {
            true => Vec::new(),
            false => live_rows(&self.theme, reading.snapshot, &self.paces, &self.expectations, size),
        };
        if finished.is_empty() && live == self.shown && self.resized_at.is_none() {
            return String::new();
        }
        self.resized_at = None;
        self.drawn_at = Some(reading.now);
        let bytes = redraw(&finished, &live);
        self.shown = live;
        bytes
    }
}

fn write_out(text: &str) -> io::Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    let mut stderr = io::stderr().lock();
    stderr.write_all(text.as_bytes())?;
    stderr.flush()
}

/// Fresh plain lines with their interval between sums: longer if they are read aloud.
fn lines_for(form: &PlainForm) -> Plain {
    match form {
        PlainForm::Lines => Plain::new(BETWEEN_SUMS_MS, false),
        PlainForm::GithubActions { .. } => Plain::new(BETWEEN_SUMS_MS, true),
        PlainForm::Accessible => Plain::new(BETWEEN_SUMS_ALOUD_MS, false),
    }
}

/// Write plain lines until the work is over, then the final table.
///
/// # Errors
///
/// If `out` or the step's summary cannot be written, or the board could no longer be read.
pub fn plain(
    inputs: &mut Inputs,
    options: &PlainOptions,
    out: &mut dyn Write,
    finished: Receiver<()>,
) -> io::Result<()> {
    let for_actions = matches!(options.form, PlainForm::GithubActions { .. });
    let aloud = matches!(options.form, PlainForm::Accessible);
    let mut lines = lines_for(&options.form);
    let mut estimator = Estimator::new(inputs.snapshots.expectations());
    let mut latest = Snapshot::default();
    let mut grouped = false;
    let watched = watch(inputs.snapshots.as_mut(), &finished, &mut latest, |reading| {
        if for_actions && !std::mem::replace(&mut grouped, true) {
            writeln!(out, "{}", group(&reading.snapshot.board.title).0)?;
        }
        let (paces, left) = estimator.note(reading.snapshot);
        let now_ms = u64::try_from(reading.now.as_millis()).unwrap_or(u64::MAX);
        lines.step(reading.snapshot, &paces, left, now_ms, out)
    });
    let look = Look { words_only: options.look.words_only || aloud, ..options.look };
    let table = table::render(&latest, inputs.logs.as_mut(), look, options.columns);
    if let PlainForm::GithubActions { step_summary: page } = &options.form {
        writeln!(out, "{}", group("").1)?;
        for annotation in annotations(&latest, inputs.logs.as_mut()) {
            writeln!(out, "{annotation}")?;
        }
        out.write_all(guarded_lines(&table).as_bytes())?;
        if let Some(page) = page {
            let mut page = OpenOptions::new().create(true).append(true).open(page)?;
            let before_bytes = page.metadata()?.len();
            page.write_all(step_summary(&latest, inputs.logs.as_mut(), before_bytes).as_bytes())?;
        }
    } else {
        out.write_all(table.as_bytes())?;
    }
    out.flush()?;
    watched
}

/// Write events as JSON lines until the work is over, then the summary.
///
/// # Errors
///
/// If `out` cannot be written, or the board could no longer be read.
pub fn json(inputs: &mut Inputs, out: &mut dyn Write, finished: Receiver<()>) -> io::Result<()> {
    let mut events = JsonLines::default();
    let mut latest = Snapshot::default();
    let mut estimator = Estimator::new(inputs.snapshots.expectations());
    let watched = watch(inputs.snapshots.as_mut(), &finished, &mut latest, |reading| {
        let (paces, left) = estimator.note(reading.snapshot);
        events.step(reading.snapshot, &paces, left, out)
    });
    events.summary(&latest, inputs.logs.as_ref(), out)?;
    watched
}

#[cfg(test)]
mod tests;
