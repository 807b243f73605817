//! The mark of the processes that a run starts, and scripts that have the mark and use boards themselves.

use serde_json::Value;

use super::postinstall::with_postinstall;
use crate::support::registry::archive::{script, tgz};
use crate::support::sandbox::{Sandbox, slot_of, text};

const VX: &str = env!("CARGO_BIN_EXE_vx");

/// A file below the home directory of the sandbox's user.
fn written(sandbox: &Sandbox, name: &str) -> String {
    std::fs::read_to_string(sandbox.root().join("user").join(name)).unwrap_or_default()
}

/// A reading of the board in this file.
fn board(sandbox: &Sandbox, file: &str) -> Value {
    let dumped = sandbox.vx(&format!("board dump --json {file}")).succeeds().stdout();
    serde_json::from_str(&dumped).expect("JSON")
}

/// The keys of its slots.
fn keys(board: &Value) -> Vec<&str> {
    board["slots"].as_array().expect("slots").iter().map(|slot| text(&slot["key"])).collect()
}

#[test]
fn a_command_after_an_install_knows_the_board_and_the_slot_of_its_run() {
    let sandbox =
        with_postinstall(&format!("printenv VX_BOARD VX_SLOT > $HOME/mark; {VX} board put notes --state done"));
    sandbox.vx("sync --plain").succeeds();
    let mark = written(&sandbox, "mark");
    let [path, slot] = mark.lines().collect::<Vec<_>>()[..] else { panic!("{mark}") };
    let board = board(&sandbox, path);
    let of_tool = slot_of(&board, "hello").expect("its slot");
    let expected = format!("{}.{}.{}", of_tool["slot"], of_tool["generation"], text(&board["board"]["id"]));
    assert_eq!(slot, expected);
    assert_eq!(keys(&board), ["hello", "notes"], "a report without a board of its own is on the run's");
}

#[test]
fn a_board_that_a_marked_script_made_itself_is_nearer_than_the_runs() {
    let own = format!("{VX} board create own > $HOME/own; {VX} board put a --state done; {VX} board close");
    let named = format!("VX_BOARD=$({VX} board create named); export VX_BOARD; {VX} board put b --state done");
    let sandbox = with_postinstall(&format!("printenv VX_BOARD > $HOME/run; {own}; {named}"));
    sandbox.vx("sync --plain").succeeds();
    let run = board(&sandbox, written(&sandbox, "run").trim());
    assert_eq!(keys(&run), ["hello"]);
    let own = board(&sandbox, written(&sandbox, "own").trim());
    assert_eq!((keys(&own), text(&own["board"]["state"])), (vec!["a"], "done"));
    assert_eq!(keys(&board(&sandbox, "named")), ["b"]);
}

#[test]
fn a_sync_inside_an_install_marks_what_it_starts_with_its_own_board() {
    let print = |name: &str| format!("printenv VX_BOARD VX_SLOT > $HOME/{name}");
    let sandbox = with_postinstall(&format!("{}; {VX} sync --plain --project $HOME/inner", print("outer")));
    let inner = sandbox.addressed(
        "inner",
        &tgz(&[script("x/bin/inner", "1.0.0")]),
        &format!(", postinstall = \"{}\"", print("inner.mark")),
    );
    let project = sandbox.root().join("user/inner");
    std::fs::create_dir(&project).expect("a directory");
    std::fs::write(project.join("vx.toml"), format!("[tools]\n{inner}")).expect("a file");
    sandbox.vx("sync --plain").succeeds();
    let marks = [written(&sandbox, "outer"), written(&sandbox, "inner.mark")];
    let boards = marks.each_ref().map(|mark| board(&sandbox, mark.lines().next().unwrap_or_default()));
    assert_eq!(boards.each_ref().map(keys), [["hello"], ["inner"]], "{marks:?}");
    assert!(boards.iter().zip(&marks).all(|(board, mark)| mark.contains(text(&board["board"]["id"]))), "{marks:?}");
}
