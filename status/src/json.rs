//! JSON lines: one event a line for programs, described by `docs/schemas/json-events.schema.json`.
//!
//! State events come once and in order, even for phases that began and ended between two readings; byte counts come at
//! most ten times a second for each slot.

#[cfg(test)]
mod obeys;

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{self, Write};

use serde::Serialize;
use vx_shm::{BoardState, SlotView, Snapshot};
use vx_text::json_line;

use crate::error_cell::ErrorCell;
use crate::estimate::TimeLeft;
use crate::events::{EventCursor, ToolEvent};
use crate::hanging::{Hanging, hanging};
use crate::pace::SlotRate;
use crate::slot::{SlotId, elapsed_ms, received_bytes};
use crate::source::Logs;
use crate::standing::{Standing, failure};
use crate::totals::{Totals, board_elapsed_ms};

/// Time between two byte counts of one slot.
const BETWEEN_COUNTS_NS: u64 = 100_000_000;
/// Time between two events about the whole run.
const BETWEEN_WHOLES_NS: u64 = 1_000_000_000;

/// The record of what was written: a cursor for each life of a slot, and the last event about the whole run.
#[derive(Debug, Default)]
pub struct JsonLines {
    cursors: HashMap<SlotId, EventCursor>,
    /// Time of the last event about the whole run, and the slots that hung then.
    whole_reported: Option<(u64, Vec<(SlotId, Standing)>)>,
}

impl JsonLines {
    /// Write the events that a reading adds.
    pub fn step(
        &mut self,
        snapshot: &Snapshot,
        paces: &[SlotRate],
        left: Option<TimeLeft>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let hanging = hanging(snapshot, paces);
        if let Some(whole) = self.whole(&Totals::with(snapshot, paces, left), &hanging, snapshot.taken_at_ns) {
            write_line(out, &whole)?;
        }
        for slot in &snapshot.slots {
            let cursor = self.cursors.entry(SlotId::from_slot(slot)).or_default();
            for event in cursor.new_events(slot, snapshot.taken_at_ns, BETWEEN_COUNTS_NS) {
                write_line(out, &JsonToolEvent { tool: &slot.key, event })?;
            }
        }
        out.flush()
    }

    /// The event about the whole run, if it is due: once a second while there is work, and as soon as a tool begins or
    /// ceases to hang.
    fn whole<'a>(&mut self, totals: &Totals, hanging: &[Hanging<'a>], now_ns: u64) -> Option<JsonRunProgress<'a>> {
        let hung: Vec<_> = hanging.iter().map(|hangs| (SlotId::from_slot(hangs.slot), hangs.standing)).collect();
        let recent = |(at, then): &(u64, _)| now_ns.saturating_sub(*at) < BETWEEN_WHOLES_NS && *then == hung;
        if totals.over == totals.all || self.whole_reported.as_ref().is_some_and(recent) {
            return None;
        }
        self.whole_reported = Some((now_ns, hung));
        Some(JsonRunProgress::from_totals(totals, hanging))
    }

    /// Write the last event, after those of the last reading.
    pub fn summary(&self, snapshot: &Snapshot, logs: &dyn Logs, out: &mut dyn Write) -> io::Result<()> {
        write_line(out, &Summary::from_snapshot(snapshot, logs))?;
        out.flush()
    }
}

/// One event of one tool.
#[derive(Serialize)]
struct JsonToolEvent<'a> {
    #[serde(flatten)]
    event: ToolEvent,
    tool: &'a str,
}

/// The progress of the whole run.
#[derive(Serialize)]
struct JsonRunProgress<'a> {
    event: &'static str,
    over: usize,
    total: usize,
    at_work: usize,
    failed: usize,
    lost: usize,
    bytes_downloaded: u64,
    total_bytes: Option<u64>,
    bytes_per_second: Option<u64>,
    elapsed_ms: u64,
    left_ms: Option<u64>,
    runs: Option<u32>,
    hanging: Vec<Hangs<'a>>,
}

/// One tool that makes little progress or none.
#[derive(Serialize)]
struct Hangs<'a> {
    tool: &'a str,
    how: &'static str,
    for_ms: u64,
    bytes_per_second: Option<u64>,
}

