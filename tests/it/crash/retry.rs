//! Retrying a tool whose install failed, while the others are at work.

use std::fs;

use vx_base::trouble::{Trouble, TroubleKind};
use vx_run::RunRequest;
use vx_shm::{Reader, SlotState, SlotView, Snapshot};
use vx_status::source::RequestFailure;

use super::stubborn::{prepared, scripted, scripted_steps};
use super::*;
use crate::support::sandbox::PATIENCE;

/// A child that fails until there is a file for its tool; the tool `long` waits for the file first.
const MOODY: &str = "#!/bin/sh\ntool=${2%@*}\necho \"try of $tool\"\n\
                     [ $tool = long ] && while [ ! -e $root/long ]; do sleep 0.02; done\n\
                     echo \"$tool\" >> $root/tries\n[ -e $root/$tool ] && exit 3\nexit 7\n";

/// The slot of a tool on the board.
fn view(sandbox: &Sandbox, tool: &str) -> Option<SlotView> {
    let entries = fs::read_dir(sandbox.runtime()).ok()?.flatten();
    let board = entries.map(|entry| entry.path()).find(|path| path.extension().is_some_and(|end| end == "board"))?;
    let mut snapshot = Snapshot::default();
    Reader::open(&board).ok()?.refresh(&mut snapshot).ok()?;
    let mut slots = snapshot.slots.into_iter().filter(|slot| slot.key == tool);
    let slot = slots.next();
    assert!(slots.next().is_none(), "{tool} stands on the board once");
    slot
}

/// Its generation, attempt and exit code.
fn slot(sandbox: &Sandbox, tool: &str) -> Option<(u32, u8, Option<i32>)> {
    view(sandbox, tool).map(|slot| (slot.generation, slot.attempt, slot.exit_code))
}

#[test]
fn a_second_try_keeps_the_tools_place_and_log_and_its_end_is_what_counts() {
    let (sandbox, run) = scripted(MOODY, &["moody", "long"]);
    let ended = |code| {
        let sandbox = &sandbox;
        eventually("it ends", move || slot(sandbox, "moody").filter(|(_, _, exit)| *exit == Some(code)))
    };
    let (generation, attempt, _) = ended(7);
    assert_eq!(attempt, 1);
    fs::write(sandbox.root().join("moody"), "").expect("a file");
    run.requests.send(RunRequest::Retry("moody".into())).expect("the run listens");
    let (later, attempt, _) = ended(3);
    assert_eq!((later, attempt), (generation + 1, 2));
    let log = fs::read_to_string(sandbox.runtime().join("moody.log")).expect("a log");
    assert_eq!(log, "try of moody\n--- attempt 2 ---\ntry of moody\n");

    for (tool, expected) in [("long", "it is still at work"), ("gone", "it is no part of this run")] {
        run.requests.send(RunRequest::Retry(tool.into())).expect("the run listens");
        let answer = run.failures.recv_timeout(PATIENCE).expect("an answer");
        assert_eq!(answer, RequestFailure::NotRetried { key: tool.into(), why: expected.into() });
    }
    fs::write(sandbox.root().join("long"), "").expect("a file");
    let end = run.join().expect("the run ends");
    assert!(!end.cancelled && end.steps.len() == 2);
    let tries = fs::read_to_string(sandbox.root().join("tries")).expect("tries");
    assert_eq!(tries.matches("moody").count(), 2, "{tries}");
}

