//! `vx board put`, `create` and `close`: shell scripts on a board.

use std::process::Command;

use super::*;
use crate::support::sandbox::{Finished, Running, eventually, text};

impl Sandbox {
    /// Start a shell script, which can call `vx` by that name.
    pub(super) fn start_script(&self, script: &str) -> Running {
        let file = self.project().join("script.sh");
        let vx = env!("CARGO_BIN_EXE_vx");
        std::fs::write(&file, format!("set -e\nvx() {{ '{vx}' \"$@\"; }}\n{script}\n")).expect("a script");
        let mut command = Command::new("sh");
        command.arg(file).current_dir(self.project()).env_clear().envs(self.environment());
        self.run(script, command)
    }

    fn script(&self, script: &str) -> Finished {
        self.start_script(script).finish()
    }
}

fn only_slot(sandbox: &Sandbox) -> Value {
    let board = sandbox.board().expect("a board");
    let slots = board["slots"].as_array().expect("slots");
    assert_eq!(slots.len(), 1, "{slots:#?}");
    slots[0].clone()
}

#[test]
fn a_script_that_repeats_a_key_again_and_again_has_one_row_that_counts_its_attempts() {
    let sandbox = Sandbox::new();
    let finished = sandbox.script(
        "vx board create --title rounds
         for n in $(seq 70); do vx board put k --done 1 --total 1; vx board put k --state done; done",
    );
    finished.succeeds();
    let slot = only_slot(&sandbox);
    assert_eq!((text(&slot["key"]), text(&slot["state"]), &slot["attempt"]), ("k", "done", &70.into()));
}

#[test]
fn a_script_makes_a_board_reports_to_it_and_closes_it() {
    let sandbox = Sandbox::new();
    let finished = sandbox.script(
        "vx board create --title 'nightly build' --slots 3
         vx board put compile --version 1.2 --phase extracting --total 12 --message start
         for n in 1 2 3; do vx board put compile --done +1; done
         vx board put compile --details 'of twelve'
         vx board dump --json > before
         vx board put compile --done 12 --state done
         vx board close",
    );
    let before = json(&sandbox.read("before"));
    let slot = &before["slots"][0];
    assert_eq!((text(&slot["key"]), text(&slot["version"]), text(&slot["kind"])), ("compile", "1.2", "task"));
    assert_eq!((text(&slot["step"]), &slot["done"], &slot["total"]), ("extracting", &3.into(), &12.into()));
    assert_eq!((text(&slot["message"]), text(&slot["details"])), ("start", "of twelve"));
    assert_eq!((text(&slot["state"]), text(&slot["liveness"]["state"])), ("live", "alive"));
    assert_eq!((&before["board"]["capacity"], &before["board"]["creator"]["pid"]), (&3.into(), &slot["pid"]));
    assert_eq!(
        (&before["board"]["creator"]["alive"], text(&before["board"]["title"])),
        (&true.into(), "nightly build")
    );
    let path = finished.succeeds().stdout();
    let slot = only_slot(&sandbox);
    assert_eq!((text(&slot["state"]), &slot["done"], &slot["generation"]), ("done", &12.into(), &1.into()));
    sandbox.vx(&format!("board wait {}", path.trim())).succeeds();
    sandbox.vx("board ls").prints("done").prints("  1/1 ").prints("nightly build");
}

#[test]
fn numbers_without_a_step_are_those_of_running_work() {
    let sandbox = Sandbox::new();
    sandbox
        .script(
            "vx board create
             vx board put compile --done 3 --total 10
             vx board put planned --step queued --total 7
             vx board put waiting --step queued --done 2 --total 7
             vx board dump --json > first
             vx board put compile --done +1
             vx board put planned --done 1
             vx board put waiting --done +1
             vx board dump --json > second",
        )
        .succeeds();
    let slots = |file: &str| {
        let board = json(&sandbox.read(file));
        let slots = board["slots"].as_array().expect("slots").clone();
        let told = slots.iter().map(|slot| format!("{} {} {}", text(&slot["step"]), slot["done"], slot["total"]));
        told.collect::<Vec<_>>()
    };
    assert_eq!(slots("first"), ["running 3 10", "queued 0 7", "queued 2 7"]);
    assert_eq!(slots("second"), ["running 4 10", "running 1 7", "running 3 7"]);
}

