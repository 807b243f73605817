//! One more try at a tool that came to nothing, while the others go on.

use std::fs;

use vx::sync::{Answer, Request};
use vx_shm::{Reader, Snapshot};

use super::stubborn::scripted;
use super::*;
use crate::sandbox::PATIENCE;

/// A child that fails until there is a file for its tool; the tool `long` waits for the file first.
const MOODY: &str = "#!/bin/sh\ntool=${2%@*}\necho \"try of $tool\"\n\
                     [ $tool = long ] && while [ ! -e $root/long ]; do sleep 0.02; done\n\
                     echo \"$tool\" >> $root/tries\n[ -e $root/$tool ] && exit 3\nexit 7\n";

/// The slot of a tool as the board has it: generation, attempt and exit code.
fn slot(sandbox: &Sandbox, tool: &str) -> Option<(u32, u8, Option<i32>)> {
    let entries = fs::read_dir(sandbox.runtime()).ok()?.flatten();
    let board = entries.map(|entry| entry.path()).find(|path| path.extension().is_some_and(|end| end == "board"))?;
    let mut snapshot = Snapshot::default();
    Reader::open(&board).ok()?.refresh(&mut snapshot).ok()?;
    let slots: Vec<_> = snapshot.slots.iter().filter(|slot| slot.key == tool).collect();
    assert!(slots.len() <= 1, "a tool stands on the board once: {slots:?}");
    slots.first().map(|slot| (slot.generation, slot.attempt, slot.exit_code))
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
    run.requests.send(Request::Retry("moody".into())).expect("the run listens");
    let (later, attempt, _) = ended(3);
    assert_eq!((later, attempt), (generation + 1, 2));
    let log = fs::read_to_string(sandbox.runtime().join("moody.log")).expect("a log");
    assert_eq!(log, "try of moody\n--- attempt 2 ---\ntry of moody\n");

    for (tool, expected) in [("long", "it is still at work"), ("gone", "this run does not install it")] {
        run.requests.send(Request::Retry(tool.into())).expect("the run listens");
        let answer = run.answers.recv_timeout(PATIENCE).expect("an answer");
        assert_eq!(answer, Answer::Refused { tool: tool.into(), why: expected.into() });
    }
    fs::write(sandbox.root().join("long"), "").expect("a file");
    let end = run.join().expect("the run ends");
    assert!(!end.cancelled && end.steps.len() == 2);
    let tries = fs::read_to_string(sandbox.root().join("tries")).expect("tries");
    assert_eq!(tries.matches("moody").count(), 2, "{tries}");
}