impl<'a> JsonRunProgress<'a> {
    fn from_totals(totals: &Totals, hanging: &[Hanging<'a>]) -> Self {
        let hangs = |hangs: &Hanging<'a>| Hangs {
            tool: &hangs.slot.key,
            how: hangs.standing.word(),
            for_ms: hangs.for_ms,
            bytes_per_second: hangs.bytes_per_second,
        };
        Self {
            event: "progress",
            over: totals.over,
            total: totals.all,
            at_work: totals.at_work,
            failed: totals.failed,
            lost: totals.lost,
            bytes_downloaded: totals.done_bytes,
            total_bytes: totals.total_bytes,
            bytes_per_second: totals.bytes_per_second,
            elapsed_ms: totals.elapsed_ms,
            left_ms: totals.left.map(|left| left.ms),
            runs: totals.left.map(|left| left.runs),
            hanging: hanging.iter().map(hangs).collect(),
        }
    }
}

#[derive(Serialize)]
struct Summary<'a> {
    event: &'static str,
    ok: bool,
    elapsed_ms: u64,
    counts: JsonSummaryCounts,
    tools: Vec<ToolResult<'a>>,
}

#[derive(Serialize)]
struct JsonSummaryCounts {
    total: usize,
    completed: usize,
    skipped: usize,
    failed: usize,
    lost: usize,
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
    kind: Option<Cow<'a, str>>,
    hint: Option<Cow<'a, str>>,
    exit_code: Option<i32>,
    signal: Option<i32>,
    log: Option<String>,
}

impl<'a> Summary<'a> {
    fn from_snapshot(snapshot: &'a Snapshot, logs: &dyn Logs) -> Self {
        let totals = Totals::from_snapshot(snapshot, &[]);
        let stopped = matches!(snapshot.board.state, BoardState::Failed | BoardState::Cancelled);
        Self {
            event: "summary",
            ok: totals.good == totals.all && !stopped,
            elapsed_ms: board_elapsed_ms(snapshot),
            counts: JsonSummaryCounts {
                total: totals.all,
                completed: totals.good - totals.skipped,
                skipped: totals.skipped,
                failed: totals.failed,
                lost: totals.lost,
                cancelled: totals.cancelled,
                unfinished: totals.all - totals.over,
            },
            tools: snapshot.slots.iter().map(|slot| tool_result(slot, snapshot.taken_at_ns, logs)).collect(),
        }
    }
}

fn tool_result<'a>(slot: &'a SlotView, now_ns: u64, logs: &dyn Logs) -> ToolResult<'a> {
    let standing = Standing::from_slot(slot);
    let failure = (standing.over() && !standing.good()).then(|| failure(slot, standing));
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
        install_path: slot.result.as_deref(),
        error: failure.as_ref().map(ErrorCell::shown_text),
        kind: failure.as_ref().and_then(|failure| failure.kind.clone()),
        hint: failure.as_ref().and_then(|failure| failure.hint.clone()),
        exit_code: slot.exit_code,
        signal: slot.signal,
        log: logs.location(&slot.key),
    }
}

fn write_line(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    let mut line = json_line(value)?;
    line.push(b'\n');
    out.write_all(&line)
}

#[cfg(test)]
mod tests {
    use super::obeys::obeys;
    use super::*;
    use crate::fixture::{FixedLogs, done, everything, hostile};
    use serde_json::Value;

    fn schema() -> Value {
        serde_json::from_str(include_str!("../../docs/schemas/json-events.schema.json")).expect("the schema is JSON")
    }

    fn written(snapshot: &Snapshot) -> Vec<Value> {
        let mut out = Vec::new();
        let mut lines = JsonLines::default();
        lines.step(snapshot, &[], None, &mut out).expect("it is written");
        lines.summary(snapshot, &FixedLogs(Vec::new()), &mut out).expect("it is written");
        let text = String::from_utf8(out).expect("JSON is text");
        text.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
    }