#[test]
fn a_slot_belongs_to_the_script_also_from_a_subshell_a_pipeline_and_a_substitution() {
    let sandbox = Sandbox::new();
    let finished = sandbox.script(
        "board=$(vx board create; true)
         (vx board put a --done 1; true)
         seq 3 | while read n; do vx board put a --done +1; done
         ignored=$(vx board put a --done +1; true)
         vx board put a --done +1
         vx board dump --json > before
         echo $$",
    );
    let pid: u64 = finished.succeeds().stdout().trim().parse().expect("a number");
    let before = json(&sandbox.read("before"));
    assert_eq!(before["slots"].as_array().map(Vec::len), Some(1), "{before:#}");
    assert_eq!((&before["slots"][0]["done"], &before["slots"][0]["pid"]), (&6.into(), &pid.into()));
    assert_eq!(before["board"]["creator"]["pid"], pid);
}

#[test]
fn a_script_that_is_killed_leaves_a_lost_slot_on_an_abandoned_board() {
    let sandbox = Sandbox::new();
    let running = sandbox.start_script("vx board create; vx board put a --done 1 --total 3; exec sleep 600");
    sandbox.await_slot("a", "is there", |slot| slot["liveness"]["state"] == "alive");
    let watching = sandbox.start("board watch");
    let waiting = sandbox.start(&format!("board wait {}", running.pid()));
    running.signal(rustix::process::Signal::KILL);
    assert!(running.finish().signal().is_some());
    waiting.finish().fails_with("abandoned");
    let last = watching.finish().succeeds().stdout();
    let last = json(last.lines().last().expect("a line"));
    assert_eq!((text(&last["slots"][0]["liveness"]["state"]), &last["slots"][0]["done"]), ("lost", &1.into()));
    assert_eq!(last["board"]["creator"]["alive"], false);
    sandbox.vx("board ls").succeeds().prints("abandoned");
}

#[test]
fn scripts_and_installs_share_the_board_of_a_run() {
    let sandbox = slow(1);
    let running = sandbox.start("sync --headless");
    sandbox.await_slot("biome", "downloads", |slot| slot["step"] == "downloading");
    let put = format!("vx board put notes --board {} --message 'from a script'", running.pid());
    sandbox.script(&format!("{put}; vx board put notes --state done")).succeeds();
    let stranger = format!("vx board put biome --board {} --done 1", running.pid());
    sandbox.script(&stranger).fails_with("`biome` is on the board already").says("choose another key");
    sandbox.script(&format!("vx board close {}", running.pid())).fails_with("belongs to process");
    running.finish().succeeds();
    let slot = sandbox.slot("notes").expect("the script's slot");
    assert_eq!((text(&slot["state"]), text(&slot["message"])), ("done", "from a script"));
    sandbox.script(&put).fails_with("the board is closed");
}

#[test]
fn a_key_of_another_script_is_refused_until_that_is_gone() {
    let sandbox = Sandbox::new();
    let other = sandbox.start_script("vx board create shared; vx board put a --board shared; exec sleep 600");
    sandbox.await_slot("a", "is there", |slot| slot["state"] == "live");
    let put = "vx board put a --board shared --done 5";
    let whose = format!("it is process {}'s", other.pid());
    sandbox.script(put).fails_with("`a` is on the board already").says(&whose);
    sandbox.script(&format!("{put} --owner {}", other.pid())).succeeds();
    assert_eq!(sandbox.slot("a").expect("it")["done"], 5);
    other.signal(rustix::process::Signal::KILL);
    let _ = other.finish();
    sandbox.script(&format!("{put} --message mine")).succeeds();
    let slot = only_slot(&sandbox);
    assert_eq!((&slot["generation"], text(&slot["message"])), (&2.into(), "mine"));
}

