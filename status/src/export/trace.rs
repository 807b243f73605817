//! A run in the trace event format that Perfetto and Chrome's own viewer open: one track per tool, one slice per phase,
//! a counter of bytes for each tool and one for all, and the critical path on its own track.

use std::io::{self, Write};

use serde_json::{Value, json};
use vx_shm::SlotView;
use vx_text::{escaped, json_line};

use super::critical::critical_path;
use super::timeline::{RunTimeline, ToolTimeline};
use crate::error_cell::ErrorCell;

/// Process number that all tracks belong to; it stands for the board.
const BOARD: u32 = 1;
/// Number of the critical path's track; the tools' tracks follow it.
const PATH: u32 = 1;

/// Write the trace of a run, as JSON.
///
/// # Errors
/// If the writer fails.
pub fn trace(course: &RunTimeline, into: &mut impl Write) -> io::Result<()> {
    let board = &course.board;
    let created = jiff::Timestamp::from_nanosecond(board.created_unix_ns.into()).map(|moment| moment.to_string());
    let head = json!({
        "displayTimeUnit": "ms",
        "otherData": {
            "program": concat!("vx ", env!("CARGO_PKG_VERSION")),
            "board": board.id,
            "title": board.title,
            "outcome": course.outcome(),
            "created_at": created.ok(),
        },
    });
    let head = escaped(&head.to_string()).into_owned();
    writeln!(into, "{},\"traceEvents\":[", head.strip_suffix('}').unwrap_or_default())?;
    let mut events = Events { into, begun: false };
    events.put(&named("process_name", BOARD, &format!("vx {}", board.title)))?;
    events.put(&named("thread_name", PATH, "critical path"))?;
    let first = json!({ "sort_index": 0 });
    events.put(&json!({ "ph": "M", "pid": BOARD, "tid": PATH, "name": "thread_sort_index", "args": first }))?;
    for link in critical_path(course) {
        let tool = &course.tools[link.tool].slot.key;
        let stretch = link.stretch;
        let name = format!("{tool}: {}", stretch.phase);
        let span = (stretch.from_ns, stretch.until_ns);
        events.put(&slice(PATH, &name, "critical", span, json!({ "work": tool })))?;
    }
    for (place, tool) in course.tools.iter().enumerate() {
        put_tool(&mut events, PATH + 1 + place as u32, tool)?;
    }
    put_total(&mut events, course)?;
    events.into.write_all(b"\n]}\n")
}

/// Writes one event per line, so that traces can be read, compared and searched line by line.
struct Events<'a, W: Write> {
    into: &'a mut W,
    begun: bool,
}

impl<W: Write> Events<'_, W> {
    fn put(&mut self, event: &Value) -> io::Result<()> {
        if std::mem::replace(&mut self.begun, true) {
            self.into.write_all(b",\n")?;
        }
        self.into.write_all(&json_line(event)?)
    }
}

fn named(what: &str, track: u32, name: &str) -> Value {
    json!({ "ph": "M", "pid": BOARD, "tid": track, "name": what, "args": { "name": name } })
}

/// Times are microseconds in this format, with the nanoseconds as decimals.
fn microseconds(ns: u64) -> f64 {
    ns as f64 / 1_000.0
}

fn slice(track: u32, name: &str, category: &str, (from_ns, until_ns): (u64, u64), arguments: Value) -> Value {
    json!({
        "ph": "X",
        "pid": BOARD,
        "tid": track,
        "name": name,
        "cat": category,
        "ts": microseconds(from_ns),
        "dur": microseconds(until_ns - from_ns),
        "args": arguments,
    })
}

fn put_tool<W: Write>(events: &mut Events<'_, W>, track: u32, tool: &ToolTimeline) -> io::Result<()> {
    let slot = &tool.slot;
    let name = [slot.key.as_str(), slot.version.as_str()].join(" ");
    events.put(&named("thread_name", track, name.trim_end()))?;
    let order = json!({ "sort_index": track });
    events.put(&json!({ "ph": "M", "pid": BOARD, "tid": track, "name": "thread_sort_index", "args": order }))?;
    for stretch in &tool.stretches {
        let arguments = json!({ "done": stretch.done, "attempt": slot.attempt });
        let span = (stretch.from_ns, stretch.until_ns);
        events.put(&slice(track, stretch.phase.name(), "phase", span, arguments))?;
    }
    let counter = format!("{} bytes", slot.key);
    for (at_ns, bytes) in amounts(tool) {
        events.put(&count(&counter, at_ns, bytes))?;
    }
    if let Some(ended_ns) = tool.ended_ns {
        events.put(&json!({
            "ph": "i",
            "s": "t",
            "pid": BOARD,
            "tid": track,
            "name": slot.state.name(),
            "cat": "end",
            "ts": microseconds(ended_ns),
            "args": end_arguments(slot),
        }))?;
    }
    Ok(())
}

