//! Exit statuses of trees, of trees that leave a process behind, and of children of the standard library, all at once.

use std::process::{Command, Stdio};
use std::time::Duration;

use vx_process::{Exit, OrphanAdoption, ProcessTree, this_is_vx};

use super::roles::{in_role, launch};
use super::torture;
use crate::support::skipped::skipped;

/// The number of each kind in an ordinary run.
const USUAL: usize = 8;
/// The longest that all may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// Start this many of each kind, then compare each status with the expected one. Returns the exit code.
pub(super) fn count(number: usize, as_vx: bool) -> i32 {
    if as_vx {
        this_is_vx();
    }
    let _adoption = OrphanAdoption::begin();
    let linger = Duration::from_secs(2);
    let shell = |text: String| vec!["-c".into(), text.into()];
    let start = |text| ProcessTree::start(launch(shell(text), linger, linger)).expect("a tree");
    let (mut wrong, mut lost_of_std) = (0, 0);
    std::thread::scope(|scope| {
        let parts = [0, 1, 2, 3].map(|part| {
            scope.spawn(move || {
                let mut started = Vec::new();
                for code in (part..number).step_by(4).map(|number| (number % 250) as i32) {
                    let own = start(format!("exit {code}"));
                    let leaving = start("(setsid sleep 0.3 &) ; exit 7".to_owned());
                    let child = Command::new("/bin/sh").args(["-c", &format!("exit {code}")]).spawn().expect("a shell");
                    started.push((code, own, leaving, child));
                }
                let (mut wrong, mut lost_of_std) = (0, 0);
                for (code, mut own, mut leaving, mut child) in started {
                    let mut is = |tree: &mut ProcessTree, code| {
                        let end = tree.wait(PATIENCE);
                        if !matches!(&end, Ok(Some(end)) if end.exit == Exit::Code(code)) {
                            println!("expected exit code {code}: {end:?}");
                            wrong += 1;
                        }
                    };
                    is(&mut own, code);
                    is(&mut leaving, 7);
                    lost_of_std += usize::from(child.wait().ok().and_then(|status| status.code()) != Some(code));
                }
                (wrong, lost_of_std)
            })
        });
        for part in parts {
            let (of_trees, of_std) = part.join().expect("no thread panicked");
            wrong += of_trees;
            lost_of_std += of_std;
        }
    });
    println!(
        "{number} trees, {number} that leave one behind, {number} of std: {wrong} and {lost_of_std} statuses lost"
    );
    // A program that goes on ignoring the end of its children loses the statuses of the standard library's.
    i32::from(wrong > 0 || lost_of_std > 0 && as_vx)
}

/// Run the role; if `ignored`, it inherits that the end of children is ignored.
fn play(as_vx: bool, ignored: bool) {
    let number = (USUAL * torture()).min(500);
    let role = in_role("statuses", &[number.to_string(), if as_vx { "vx" } else { "embedding" }.to_owned()]);
    // Shells don't pass this on to the programs they start.
    let mut command = Command::new("env");
    command.args(ignored.then_some("--ignore-signal=CHLD")).arg(role.get_program()).args(role.get_args());
    command.envs(role.get_envs().filter_map(|(name, value)| Some((name, value?)))).stdin(Stdio::null());
    let output = command.output().expect("a program");
    println!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "statuses were lost");
}

/// Returns whether programs can be started on this machine with the end of children ignored.
fn can_ignore() -> bool {
    Command::new("env").args(["--ignore-signal=CHLD", "true"]).output().is_ok_and(|output| output.status.success())
}

#[test]
fn no_status_is_lost_among_trees_their_strays_and_other_children() {
    play(true, false);
}

#[test]
fn no_status_is_lost_in_a_vx_that_was_started_with_the_end_of_children_ignored() {
    if can_ignore() {
        play(true, true);
    } else {
        skipped("`env --ignore-signal` of coreutils is not here");
    }
}

#[test]
fn the_status_of_a_tree_is_not_lost_in_a_program_that_ignores_the_end_of_its_children() {
    if can_ignore() {
        play(false, true);
    } else {
        skipped("`env --ignore-signal` of coreutils is not here");
    }
}