#[test]
fn ending_a_slot_twice_keeps_the_first_end_and_a_failure_fails_the_board() {
    let sandbox = Sandbox::new();
    let finished = sandbox.script(
        "vx board create
         trap 'vx board put a --state cancelled; vx board close; vx board close --state done' EXIT
         vx board put a --state failed --error 'no such file'
         vx board put b
         vx board put c --state skipped --message 'nothing to do'",
    );
    finished.succeeds().says("`a` has ended before: failed").says("`b` has not ended");
    let board = sandbox.board().expect("a board");
    let states: Vec<&str> = board["slots"].as_array().expect("slots").iter().map(|slot| text(&slot["state"])).collect();
    assert_eq!(states, ["failed", "live", "skipped"]);
    assert_eq!(
        (text(&board["slots"][0]["error"]), text(&board["slots"][2]["message"])),
        ("no such file", "nothing to do")
    );
    assert_eq!(board["board"]["state"], "failed");
    sandbox.vx("board wait").fails_with("the run is failed");
}

#[test]
fn an_error_of_a_script_has_the_hint_it_was_given_and_no_kind() {
    let sandbox = Sandbox::new();
    let put = "vx board put a --state failed --error";
    sandbox.script(&format!("vx board create\n{put} 'no such file\nkind: disk\nhint: make it'")).succeeds();
    let slot = only_slot(&sandbox);
    assert_eq!((&slot["error_kind"], text(&slot["hint"])), (&serde_json::Value::Null, "make it"));
    assert_eq!(text(&slot["error"]), "no such file\n kind: disk\nhint: make it");
}

#[test]
fn a_name_is_given_again_once_its_board_is_over() {
    let sandbox = Sandbox::new();
    let nightly = "vx board create nightly; vx board put a --state done; vx board close";
    sandbox.script(nightly).succeeds();
    sandbox.vx("board wait nightly").succeeds();
    let running = sandbox.start_script("vx board create nightly --title second; exec sleep 600");
    eventually("it is made again", || {
        sandbox.board().filter(|board| board["board"]["title"] == "second" && board["slots"] == serde_json::json!([]))
    });
    sandbox.script(nightly).fails_with("the name is taken").says("still uses it");
    running.signal(rustix::process::Signal::KILL);
    let _ = running.finish();
    sandbox.script(nightly).succeeds();
    for name in ["12", "../x", ".x", "a/b", "a-name-that-is-much-too-long-to-be-one"] {
        sandbox.script(&format!("vx board create {name}")).refuses_with("cannot name a board");
    }
}

#[test]
fn an_impossible_report_is_refused_and_changes_nothing() {
    let sandbox = Sandbox::new();
    sandbox.script("vx board put a --done 1").fails_with("this script has no board").says("vx board create");
    sandbox
        .script("vx board close")
        .fails_with("this script has no board")
        .says(", or name one with `--board` (`vx board");
    sandbox.script("vx board put a --board none").fails_with("there is no board `none`");
    let refused = [
        ("put a --done many", "expected a number"),
        ("put a --done -1", "unexpected argument"),
        ("put a --state live", "possible values"),
        ("put a --error x", "--state"),
        ("put a --state done --error x", "`--error` goes with"),
        ("put ''", "a slot needs a key"),
        ("create --slots 0", "is not in"),
    ];
    for (words, text) in refused {
        sandbox.script(&format!("vx board {words}")).refuses_with(text);
    }
    sandbox.script("vx board create; vx board put a --owner 4194999").fails_with("there is no process 4194999");
    sandbox
        .script("vx board create; vx board put a --version 1; vx board put a --version 2")
        .fails_with("cannot change");
    let board = sandbox.board().expect("a board");
    assert_eq!(board["slots"][0]["version"], "1");
}

#[test]
fn calls_at_the_same_time_are_all_counted() {
    let sandbox = Sandbox::new();
    sandbox
        .script(
            "export VX_BOARD=$(vx board create)
             n=0; while [ $n -lt 40 ]; do vx board put a --done +1 & n=$((n + 1)); done; wait
             vx board put a --state done",
        )
        .succeeds();
    assert_eq!(only_slot(&sandbox)["done"], 40);
}
