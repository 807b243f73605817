//! JSON lines: one event a line for programs, described by `docs/json-events.schema.json`.
//!
//! State events are told once and in order, also those of phases that passed between two readings; byte counts are
//! conflated to at most ten a second and slot.

mod escape;

use std::collections::HashMap;
use std::io::{self, Write};

use serde::Serialize;
use vx_shm::{BoardState, SlotView, Snapshot};

use crate::events::{Event, Told};
use crate::model::{SlotId, Standing, Totals, board_elapsed_ms, elapsed_ms, error, received_bytes};
use crate::source::Logs;

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

fn write_line(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    let mut line = escape::to_vec(value)?;
    line.push(b'\n');
    out.write_all(&line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::fixture::{FixedLogs, done, everything, hostile};
    use serde_json::Value;

    fn schema() -> Value {
        serde_json::from_str(include_str!("../../docs/json-events.schema.json")).expect("the schema is JSON")
    }

    fn written(snapshot: &Snapshot) -> Vec<Value> {
        let mut out = Vec::new();
        let mut lines = JsonLines::default();
        lines.step(snapshot, &mut out).expect("it is written");
        lines.summary(snapshot, &FixedLogs(Vec::new()), &mut out).expect("it is written");
        let text = String::from_utf8(out).expect("JSON is text");
        text.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
    }

    /// Whether `value` is as `rule` says, for the few words of JSON Schema that ours uses.
    fn obeys(schema: &Value, rule: &Value, value: &Value) -> bool {
        if let Some(name) = rule["$ref"].as_str() {
            return obeys(schema, &schema["$defs"][name.trim_start_matches("#/$defs/")], value);
        }
        let is = |kind: &str| match kind {
            "string" => value.is_string(),
            "null" => value.is_null(),
            "number" => value.is_number(),
            "integer" => value.is_i64() || value.is_u64(),
            "boolean" => value.is_boolean(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            other => panic!("the schema says {other:?}"),
        };
        let of_kind = match &rule["type"] {
            Value::String(kind) => is(kind),
            Value::Array(kinds) => kinds.iter().any(|kind| is(kind.as_str().unwrap_or_default())),
            _ => true,
        };
        let bound = |name: &str| rule[name].as_f64().zip(value.as_f64());
        let bounded = bound("minimum").is_none_or(|(least, value)| value >= least)
            && bound("maximum").is_none_or(|(most, value)| value <= most);
        let constant = rule.get("const").is_none_or(|constant| constant == value);
        let listed = rule["enum"].as_array().is_none_or(|values| values.contains(value));
        let complete = rule["required"].as_array().is_none_or(|names| {
            names.len() == value.as_object().map_or(0, |object| object.len())
                && names.iter().all(|name| value.get(name.as_str().unwrap_or_default()).is_some())
        });
        let fields = rule["properties"].as_object().is_none_or(|rules| {
            rules.iter().all(|(name, rule)| value.get(name).is_none_or(|field| obeys(schema, rule, field)))
        });
        let items = rule
            .get("items")
            .is_none_or(|rule| value.as_array().is_some_and(|all| all.iter().all(|one| obeys(schema, rule, one))));
        of_kind && bounded && constant && listed && complete && fields && items
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
    fn the_summary_counts_everything_once() {
        let summary = written(&everything()).pop().expect("a summary");
        let counts = &summary["counts"];
        let sum: u64 = ["completed", "skipped", "failed", "cancelled", "unfinished"]
            .iter()
            .filter_map(|name| counts[*name].as_u64())
            .sum();
        assert_eq!((counts["total"].as_u64(), sum, &summary["ok"]), (Some(12), 12, &Value::Bool(false)));
        let one = Snapshot { slots: vec![done(0, "just", "1", 7, 102.0)], ..Snapshot::default() };
        assert_eq!(written(&one).pop().map(|summary| summary["ok"].clone()), Some(Value::Bool(true)));
    }
}
