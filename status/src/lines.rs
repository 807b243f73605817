//! The outputs that are lines, as loops that read the board until the work is over: plain lines, and JSON.
//!
//! Every loop blocks its thread until then; give it its own thread if a slow reader of the output must not delay
//! anything else. Every loop takes one more reading after `finished`, so nothing is lost.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};
use vx_shm::{SlotView, Snapshot};

use crate::appearance::OutputStyle;
use crate::estimate::Estimate;
use crate::estimator::Estimator;
use crate::final_table;
use crate::json::JsonLines;
use crate::plain::{END_OF_GROUP, Plain, annotations, group, guarded_lines, step_summary};
use crate::source::{Inputs, Snapshots, StepPage};

const POLL: Duration = Duration::from_millis(40);
const BETWEEN_SUMS_MS: u64 = 3_000;
const BETWEEN_SUMS_ALOUD_MS: u64 = 30_000;

/// Options of plain lines.
#[derive(Debug, Default)]
pub struct PlainOptions {
    /// Colours and glyphs of the final table; the lines before it have neither.
    pub look: OutputStyle,
    /// Kind of reader.
    pub form: PlainForm,
    /// Columns of a row of the final table, if the output is a terminal.
    pub columns: Option<u16>,
}

/// The kind of reader that plain lines are written for.
#[derive(Debug, Default)]
pub enum PlainForm {
    /// For logs and pipes: the sums every 3 s.
    #[default]
    Lines,
    /// For screen readers: the sums every 30 s, in words alone.
    Accessible,
    /// For GitHub Actions: lines in a group, an annotation for each failure.
    GithubActions {
        /// The step's summary page; the table is appended to it.
        step_summary: Option<Box<dyn StepPage>>,
    },
}

/// One reading with its circumstances.
pub struct TimedSnapshot<'a> {
    /// The reading.
    pub snapshot: &'a Snapshot,
    /// Time since the loop began.
    pub now: Duration,
    /// The work is over; there is no further reading.
    pub last: bool,
}

/// Read the board until `finished` fires or closes, then once more. A board that can no longer be read does not end the
/// work: its last good reading stands, and the error is returned at the end.
///
/// # Errors
///
/// If a step fails, at once; if the board could no longer be read, at the end.
pub fn watch(
    snapshots: &mut dyn Snapshots,
    finished: &Receiver<()>,
    latest: &mut Snapshot,
    mut step: impl FnMut(&TimedSnapshot) -> io::Result<()>,
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
        step(&TimedSnapshot { snapshot: latest, now: began.elapsed(), last })?;
        if last {
            return trouble.map_or(Ok(()), Err);
        }
    }
}

/// Fresh plain lines with their interval between sums: longer if they are read aloud.
fn lines_for(form: &PlainForm) -> Plain {
    match form {
        PlainForm::Lines => Plain::new(BETWEEN_SUMS_MS, false),
        PlainForm::GithubActions { .. } => Plain::new(BETWEEN_SUMS_MS, true),
        PlainForm::Accessible => Plain::new(BETWEEN_SUMS_ALOUD_MS, false),
    }
}

/// Write plain lines until the work is over, then what they left out: the failures in full, and the sums.
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
            writeln!(out, "{}", group(reading.snapshot))?;
        }
        let (paces, Estimate { whole: left, .. }) = estimator.update(reading.snapshot);
        let now_ms = u64::try_from(reading.now.as_millis()).unwrap_or(u64::MAX);
        lines.step(reading.snapshot, &paces, left, now_ms, out)
    });
    let look = OutputStyle { words_only: options.look.words_only || aloud, ..options.look };
    // A build server folds the lines away, so the table below them repeats every row.
    let told = |slot: &SlotView| !for_actions && lines.has_told_end(slot);
    let table = final_table::rest(&latest, inputs.logs.as_mut(), look, options.columns, told);
    if let PlainForm::GithubActions { step_summary: page } = &options.form {
        writeln!(out, "{}", END_OF_GROUP)?;
        for annotation in annotations(&latest, inputs.logs.as_mut()) {
            writeln!(out, "{annotation}")?;
        }
        out.write_all(guarded_lines(&table).as_bytes())?;
        if let Some(page) = page {
            page.append(&step_summary(&latest, inputs.logs.as_mut(), page.size_bytes()?))?;
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
        let (paces, Estimate { whole: left, .. }) = estimator.update(reading.snapshot);
        events.step(reading.snapshot, &paces, left, out)
    });
    events.summary(&latest, inputs.logs.as_ref(), out)?;
    watched
}

#[cfg(test)]
mod tests;
