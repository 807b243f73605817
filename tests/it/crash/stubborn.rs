//! An installing process that ignores requests to stop. No `vx install` does, so a script replaces it.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::sync::Arc;
use std::time::Instant;

use vx::install_job::{InstallChild, InstallRun, start_run};
use vx_base::trouble::{Trouble, TroubleKind};
use vx_plan::{PlanStep, ServerWaitReporter, ToolAction};
use vx_run::{Jobs, RunEnd, RunHandle, RunRequest, create_board};
use vx_shm::SlotState;
use vx_status::source::RequestFailure;

use super::*;

/// The script that stands for an install: it ignores every request to stop, and so does a process that it starts.
const DEAF: &str = "#!/bin/sh\ntrap '' TERM INT HUP\nsleep 97 &\necho \"$$ $!\" > \"$root/pids.new\"\n\
                    mv \"$root/pids.new\" \"$root/pids\"\nwait\nsleep 97\n";

struct Deaf {
    sandbox: Sandbox,
    run: RunHandle,
    pids: Vec<u32>,
}

/// A run of these tools, whose children are this script. `$root` in it stands for the sandbox.
pub(super) fn scripted(script: &str, tools: &[&str]) -> (Sandbox, RunHandle) {
    let step = |tool: &&str| prepared(tool, || Ok(serde_json::json!({})));
    scripted_steps(script, tools.iter().map(step).collect(), 8)
}

/// A step of a scripted run. `more` gives additions to its configuration, or an error that fails its preparation.
pub(super) fn prepared(tool: &str, more: impl Fn() -> Result<Value, Trouble> + Send + Sync + 'static) -> PlanStep {
    let name = tool.to_owned();
    let config = Box::new(move |_: ServerWaitReporter<'_>| {
        let mut config = serde_json::json!({
            "tool_name": name, "version": "1.0.0", "source": "npm", "parts": [], "programs": [], "home": "/nowhere",
        });
        let more = more()?;
        config.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        serde_json::from_value(config).map_err(|error| Trouble::new(TroubleKind::Internal, error))
    });
    PlanStep {
        tool: tool.into(),
        version: "1.0.0".into(),
        size_bytes: None,
        optional: false,
        action: ToolAction::Install(config),
    }
}

/// Like [`scripted`], for these steps, `jobs` at once.
pub(super) fn scripted_steps(script: &str, steps: Vec<PlanStep>, jobs: usize) -> (Sandbox, RunHandle) {
    let sandbox = Sandbox::new();
    fs::DirBuilder::new().mode(0o700).create(sandbox.runtime()).expect("a directory");
    let program = sandbox.root().join("child");
    fs::write(&program, script.replace("$root", &sandbox.root().display().to_string())).expect("a file");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("a mode");
    let board = Arc::new(create_board(&sandbox.runtime(), "test".into(), 8).expect("a board"));
    let child = InstallChild { program, logs: Some(sandbox.runtime()) };
    let run = start_run(InstallRun { board, steps, child, jobs: Jobs::AtMost(jobs), fail_fast: false, held: None })
        .expect("a run");
    (sandbox, run)
}

/// A run whose one child ignores requests and is at work.
fn deaf() -> Deaf {
    let (sandbox, run) = scripted(DEAF, &["hello"]);
    let pids = sandbox.root().join("pids");
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
            // The process may be visible until its parent has collected it, but once its slot is cancelled it must not
            // be at work.
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            assert!(stat.is_empty() || stat.contains(") Z ") || stat.contains(") X "), "cancelled, and alive: {stat}");
        }
        drop(self.sandbox);
        end
    }
}

#[test]
fn a_child_that_does_not_listen_is_killed_with_its_group_after_three_seconds() {
    let deaf = deaf();
    let start = Instant::now();
    deaf.run.requests.send(RunRequest::CancelAll).expect("the run listens");
    deaf.ends_cancelled();
    let took = start.elapsed();
    assert!((Duration::from_millis(2900)..Duration::from_secs(6)).contains(&took), "{took:?}");
}

#[test]
fn a_child_that_ignores_a_request_is_named_while_there_is_still_time() {
    let deaf = deaf();
    let start = Instant::now();
    deaf.run.requests.send(RunRequest::Cancel("hello".into())).expect("the run listens");
    let answer = deaf.run.failures.recv_timeout(crate::support::sandbox::PATIENCE).expect("an answer");
    assert!(start.elapsed() < Duration::from_millis(2500), "{:?}", start.elapsed());
    let RequestFailure::Blocked { key: tool, by } = answer else { panic!("{answer:?}") };
    assert_eq!(tool, "hello");
    for pid in &deaf.pids {
        assert!(by.contains(&format!("pid {pid} (")) && by.contains("ignores SIGTERM"), "{by}");
    }
    deaf.run.requests.send(RunRequest::CancelAll).expect("the run listens");
    deaf.ends_cancelled();
}

#[test]
fn asked_twice_it_is_killed_at_once() {
    let deaf = deaf();
    let start = Instant::now();
    deaf.run.requests.send(RunRequest::CancelAll).expect("the run listens");
    deaf.run.requests.send(RunRequest::CancelAll).expect("the run listens");
    deaf.ends_cancelled();
    assert!(start.elapsed() < Duration::from_millis(1500), "{:?}", start.elapsed());
}
