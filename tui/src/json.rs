//! JSON lines: one event a line for programs, described by `docs/json-events.schema.json`.
//!
//! State events are told once and in order, also those of phases that passed between two readings; byte counts are
//! conflated to at most ten a second and slot.

mod escape;
mod events;

use std::collections::HashMap;
use std::io::{self, Write};

use serde::Serialize;
use vx_shm::{BoardState, SlotView, Snapshot};

use crate::model::{SlotId, Standing, Totals, board_elapsed_ms, elapsed_ms, ending, received_bytes};
use crate::source::Logs;
use events::{Event, Told};

/// Between two byte counts of one slot.
const BETWEEN_COUNTS_NS: u64 = 100_000_000;

/// What was told so far, by life of a slot.
#[derive(Debug, Default)]
pub(crate) struct JsonLines {
    told: HashMap<SlotId, Told>,
}

impl JsonLines {
    /// Write what is new in a reading.
    pub(crate) fn step(&mut self, snapshot: &Snapshot, out: &mut dyn Write) -> io::Result<()> {
        for slot in &snapshot.slots {
            let told = self.told.entry(SlotId::of(slot)).or_default();
            for event in told.news(slot, snapshot.taken_at_ns, BETWEEN_COUNTS_NS) {
                write_line(out, &Line { tool: &slot.key, event })?;
            }
        }
        out.flush()
    }

    /// Write the last event, after the last reading was told.
    pub(crate) fn summary(&self, snapshot: &Snapshot, logs: &dyn Logs, out: &mut dyn Write) -> io::Result<()> {
        write_line(out, &Summary::of(snapshot, logs))?;
        out.flush()
    }
}

/// One event of one tool.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    event: Event<'a>,
    tool: &'a str,
}

#[derive(Serialize)]
struct Summary<'a> {
    event: &'static str,
    ok: bool,
    elapsed_ms: u64,
    counts: Counts,
    tools: Vec<ToolResult<'a>>,
}

#[derive(Serialize)]
struct Counts {
    total: usize,
    completed: usize,
    skipped: usize,
    failed: usize,
    cancelled: usize,
    unfinished: usize,
}

#[derive(Serialize)]
struct ToolResult<'a> {
    tool: &'a str,
    version: &'a str,
    result: &'static str,
    size_bytes: Option<u64>,
    elapsed_ms: Option<u64>,
    install_path: Option<&'a str>,
    error: Option<String>,
    exit_code: Option<i32>,
    signal: Option<i32>,
    log: Option<String>,
}

impl<'a> Summary<'a> {
    fn of(snapshot: &'a Snapshot, logs: &dyn Logs) -> Self {
        let totals = Totals::of(snapshot, &[]);
        let stopped = matches!(snapshot.board.state, BoardState::Failed | BoardState::Cancelled);
        Self {
            event: "summary",
            ok: totals.good == totals.all && !stopped,
            elapsed_ms: board_elapsed_ms(snapshot),
            counts: Counts {
                total: totals.all,
                completed: totals.good - totals.skipped,
                skipped: totals.skipped,
                failed: totals.failed,
                cancelled: totals.cancelled,
                unfinished: totals.all - totals.over,
            },
            tools: snapshot.slots.iter().map(|slot| tool_result(slot, snapshot.taken_at_ns, logs)).collect(),
        }
    }
}

fn tool_result<'a>(slot: &'a SlotView, now_ns: u64, logs: &dyn Logs) -> ToolResult<'a> {
    let standing = Standing::of(slot);
    ToolResult {
        tool: &slot.key,
        version: &slot.version,
        result: match standing {
            Standing::Done => "completed",
            _ if standing.over() => standing.word(),
            _ => "unfinished",
        },
        size_bytes: received_bytes(slot),
        elapsed_ms: elapsed_ms(slot, now_ns).filter(|_| standing != Standing::Lost),
        install_path: slot.install_path.as_deref(),
        error: (standing.over() && !standing.good()).then(|| error(slot, standing)),
        exit_code: slot.exit_code,
        signal: slot.signal,
        log: logs.location(&slot.key),
    }
}

/// The whole error, or how it ended where nothing was said.
fn error(slot: &SlotView, standing: Standing) -> String {
    match slot.error.as_deref().filter(|error| !error.trim().is_empty()) {
        Some(error) => error.to_owned(),
        None => ending(slot, standing),
    }
}

fn write_line(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    let mut line = escape::to_vec(value)?;
    line.push(b'\n');
    out.write_all(&line)
}
