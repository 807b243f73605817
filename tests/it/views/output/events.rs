//! `--json`: one event per line on standard output, and a summary at the end.

use super::*;
use crate::support::sandbox::text;

fn events(printed: &str) -> Vec<Value> {
    printed.lines().map(json).collect()
}

fn of_tool<'e>(events: &'e [Value], tool: &str) -> Vec<&'e str> {
    let mut names: Vec<&str> =
        events.iter().filter(|event| event["tool"] == tool).map(|event| text(&event["event"])).collect();
    names.dedup();
    names
}

#[test]
fn the_events_of_each_tool_come_in_order_with_the_fields_others_rely_on() {
    let sandbox = one_of_each();
    let finished = sandbox.vx("sync --json").exits_with(1);
    let events = events(&finished.stdout());
    // The archive was unpacked while it was received, so there is no extracting phase.
    assert_eq!(of_tool(&events, "buf"), ["started", "downloading", "completed"]);
    assert_eq!(of_tool(&events, "esbuild"), ["completed"]);
    let told = of_tool(&events, "biome");
    assert_eq!((told.first(), told.last()), (Some(&"started"), Some(&"failed")), "{told:?}");
    for event in &events[..events.len() - 1] {
        let expected: &[&str] = match text(&event["event"]) {
            "started" => &["attempt", "event", "tool", "version"],
            "downloading" => &["bytes_downloaded", "event", "percent", "tool", "total_bytes"],
            "extracting" => &["event", "percent", "tool"],
            "completed" => &["event", "install_path", "skipped", "tool", "version"],
            "failed" => &["error", "event", "exit_code", "hint", "kind", "result", "signal", "tool"],
            "progress" => &[
                "at_work",
                "bytes_downloaded",
                "bytes_per_second",
                "elapsed_ms",
                "event",
                "failed",
                "hanging",
                "left_ms",
                "lost",
                "over",
                "runs",
                "total",
                "total_bytes",
            ],
            other => panic!("an event nobody knows: {other}"),
        };
        assert_eq!(fields(event), expected, "{event}");
    }
    let failed = events.iter().find(|event| event["event"] == "failed").expect("a failure");
    assert!(text(&failed["error"]).contains("404"), "{failed}");
    // The failure is reported as soon as the process reports it. The exit code follows once the process is collected,
    // at the end at the latest.
    assert!(failed["exit_code"].is_null() || failed["exit_code"] == 1, "{failed}");
    let ended = events.last().and_then(|summary| {
        let tools = summary["tools"].as_array()?;
        tools.iter().find(|tool| tool["tool"] == "biome")
    });
    let ended = ended.expect("it is in the summary");
    assert_eq!((&ended["exit_code"], &ended["signal"]), (&1.into(), &Value::Null));
    let completed = events.iter().find(|event| event["event"] == "completed" && event["tool"] == "buf");
    let path = sandbox.home().join("store/buf/1.5.0").display().to_string();
    assert_eq!(completed.map(|event| text(&event["install_path"]).to_owned()), Some(path));
}

#[test]
fn every_line_of_a_run_obeys_exactly_one_rule_of_the_schema() {
    let schema = json(include_str!("../../../../docs/schemas/json-events.schema.json"));
    let rules = schema["oneOf"].as_array().expect("a list of rules");
    let failing = one_of_each().vx("sync --json").exits_with(1).stdout();
    let moving = slow(2).vx("sync --json").succeeds().stdout();
    let mut seen = std::collections::BTreeSet::new();
    for line in failing.lines().chain(moving.lines()).map(json) {
        let obeyed = rules.iter().filter(|rule| super::obeys::obeys(&schema, rule, &line)).count();
        assert_eq!(obeyed, 1, "{line}");
        seen.insert(text(&line["event"]).to_owned());
    }
    for event in ["started", "downloading", "completed", "failed", "progress", "summary"] {
        assert!(seen.contains(event), "no `{event}` among {seen:?}");
    }
}

#[test]
fn the_schema_lists_every_kind_of_error_and_so_does_the_page_of_failures() {
    let schema = json(include_str!("../../../../docs/schemas/json-events.schema.json"));
    let listed: Vec<&Value> = schema["$defs"]["kind"]["enum"].as_array().expect("a list").iter().collect();
    let kinds = vx_base::trouble::TroubleKind::ALL.map(|kind| kind.name());
    assert!(listed[0].is_null() && listed[1..] == kinds, "{listed:?}");
    let page = include_str!("../../../../docs/failures.md");
    for kind in kinds {
        assert!(page.contains(&format!("\n| `{kind}` | ")), "docs/failures.md does not list `{kind}`");
    }
}

#[test]
fn the_last_line_is_a_summary() {
    let finished = one_of_each().vx("sync --json").exits_with(1);
    let events = events(&finished.stdout());
    assert_eq!(events.iter().filter(|event| event["event"] == "summary").count(), 1);
    let summary = events.last().expect("a line");
    assert_eq!(fields(summary), ["counts", "elapsed_ms", "event", "ok", "tools"]);
    let counts = serde_json::json!(
        { "total": 3, "completed": 1, "skipped": 1, "failed": 1, "lost": 0, "cancelled": 0, "unfinished": 0 }
    );
    assert_eq!((&summary["ok"], &summary["counts"]), (&false.into(), &counts));
    for tool in summary["tools"].as_array().expect("a list") {
        let expected = [
            "elapsed_ms",
            "error",
            "exit_code",
            "hint",
            "install_path",
            "kind",
            "log",
            "result",
            "signal",
            "size_bytes",
            "tool",
            "version",
        ];
        assert_eq!(fields(tool), expected);
    }
}

#[test]
fn counts_of_bytes_only_grow_and_end_with_all() {
    let sandbox = slow(1);
    let finished = sandbox.vx("sync --json").succeeds();
    let events = events(&finished.stdout());
    let counts: Vec<u64> = events
        .iter()
        .filter(|event| event["event"] == "downloading")
        .filter_map(|event| event["bytes_downloaded"].as_u64())
        .collect();
    assert!(counts.len() >= 5, "only {counts:?} of a second's download");
    assert!(counts.is_sorted(), "{counts:?}");
    let last = events.iter().rfind(|event| event["event"] == "downloading").expect("an event");
    assert_eq!((&last["percent"], &last["bytes_downloaded"]), (&100.0.into(), &last["total_bytes"]));
}

#[test]
fn a_run_with_nothing_to_do_reports_that_in_events_too() {
    let sandbox = one_of_each();
    let events = events(&sandbox.vx("sync esbuild --json").succeeds().stdout());
    assert_eq!(events.len(), 2, "{events:?}");
    assert_eq!((&events[0]["event"], &events[0]["skipped"]), (&"completed".into(), &true.into()));
    assert_eq!(events[1]["ok"], true);
}
