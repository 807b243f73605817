//! Records the runs on which the estimate of the time left is measured (`benches/estimate`): real runs at different
//! rates, sizes and numbers of installs at once, each as its board at five looks a second.

use std::time::Duration;

use vx_shm::{SlotState, Snapshot};
use vx_status::vocabulary::Phases;

use super::*;

/// Seven tools: their bytes, and their bytes a second on an ordinary day.
const TOOLS: [(&str, usize, u64); 7] = [
    ("deno", 3_600_000, 900_000),
    ("biome", 2_000_000, 500_000),
    ("buf", 1_600_000, 600_000),
    ("turbo", 1_200_000, 300_000),
    ("esbuild", 900_000, 400_000),
    ("sentry-cli", 700_000, 200_000),
    ("lefthook", 400_000, 300_000),
];

/// Each run: the tools (a bit each), size and speed in percent of the ordinary, and `--jobs`; 0 for none.
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

/// One run: its board's last state, and the samples on the way.
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
    let mut readings: Vec<Snapshot> = Vec::new();
    while readings.last().is_none_or(|reading| !reading.slots.iter().all(|slot| slot.state.ended())) {
        std::thread::sleep(Duration::from_millis(200));
        let listed = vx_shm::list(&sandbox.runtime()).expect("the boards are listed");
        readings.extend(
            listed.into_iter().filter_map(|listed| listed.reading.ok()).filter(|board| !board.slots.is_empty()),
        );
        assert!(readings.len() < 1_000, "it takes too long");
    }
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

/// `VX_RECORD_RUNS=FILE cargo test --test it -- --ignored runs_are_recorded`: about two minutes.
#[test]
#[ignore = "makes the data of a bench"]
fn runs_are_recorded() {
    let into = std::env::var_os("VX_RECORD_RUNS").expect("VX_RECORD_RUNS names the file to write");
    let runs = RUNS.iter().enumerate().map(|(number, run)| record(number, *run).to_string() + "\n");
    std::fs::write(into, runs.collect::<String>()).expect("it is written");
}
