//! Recording the runs on which the estimate of the time left is measured (`benches/estimate`): real runs at different
//! rates, sizes and numbers of installs at once, each as the states of its board, five per second.

use std::time::Duration;

use vx_shm::{SlotState, Snapshot};
use vx_status::vocabulary::Phases;

use super::*;

/// Seven tools: their bytes, and their usual bytes per second.
const TOOLS: [(&str, usize, u64); 7] = [
    ("deno", 3_600_000, 900_000),
    ("biome", 2_000_000, 500_000),
    ("buf", 1_600_000, 600_000),
    ("turbo", 1_200_000, 300_000),
    ("esbuild", 900_000, 400_000),
    ("sentry-cli", 700_000, 200_000),
    ("lefthook", 400_000, 300_000),
];

/// Each run: the tools (a bit each), size and speed in percent of the usual, and `--jobs`; 0 for none.
const RUNS: [(u8, usize, u64, usize); 12] = [
    (0x7f, 100, 100, 0),
    (0x7f, 104, 90, 3),
    (0x0f, 100, 120, 0),
    (0x75, 110, 70, 2),
    (0x7f, 96, 110, 4),
    (0x3c, 100, 60, 0),
    (0x7f, 105, 130, 2),
    (0x41, 90, 100, 0),
    (0x7e, 100, 40, 3),
    (0x7f, 100, 95, 0),
    (0x2a, 120, 150, 2),
    (0x7f, 100, 80, 3),
];

/// Runs that were recorded after a change of the estimator, so that it could not be fitted to them.
const LATER: [(u8, usize, u64, usize); 14] = [
    (0x7f, 100, 85, 2),
    (0x5d, 108, 115, 0),
    (0x7f, 94, 65, 4),
    (0x33, 100, 100, 2),
    (0x7f, 112, 140, 0),
    (0x6e, 100, 55, 3),
    (0x7f, 98, 120, 3),
    (0x1f, 105, 80, 0),
    (0x7f, 100, 45, 0),
    (0x79, 116, 105, 2),
    (0x56, 92, 75, 0),
    (0x7f, 103, 110, 2),
    (0x2f, 100, 135, 3),
    (0x7f, 100, 90, 0),
];

/// Runs that were recorded after the next change, for the same reason.
const LATEST: [(u8, usize, u64, usize); 14] = [
    (0x7f, 100, 105, 0),
    (0x7f, 97, 75, 2),
    (0x3b, 106, 125, 3),
    (0x7f, 100, 95, 4),
    (0x5e, 110, 50, 0),
    (0x7f, 103, 115, 2),
    (0x67, 95, 85, 0),
    (0x7f, 100, 60, 3),
    (0x7d, 108, 145, 2),
    (0x7f, 92, 100, 0),
    (0x2f, 100, 70, 2),
    (0x7f, 114, 90, 3),
    (0x73, 100, 130, 0),
    (0x7f, 105, 80, 2),
];

/// A script of a board: its steps, the milliseconds of a step, how much slower the last is than the first in percent,
/// and whether the script reports the number of steps.
type Script = (u64, u64, u64, bool);

/// The boards of scripts: the scripts that run on each at once.
const SCRIPTS: [&[Script]; 12] = [
    &[(40, 200, 0, true)],
    &[(60, 100, 0, true), (30, 250, 0, true)],
    &[(25, 300, 30, true)],
    &[(200, 40, 0, true), (20, 300, 0, true), (50, 150, 20, true)],
    &[(30, 200, 0, false)],
    &[(80, 90, 0, true), (40, 150, 0, false)],
    &[(15, 500, 0, true)],
    &[(50, 120, 50, true), (50, 140, 0, true)],
    &[(100, 60, 0, true)],
    &[(24, 350, 0, true), (24, 330, 10, true), (24, 300, 0, true), (24, 280, 0, true)],
    &[(12, 700, 0, true)],
    &[(70, 110, 20, true)],
];

/// Record a run: its board's last state, and the samples on the way.
fn record(number: usize, (which, size, rate, jobs): (u8, usize, u64, usize)) -> Value {
    let version = format!("1.{number}.0");
    let chosen = TOOLS.iter().enumerate().filter(|(bit, _)| which >> bit & 1 == 1).map(|(_, tool)| tool);
    let chosen: Vec<_> = chosen.collect();
    let lines: String = chosen.iter().map(|(tool, ..)| format!("{tool} = \"{version}\"\n")).collect();
    let sandbox = Sandbox::new().config(&format!("[tools]\n{lines}"));
    for (place, (tool, bytes, bytes_per_second)) in chosen.iter().enumerate() {
        // The rates differ, as those of real servers do.
        let own = 85 + ((number * 7 + place * 13) % 31) as u64;
        sandbox.publish_slowly(tool, &version, bytes * size / 100, bytes_per_second * rate * own / 10_000);
    }
    let said = if jobs > 0 { format!(" --jobs {jobs}") } else { String::new() };
    let running = sandbox.start(&format!("sync --headless{said}"));
    let readings = readings(&sandbox, chosen.len());
    running.finish().succeeds();
    let last = readings.last().expect("a reading");
    assert!(last.slots.iter().all(|slot| slot.state == SlotState::Done), "{last:?}");
    let began = last.board.created_at_ns;
    let ms = |at_ns: u64| at_ns.saturating_sub(began) / 1_000_000;
    let tools = last.slots.iter().map(|slot| {
        let phases = slot.phases().map(|entry| (entry.phase.number(), ms(entry.entered_at_ns), entry.done));
        serde_json::json!({
            "tool": slot.key, "version": slot.version, "ended_ms": slot.ended_at_ns.map(ms),
            "phases": phases.collect::<Vec<_>>(),
        })
    });
    let samples = readings.iter().map(|reading| {
        let amounts = reading.slots.iter().map(|slot| (slot.done, slot.total));
        (ms(reading.taken_at_ns), amounts.collect::<Vec<_>>())
    });
    serde_json::json!({
        "jobs": jobs, "tools": tools.collect::<Vec<_>>(), "samples": samples.collect::<Vec<_>>(),
    })
}