fn end_arguments(slot: &SlotView) -> Value {
    let error = ErrorCell::of_slot(slot);
    json!({
        "error": error.as_ref().map(ErrorCell::shown_text),
        "kind": ErrorCell::kind_of_slot(slot),
        "hint": error.as_ref().and_then(|error| error.hint.as_deref()),
        "exit_code": slot.exit_code,
        "signal": slot.signal,
    })
}

/// The bytes of a tool's download over time, from nothing to all of them.
fn amounts(tool: &ToolTimeline) -> Vec<(u64, u64)> {
    let download = tool.stretches.iter().rfind(|stretch| stretch.phase == crate::vocabulary::Phase::DOWNLOADING);
    let Some(download) = download.filter(|download| download.done > 0) else { return Vec::new() };
    let begun = tool.received.first().map_or(download.from_ns, |(at_ns, _)| (*at_ns).min(download.from_ns));
    let seen = tool.received.iter().copied().filter(|(at_ns, _)| *at_ns > begun && *at_ns < download.until_ns);
    [(begun, 0)].into_iter().chain(seen).chain([(download.until_ns, download.done)]).collect()
}

fn put_total<W: Write>(events: &mut Events<'_, W>, course: &RunTimeline) -> io::Result<()> {
    let mut changes: Vec<(u64, usize, u64)> = Vec::new();
    for (place, tool) in course.tools.iter().enumerate() {
        changes.extend(amounts(tool).into_iter().map(|(at_ns, bytes)| (at_ns, place, bytes)));
    }
    changes.sort_unstable();
    let mut bytes_of = vec![0u64; course.tools.len()];
    let mut total = 0u64;
    for (at_ns, place, bytes) in changes {
        total = total.wrapping_sub(bytes_of[place]).wrapping_add(bytes);
        bytes_of[place] = bytes;
        events.put(&count("all bytes", at_ns, total))?;
    }
    Ok(())
}

fn count(name: &str, at_ns: u64, bytes: u64) -> Value {
    json!({ "ph": "C", "pid": BOARD, "name": name, "ts": microseconds(at_ns), "args": { "bytes": bytes } })
}

#[cfg(test)]
mod tests {
    use super::super::timeline::tests::run;
    use super::*;

    fn text(course: &RunTimeline) -> String {
        let mut bytes = Vec::new();
        trace(course, &mut bytes).expect("memory");
        String::from_utf8(bytes).expect("text")
    }

    fn events(trace: &str) -> Vec<Value> {
        let trace: Value = serde_json::from_str(trace).expect("JSON");
        trace["traceEvents"].as_array().expect("events").clone()
    }

    #[test]
    fn a_run_as_a_trace() {
        let whole = text(&run());
        // Compare a few of the counts, because all are alike.
        let few: Vec<&str> = whole
            .lines()
            .enumerate()
            .filter(|(at, line)| !line.contains(r#""ph":"C""#) || at % 8 == 0)
            .map(|(_, line)| line)
            .collect();
        insta::assert_snapshot!(few.join("\n"));
    }

    #[test]
    fn every_event_has_what_the_format_asks_of_its_kind() {
        for event in events(&text(&run())) {
            let wanted: &[&str] = match event["ph"].as_str().expect("a kind") {
                "M" => &["pid", "tid", "name", "args"],
                "X" => &["pid", "tid", "name", "cat", "ts", "dur", "args"],
                "C" => &["pid", "name", "ts", "args"],
                "i" => &["pid", "tid", "name", "ts", "s"],
                other => panic!("`{other}` is not made here"),
            };
            assert!(wanted.iter().all(|field| !event[field].is_null()), "{event}");
            assert!(
                ["ts", "dur"].iter().all(|field| event[field].is_null() || event[field].as_f64() >= Some(0.0)),
                "{event}"
            );
            if event["ph"] == "C" {
                assert!(event["args"]["bytes"].is_u64(), "{event}");
            }
        }
    }

    #[test]
    fn slices_of_a_track_do_not_overlap_and_a_hostile_name_is_text() {
        let events = events(&text(&run()));
        for track in 1..=4 {
            let slices = events.iter().filter(|event| event["ph"] == "X" && event["tid"] == track);
            let spans: Vec<(f64, f64)> =
                slices.map(|slice| (slice["ts"].as_f64().unwrap(), slice["dur"].as_f64().unwrap())).collect();
            assert!(
                !spans.is_empty() && spans.windows(2).all(|two| two[0].0 + two[0].1 <= two[1].0 + 0.001),
                "{spans:?}"
            );
        }
        let names: Vec<&str> = events.iter().filter_map(|event| event["args"]["name"].as_str()).collect();
        assert!(names.contains(&"<script>alert(1)</script> 2.2.3"), "{names:?}");
    }
}