    #[test]
    fn every_line_obeys_exactly_one_rule_of_the_schema() {
        let schema = schema();
        let rules = schema["oneOf"].as_array().expect("a list of rules");
        let mut seen = std::collections::BTreeSet::new();
        for snapshot in [everything(), hostile()] {
            for line in written(&snapshot) {
                let obeyed = rules.iter().filter(|rule| obeys(&schema, rule, &line)).count();
                assert_eq!(obeyed, 1, "{line}");
                seen.insert(line["event"].as_str().unwrap_or_default().to_owned());
            }
        }
        assert_eq!(seen.len(), rules.len(), "every event was seen: {seen:?}");
    }

    #[test]
    fn the_checker_refuses_what_the_schema_does_not_say() {
        let schema = schema();
        let rule = &schema["$defs"]["extracting"];
        let line = |text| serde_json::from_str::<Value>(text).expect("JSON");
        assert!(obeys(&schema, rule, &line(r#"{"event":"extracting","tool":"x","percent":null}"#)));
        for wrong in [
            r#"{"event":"extracting","tool":"x","percent":101}"#,
            r#"{"event":"extracting","tool":"x"}"#,
            r#"{"event":"extracting","tool":"x","percent":1,"more":1}"#,
            r#"{"event":"downloading","tool":"x","percent":1}"#,
        ] {
            assert!(!obeys(&schema, rule, &line(wrong)), "{wrong}");
        }
    }

    #[test]
    fn the_whole_comes_each_second_and_when_something_begins_to_hang() {
        use vx_shm::Liveness;
        let mut lines = JsonLines::default();
        let mut told = |millisecond: u64, liveness| {
            let slot = SlotView { liveness, ..crate::fixture::downloading(0, "uv", "1", 5, Some(9)) };
            let taken_at_ns = 200_000_000_000 + millisecond * 1_000_000;
            let mut out = Vec::new();
            lines
                .step(&Snapshot { slots: vec![slot], taken_at_ns, ..Snapshot::default() }, &[], None, &mut out)
                .expect("it is written");
            let text = String::from_utf8(out).expect("JSON is text");
            let events = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
            events.filter(|event| event["event"] == "progress").collect::<Vec<_>>()
        };
        assert_eq!(told(0, Liveness::Alive).len(), 1);
        assert_eq!(told(500, Liveness::Alive).len(), 0);
        assert_eq!(told(1_000, Liveness::Alive).len(), 1);
        let silent = told(1_040, Liveness::Silent(1_900));
        let hangs = serde_json::json!([{"tool": "uv", "how": "silent", "for_ms": 1_900, "bytes_per_second": null}]);
        assert_eq!((silent.len(), &silent[0]["hanging"]), (1, &hangs));
        assert_eq!(told(1_080, Liveness::Silent(1_940)).len(), 0);
        assert_eq!(told(1_120, Liveness::Alive).len(), 1, "it gets on");
    }

    #[test]
    fn the_summary_counts_everything_once() {
        let summary = written(&everything()).pop().expect("a summary");
        let counts = &summary["counts"];
        let sum: u64 = ["completed", "skipped", "failed", "lost", "cancelled", "unfinished"]
            .iter()
            .filter_map(|name| counts[*name].as_u64())
            .sum();
        assert_eq!((counts["total"].as_u64(), sum, &summary["ok"]), (Some(12), 12, &Value::Bool(false)));
        let one = Snapshot { slots: vec![done(0, "just", "1", 7, 102.0)], ..Snapshot::default() };
        assert_eq!(written(&one).pop().map(|summary| summary["ok"].clone()), Some(Value::Bool(true)));
    }

    #[test]
    fn what_was_lost_has_not_failed() {
        use vx_shm::Liveness;
        let lost = SlotView { liveness: Liveness::Lost, ..crate::fixture::downloading(0, "uv", "1", 5, Some(9)) };
        let going = crate::fixture::downloading(1, "node", "1", 5, Some(9));
        let lines = written(&Snapshot { slots: vec![lost, going], ..Snapshot::default() });
        let whole = lines.iter().find(|line| line["event"] == "progress").expect("the whole");
        let summary = lines.last().expect("a summary");
        for counts in [whole, &summary["counts"]] {
            assert_eq!((&counts["lost"], &counts["failed"]), (&1.into(), &0.into()), "{counts}");
        }
        assert_eq!((&summary["ok"], &summary["tools"][0]["result"]), (&false.into(), &"lost".into()));
    }
}
