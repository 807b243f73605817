//! Scripts of `vx run`: an earlier script ends with vx, and the last takes the place of vx and adopts nothing.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::support::registry::archive::{script, tgz};
use crate::support::sandbox::{Sandbox, eventually};

fn asleep(sandbox: &Sandbox) -> usize {
    sandbox.processes().iter().filter(|process| process.command.starts_with("sleep 97")).count()
}

#[test]
fn an_earlier_script_is_ended_with_all_below_it_when_vx_is_asked_to_end() {
    let sandbox = Sandbox::new();
    let before = "trap 'exit 0' TERM; (trap '' TERM; setsid sleep 97) & sleep 97 & wait";
    sandbox.write(
        "vx.toml",
        &format!("[scripts]\nall = {{ command = \"echo never\", depends = [\"before\"] }}\nbefore = \"{before}\"\n"),
    );
    let running = sandbox.start("run all");
    eventually("both sleep", || (asleep(&sandbox) == 2).then_some(()));
    let start = Instant::now();
    running.signal(Signal::TERM);
    let finished = running.finish();
    assert_eq!((finished.signal(), finished.stdout().as_str()), (Some(15), ""));
    assert_eq!(sandbox.processes(), [], "they outlived vx");
    assert!(start.elapsed() < Duration::from_secs(6), "{:?}", start.elapsed());
}

#[test]
fn a_daemon_of_an_earlier_script_outlives_it() {
    let sandbox = Sandbox::new();
    let before = "(setsid sleep 97 <&- >&- 2>&- &)";
    sandbox.write(
        "vx.toml",
        &format!("[scripts]\nall = {{ command = \"echo then\", depends = [\"before\"] }}\nbefore = \"{before}\"\n"),
    );
    let finished = sandbox.vx("run all").succeeds();
    assert_eq!(finished.stdout(), "then\n");
    let left = eventually("the daemon sleeps", || (!sandbox.processes().is_empty()).then(|| sandbox.processes()));
    left.iter().for_each(|process| crate::support::sandbox::send(process.pid, Signal::KILL));
}

#[test]
fn a_script_in_the_place_of_vx_adopts_nothing() {
    let sandbox = Sandbox::new();
    let tool = sandbox.addressed("hello", &tgz(&[script("x/bin/hello", "1.0.0")]), "");
    // Print the orphan's parent, after an install in the same process, and the shell that took the place of vx.
    let command =
        "( (sleep 1 & echo $! > orphan) ); read -r _ _ _ parent _ < /proc/$(cat orphan)/stat; echo $parent $$";
    sandbox.write("vx.toml", &format!("[tools]\n{tool}[scripts]\nlook = \"{command}\"\n"));
    let shown = sandbox.vx("run look").succeeds().stdout();
    let numbers: Vec<&str> = shown.split_whitespace().collect();
    assert!(numbers.len() == 2 && numbers[0] != numbers[1], "{shown}");
    assert_eq!(sandbox.installed(), ["hello 1.0.0"]);
}