#[test]
fn a_tool_that_is_tried_again_has_its_size_before_it_begins() {
    const SCRIPT: &str = "#!/bin/sh\n[ ${2%@*} = long ] && while [ ! -e $root/end ]; do sleep 0.02; done\nexit 7\n";
    let (word, words) = crossbeam_channel::unbounded::<()>();
    let gone = |_| Trouble::new(TroubleKind::Network, "no word comes");
    let moody = prepared("moody", move || words.recv().map_err(gone).map(|()| serde_json::json!({})));
    let moody = vx_plan::PlanStep { size_bytes: Some(7_000), ..moody };
    let (sandbox, run) = scripted_steps(SCRIPT, vec![moody, prepared("long", || Ok(serde_json::json!({})))], 2);
    word.send(()).expect("the preparation waits");
    eventually("it fails", || slot(&sandbox, "moody").filter(|(_, _, exit)| *exit == Some(7)));
    run.requests.send(RunRequest::Retry("moody".into())).expect("the run listens");
    // The second preparation waits, so the slot stays reserved.
    let reserved = eventually("it is reserved again", || view(&sandbox, "moody").filter(|slot| slot.attempt == 2));
    assert_eq!((reserved.state, reserved.done, reserved.total), (SlotState::Reserved, 0, Some(7_000)));
    word.send(()).expect("the preparation waits");
    fs::write(sandbox.root().join("end"), "").expect("a file");
    run.join().expect("the run ends");
}

#[test]
fn a_tool_that_others_wait_for_is_tried_again_though_they_have_taken_every_turn() {
    // `script` waits for `node`, whose first try fails.
    const SCRIPT: &str = "#!/bin/sh\ntool=${2%@*}\n\
                          if [ $tool = script ]; then touch $root/at-work; while [ ! -e $root/there ]; do sleep 0.02; done; exit 3; fi\n\
                          [ -e $root/tried ] && touch $root/there && exit 3\ntouch $root/tried; exit 7\n";
    let needing = prepared("script", || Ok(serde_json::json!({ "needs": "node" })));
    let node = prepared("node", || Ok(serde_json::json!({})));
    let (sandbox, run) = scripted_steps(SCRIPT, vec![node, needing], 1);
    eventually("node fails", || slot(&sandbox, "node").filter(|(_, _, exit)| *exit == Some(7)));
    eventually("the script is at work", || sandbox.root().join("at-work").exists().then_some(()));
    run.requests.send(RunRequest::Retry("node".into())).expect("the run listens");
    assert!(
        run.finished.recv_timeout(PATIENCE).is_err_and(|error| error.is_disconnected()),
        "the run goes on for ever"
    );
    assert_eq!(slot(&sandbox, "node").map(|(_, attempt, exit)| (attempt, exit)), Some((2, Some(3))));
}

#[test]
fn the_preparation_of_a_cancelled_try_does_not_count_for_the_next() {
    const SCRIPT: &str = "#!/bin/sh\n[ ${2%@*} = other ] && while [ ! -e $root/end ]; do sleep 0.02; done\nexit 7\n";
    // Each preparation waits for its message; the first one fails.
    let (first, first_word) = crossbeam_channel::bounded(0);
    let (second, second_word) = crossbeam_channel::bounded(0);
    let (begun, has_begun) = crossbeam_channel::bounded(2);
    let error = |text: &str| Trouble::new(TroubleKind::Network, text);
    let tries = std::sync::atomic::AtomicU32::new(0);
    let step = prepared("slow", move || match tries.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
        0 => {
            begun.send(()).expect("the test waits");
            first_word.recv().map_err(|_| error("")).and_then(|()| Err(error("too late")))
        }
        _ => second_word.recv().map_err(|_| error("")).map(|()| serde_json::json!({})),
    });
    let other = prepared("other", || Ok(serde_json::json!({})));
    let (sandbox, run) = scripted_steps(SCRIPT, vec![step, other], 2);
    has_begun.recv_timeout(PATIENCE).expect("the first preparation begins");
    for request in [RunRequest::Cancel("slow".into()), RunRequest::Retry("slow".into())] {
        run.requests.send(request).expect("the run listens");
    }
    first.send(()).expect("the first preparation waits");
    // Nothing reports the end of the cancelled try, so wait a moment: any effect of it shows at once.
    std::thread::sleep(std::time::Duration::from_millis(200));
    second.send(()).expect("the second one is waited for");
    fs::write(sandbox.root().join("end"), "").expect("a file");
    run.join().expect("the run ends");
    assert_eq!(
        slot(&sandbox, "slow").map(|(_, attempt, exit)| (attempt, exit)),
        Some((2, Some(7))),
        "its child was run"
    );
}
