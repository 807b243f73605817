//! The loop of the inline view: progress below the prompt of a terminal.

use std::io::{self, Write};
use std::time::Duration;

use crossbeam_channel::Receiver;
use ratatui::crossterm::terminal;
use vx_shm::{Kind, SlotView, Snapshot};
use vx_status::appearance::OutputStyle;
use vx_status::changes::ReportedChanges;
use vx_status::final_table;
use vx_status::lines::{TimedSnapshot, watch};
use vx_status::pace::SlotRate;
use vx_status::rates::Rates;
use vx_status::source::{Expectations, Inputs, PrintedLine};
use vx_status::totals::Totals;
use vx_text::width;

use super::OutputOptions;
use crate::inline::{finished_line, live_rows, print_above, printed_line, redraw};
use crate::terminal::{Arrived, Signals, SignsGuard, TerminalStream, clear_signs, restore_on_panic, stderr_columns};
use crate::theme::Theme;

/// Interval between two drawings of the live rows.
const BETWEEN_FRAMES: Duration = Duration::from_millis(100);
/// A new size is used once it has been stable for this long.
const SETTLED: Duration = Duration::from_millis(150);
/// Most columns of a name in front of what its work has printed.
const NAME_COLUMNS: usize = 20;

/// Show progress below the prompt of a terminal until the work is over, then the final table.
///
/// The output goes to standard error, which must be a terminal. Signals stay with the caller. No terminal mode stays
/// changed between two drawings. The signs outside the screen's cells are removed at the end, on a panic of any thread,
/// and while the process is stopped.
///
/// # Errors
///
/// If standard error cannot be written, or the board could no longer be read.
pub fn inline(inputs: &mut Inputs, options: &OutputOptions, finished: Receiver<()>) -> io::Result<()> {
    let mut view = Inline::new(options.look, inputs.snapshots.expectations());
    restore_on_panic();
    let mut signs_guard = SignsGuard::new(options.signs, TerminalStream::Stderr);
    let mut latest = Snapshot::default();
    let mut stops = Signals::listen_to_stops()?;
    let watched = watch(inputs.snapshots.as_mut(), &finished, &mut latest, |reading| {
        if stops.arrived().contains(&Arrived::Stop) {
            clear_signs();
            // The shell writes below, so nothing would ever overwrite rows left there.
            write_out(&view.erase())?;
            stops.pause(false);
            signs_guard.again();
            view.again();
        }
        let size = terminal::size().unwrap_or((80, 24));
        view.print(inputs.logs.printed(reading.last));
        let bytes = view.step(reading, size);
        write_out(&bytes)?;
        if bytes.is_empty() || reading.last {
            return Ok(());
        }
        signs_guard.show(&reading.snapshot.board.title, &Totals::with(reading.snapshot, &[], None))
    });
    drop((signs_guard, stops));
    // Tools whose end was reported have their line already.
    let told = |slot: &SlotView| view.changes.has_reported_end(slot);
    let table = final_table::rest(&latest, inputs.logs.as_mut(), options.look, stderr_columns(), told);
    write_out(&table)?;
    watched
}

/// The inline view's state between two readings.
struct Inline {
    theme: Theme,
    expectations: Expectations,
    changes: ReportedChanges,
    rates: Rates,
    size: (u16, u16),
    resized_at: Option<Duration>,
    drawn_at: Option<Duration>,
    shown: Vec<String>,
    paces: Vec<SlotRate>,
    /// Lines to print with the next drawing.
    printed: Vec<PrintedLine>,
}

impl Inline {
    fn new(look: OutputStyle, expectations: Expectations) -> Self {
        Self {
            theme: Theme::new(look),
            rates: Rates::expecting(expectations.clone()),
            expectations,
            changes: ReportedChanges::default(),
            size: (0, 0),
            resized_at: None,
            drawn_at: None,
            shown: Vec::new(),
            paces: Vec::new(),
            printed: Vec::new(),
        }
    }

    /// Print these lines with the next drawing.
    fn print(&mut self, lines: Vec<PrintedLine>) {
        self.printed.extend(lines);
    }

    /// The bytes that erase the live rows.
    fn erase(&mut self) -> String {
        if std::mem::take(&mut self.shown).is_empty() { String::new() } else { redraw(&[], &[]) }
    }

    /// Draw everything anew below the cursor: another process has written to the terminal.
    fn again(&mut self) {
        self.shown.clear();
    }

    /// The bytes to write for a reading, on a screen of this size.
    fn step(&mut self, reading: &TimedSnapshot, size: (u16, u16)) -> String {
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
        self.paces = self.rates.update(reading.snapshot);
        let ends = self.changes.new_ends(reading.snapshot);
        let line = |slot: &&SlotView| finished_line(&self.theme, reading.snapshot, slot, size.0);
        let finished: Vec<String> = ends.iter().map(line).collect();
        let live = match reading.last {
            true => Vec::new(),
            false => live_rows(&self.theme, reading.snapshot, &self.paces, &self.expectations, size),
        };
        let nothing_new = finished.is_empty() && self.printed.is_empty();
        if nothing_new && live == self.shown && self.resized_at.is_none() {
            return String::new();
        }
        self.resized_at = None;
        self.drawn_at = Some(reading.now);
        let names =
            reading.snapshot.slots.iter().filter(|slot| slot.kind == Kind::Service).map(|slot| width(&slot.key));
        let wide = names.max().unwrap_or_default().min(NAME_COLUMNS);
        let lines: Vec<String> = self.printed.drain(..).map(|line| printed_line(&self.theme, &line, wide)).collect();
        let above = if lines.is_empty() { String::new() } else { print_above(&lines) };
        let bytes = above + &redraw(&finished, &live);
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

#[cfg(test)]
mod tests;
