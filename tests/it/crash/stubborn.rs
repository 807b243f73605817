//! An installing process that does not listen: no `vx install` is so, so a script stands in for it.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::sync::Arc;
use std::time::Instant;

use vx::sync::{Action, InstallChild, Request, Run, RunEnd, RunHandle, Step, create_board, start_run};
use vx_shm::SlotState;

use super::*;

/// What stands in for an install: deaf to every request, with a deaf process of its own.
const DEAF: &str = "#!/bin/sh\ntrap '' TERM INT HUP\nsleep 97 &\necho \"$$ $!\" > \"$VX_TEST_PIDS.new\"\n\
                    mv \"$VX_TEST_PIDS.new\" \"$VX_TEST_PIDS\"\nwait\nsleep 97\n";

struct Deaf {
    sandbox: Sandbox,
    run: RunHandle,
    pids: Vec<u32>,
}

/// A run whose one child is deaf and at work.
fn deaf() -> Deaf {
    let sandbox = Sandbox::new();
    fs::DirBuilder::new().mode(0o700).create(sandbox.runtime()).expect("a directory");
    let (program, pids) = (sandbox.root().join("deaf"), sandbox.root().join("pids"));
    let script = DEAF.replace("$VX_TEST_PIDS", &pids.display().to_string());
    fs::write(&program, script).expect("a file");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("a mode");
    let board = Arc::new(create_board(&sandbox.runtime(), "test", 8).expect("a board"));
    let config = serde_json::json!({
        "tool_name": "hello", "version": "1.0.0", "source": "npm", "parts": [], "programs": [], "home": sandbox.home(),
    });
    let config = Box::new(move || serde_json::from_value(config).map_err(|error| error.to_string()));
    let steps = vec![Step { tool: "hello".into(), version: "1.0.0".into(), action: Action::Install(config) }];
    let child = InstallChild { program, logs: sandbox.runtime() };
    let run = start_run(Run { board, steps, child, jobs: vx::sync::Jobs::AtMost(1), fail_fast: false }).expect("a run");
    let pids = eventually("the script is at work", || {
        let text = fs::read_to_string(&pids).ok()?;
        Some(text.split_whitespace().map(|pid| pid.parse().expect("a number")).collect())
    });
    Deaf { sandbox, run, pids }
}

impl Deaf {
    fn ends_cancelled(self) -> RunEnd {
        let end = self.run.join().expect("the run ends");
        assert!(end.cancelled);
        assert_eq!(end.steps[0].state, SlotState::Cancelled);
        assert_eq!(self.pids.len(), 2);
        for pid in self.pids {
            // A killed process dies once it is its turn, and stays to be seen until its parent has collected it.
            within(Duration::from_secs(1), "it is dead", || {
                let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
                (stat.is_empty() || stat.contains(") Z ")).then_some(())
            });
        }
        drop(self.sandbox);
        end
    }
}

#[test]
fn a_child_that_does_not_listen_is_killed_with_its_group_after_three_seconds() {
    let deaf = deaf();
    let start = Instant::now();
    deaf.run.requests.send(Request::CancelAll).expect("the run listens");
    deaf.ends_cancelled();
    let took = start.elapsed();
    assert!((Duration::from_millis(2900)..Duration::from_secs(6)).contains(&took), "{took:?}");
}

#[test]
fn asked_twice_it_is_killed_at_once() {
    let deaf = deaf();
    let start = Instant::now();
    deaf.run.requests.send(Request::CancelAll).expect("the run listens");
    deaf.run.requests.send(Request::CancelAll).expect("the run listens");
    deaf.ends_cancelled();
    assert!(start.elapsed() < Duration::from_millis(1500), "{:?}", start.elapsed());
}
