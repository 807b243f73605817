//! The thread that watches a board's creator for a waiting reader. It counts threads, so its file has no other test.
#![cfg(target_os = "linux")]

use std::process::Command;
use std::time::{Duration, Instant};

use vx_shm::{Board, Ending, Kind, Reader, Slot, SlotState};

/// The threads of this process that watch a creator.
fn watchers() -> Vec<String> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().flatten();
    let named = |task: &std::fs::DirEntry| std::fs::read_to_string(task.path().join("comm")).unwrap_or_default();
    let found = tasks.filter(|task| named(task).starts_with("vx-board-creato"));
    found.map(|task| task.file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn a_reader_that_waits_again_and_again_has_one_thread_that_watches_the_creator() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.board");
    let mut creator = Command::new("sleep").arg("600").spawn().unwrap();
    drop(Board::create_for(&path, "a", 8, creator.id()).unwrap());
    let mut reader = Reader::open(&path).unwrap();
    let mut snapshot = reader.snapshot().unwrap();
    let mut seen = Vec::new();
    for round in 0..5 {
        let writer = std::thread::spawn({
            let path = path.clone();
            move || {
                std::thread::sleep(Duration::from_millis(20));
                Slot::join(&path, &format!("tool-{round}"), "1", Kind::Task).unwrap().end(Ending::new(SlotState::Done))
            }
        });
        while !snapshot.slots.iter().any(|slot| slot.key == format!("tool-{round}") && slot.state.ended()) {
            assert!(reader.wait_change(Duration::from_secs(60)), "no change for a minute");
            reader.refresh(&mut snapshot).unwrap();
        }
        writer.join().unwrap().unwrap();
        seen.extend(watchers());
    }
    seen.dedup();
    assert_eq!(seen.len(), 1, "{seen:?}");
    creator.kill().unwrap();
    creator.wait().unwrap();
    while snapshot.board.creator.alive != Some(false) {
        assert!(reader.wait_change(Duration::from_secs(60)), "the creator's end does not wake the reader");
        reader.refresh(&mut snapshot).unwrap();
    }
    drop(reader);
    let began = Instant::now();
    while watchers().contains(&seen[0]) {
        assert!(began.elapsed() < Duration::from_secs(60), "the thread outlives the reader");
        std::thread::sleep(Duration::from_millis(5));
    }
}