/// The readings of the only board, five per second, until this many slots have ended.
fn readings(sandbox: &Sandbox, slots: usize) -> Vec<Snapshot> {
    let mut readings: Vec<Snapshot> = Vec::new();
    let ended = |reading: &Snapshot| reading.slots.iter().filter(|slot| slot.state.ended()).count();
    while readings.last().is_none_or(|reading| ended(reading) < slots) {
        std::thread::sleep(Duration::from_millis(200));
        let listed = vx_shm::list(&sandbox.runtime()).expect("the boards are listed");
        readings.extend(
            listed.into_iter().filter_map(|listed| listed.reading.ok()).filter(|board| !board.slots.is_empty()),
        );
        assert!(readings.len() < 1_000, "it takes too long");
    }
    readings
}

/// Record a board of scripts: at each reading the state, the numbers and the name of each slot.
fn record_scripts(number: usize, scripts: &[Script]) -> Value {
    let sandbox = Sandbox::new();
    let mut lines = vec!["vx board create --slots 8 > /dev/null".to_owned()];
    for (place, (steps, ms, slower, says)) in scripts.iter().enumerate() {
        let total = if *says { format!(" --total {steps}") } else { String::new() };
        lines.push(format!("(vx board put work{place} --step running --done 0{total}"));
        for step in 1..=*steps {
            // No two steps take the same time.
            let own = 60 + (number as u64 * 17 + place as u64 * 29 + step * 37) % 81;
            let ms = ms * own * (100 + slower * step / steps) / 10_000;
            lines.push(format!("sleep {}.{:03}; vx board put work{place} --done {step}", ms / 1000, ms % 1000));
        }
        lines.push(format!("vx board put work{place} --state done) &"));
    }
    lines.push("wait; vx board close".to_owned());
    let running = sandbox.start_script(&lines.join("\n"));
    let readings = readings(&sandbox, scripts.len());
    running.finish().succeeds();
    let began = readings.first().expect("a reading").board.created_at_ns;
    let ms = |at_ns: u64| at_ns.saturating_sub(began) / 1_000_000;
    let samples = readings.iter().map(|reading| {
        let slots = reading.slots.iter().map(|slot| (&slot.key, slot.state.ended(), slot.done, slot.total));
        (ms(reading.taken_at_ns), slots.collect::<Vec<_>>())
    });
    let last = readings.last().expect("a reading");
    let ends = last.slots.iter().filter_map(|slot| slot.ended_at_ns).max().map(ms);
    serde_json::json!({ "ends_ms": ends, "samples": samples.collect::<Vec<_>>() })
}

/// `VX_RECORD_RUNS=DIRECTORY cargo test --test it -- --ignored runs_are_recorded`: about five minutes. The runs of
/// `runs.jsonl`, which was recorded first, are recorded with `VX_RECORD_RUNS_FIRST` only.
#[test]
#[ignore = "makes the data of a bench"]
fn runs_are_recorded() {
    let into = std::env::var_os("VX_RECORD_RUNS").expect("VX_RECORD_RUNS names the directory to write to");
    let into = std::path::Path::new(&into);
    let write = |name: &str, runs: &mut dyn Iterator<Item = Value>| {
        let lines: String = runs.map(|run| run.to_string() + "\n").collect();
        std::fs::write(into.join(name), lines).expect("it is written");
    };
    if std::env::var_os("VX_RECORD_RUNS_FIRST").is_some() {
        write("runs.jsonl", &mut RUNS.iter().enumerate().map(|(number, run)| record(number, *run)));
    }
    if std::env::var_os("VX_RECORD_RUNS_LATER").is_some() {
        write("later.jsonl", &mut LATER.iter().enumerate().map(|(number, run)| record(number, *run)));
    }
    write("latest.jsonl", &mut LATEST.iter().enumerate().map(|(number, run)| record(number, *run)));
    write("scripts.jsonl", &mut SCRIPTS.iter().enumerate().map(|(number, scripts)| record_scripts(number, scripts)));
}
