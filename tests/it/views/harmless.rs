//! Foreign text cannot act on a terminal: every unprintable character is tried in every place that takes text, and
//! looked for in every output.

use std::fs;
use std::os::unix::fs::DirBuilderExt;

use vx_shm::{Board, BoardState, Ending, Kind, Slot};
use vx_status::vocabulary::Phase;
use vx_text::is_unprintable;

use crate::support::sandbox::{Finished, Sandbox};

/// Every unprintable character, in pieces of eight; of the thousands that are tags, only a few. Each follows a letter,
/// after which a joiner joins nothing.
fn pieces() -> Vec<String> {
    let tags = ['\u{e0001}', '\u{e0041}', '\u{e007f}', '\u{e0100}', '\u{e01ef}', '\u{e0fff}'];
    let others = ('\u{1}'..'\u{e0000}').filter(|character| is_unprintable(*character));
    let all: Vec<char> = others.chain(tags).collect();
    assert!(all.len() > 200);
    all.chunks(8).map(|eight| eight.iter().map(|character| format!("x{character}")).collect()).collect()
}

/// The first character that no output may contain. Line ends and tabs are allowed, because the output has its own;
/// other tests look for the text's.
fn unprintable_in(text: &str) -> Option<char> {
    text.replace("\r\n", "\n").chars().find(|character| is_unprintable(*character) && !matches!(character, '\n' | '\t'))
}

#[track_caller]
fn assert_harmless(of: &str, text: &str) {
    let found = unprintable_in(text);
    let around = found.and_then(|character| text.split_inclusive(character).next()).unwrap_or_default();
    let around: String = around.chars().rev().take(60).collect::<Vec<_>>().into_iter().rev().collect();
    assert_eq!(found, None, "{of} prints it after {around:?}");
}

#[track_caller]
fn is_harmless(of: &str, finished: Finished) -> Finished {
    assert_harmless(of, &finished.stdout());
    assert_harmless(of, &finished.stderr());
    finished
}

/// A board on which every text is one of the pieces.
fn hostile_board(sandbox: &Sandbox) -> Board {
    fs::DirBuilder::new().mode(0o700).create(sandbox.runtime()).expect("a directory");
    let pieces = pieces();
    let board = Board::create(&sandbox.runtime().join("hostile.board"), &pieces[0], 64).expect("a board");
    for piece in &pieces {
        let mut slot = Slot::join(board.path(), piece, piece, Kind::Task).expect("a slot");
        slot.enter(Phase::POST_INSTALL, Some(10));
        slot.message(piece);
        slot.details(&format!("{piece}\n{piece}"));
        slot.log_line(piece.as_bytes());
        slot.end(Ending::failed(format!("{piece}\n{piece}"))).expect("an end");
    }
    board
}

#[test]
fn a_board_reaches_no_output_as_anything_but_text() {
    let sandbox = Sandbox::new();
    let board = hostile_board(&sandbox);
    let _live = Slot::join(board.path(), &pieces()[1], "", Kind::Task).expect("a slot");
    is_harmless("close", sandbox.vx(&format!("board close {}", board.path().display())));
    board.close(BoardState::Failed);
    for words in ["ls", "ls --json", "dump", "dump --text", "dump --csv", "dump --json", "watch", "wait"] {
        let finished = is_harmless(words, sandbox.vx(&format!("board {words}")));
        assert!(words == "wait" || finished.stdout().contains('x'), "{words} prints the board");
    }
    let dumped = sandbox.vx("board dump --json").succeeds().stdout();
    let dumped: serde_json::Value = serde_json::from_str(&dumped).expect("JSON");
    assert_eq!(dumped["slots"][2]["key"], pieces()[2], "JSON holds what is on the board");
}

/// A project with a tool whose command prints all pieces and fails.
fn failing() -> Sandbox {
    let sandbox = Sandbox::new();
    let archive =
        crate::support::registry::archive::tgz(&[crate::support::registry::archive::script("x/bin/harm", "1.0.0")]);
    let text = sandbox.project().join("hard.txt");
    let harm =
        sandbox.addressed("harm", &archive, &format!(", postinstall = \"cat {0} {0} >&2; exit 7\"", text.display()));
    sandbox.write("hard.txt", &pieces().join("\n"));
    sandbox.config(&format!("[tools]\n{harm}"))
}

#[test]
fn the_output_of_a_command_reaches_no_view_and_no_file_as_anything_but_text() {
    let sandbox = failing().variable("GITHUB_ACTIONS", "true").variable("GITHUB_STEP_SUMMARY", "summary.md");
    for view in ["--plain", "--json", "--headless"] {
        let words = format!("sync {view} --dump dumps --trace run.json --timings run.html");
        let finished = is_harmless(view, sandbox.vx(&words).exits_with(1));
        let printed = finished.stdout() + &finished.stderr();
        assert!(printed.contains("xx") || printed.contains("x\\u"), "{view} prints the end of the output: {printed}");
        for file in ["dumps/final.json", "run.json", "run.html", "summary.md"] {
            let written = sandbox.read(file);
            assert!(view != "--plain" || written.contains("exit code 7") || file != "summary.md", "{file}: {written}");
            assert_harmless(file, &written);
        }
    }
}

#[test]
fn a_project_reaches_no_output_as_anything_but_text() {
    let toml =
        |text: &str| -> String { text.chars().map(|character| format!("\\U{:08x}", u32::from(character))).collect() };
    // All characters except line ends, which not every environment accepts in a variable.
    let hard = toml(&pieces().concat().replace('\n', ""));
    let sandbox = Sandbox::new().config(&format!(
        "[tools]\n[scripts]\nx = \"echo {hard}\"\n[scripts.y]\ncommand = \"true\"\ndescription = \"{hard}\"\n[env]\nHARD = \"{hard}\"\n"
    ));
    for words in [
        "config",
        "config --json",
        "run --list",
        "run x --script-help",
        "env --shell bash",
        "env --shell zsh",
        "env --shell fish",
        "env --shell powershell",
        "env --shell json",
        "doctor",
        "doctor --json",
        "list",
        "outdated",
        "sbom",
    ] {
        is_harmless(words, sandbox.vx(words));
    }
    let shown = sandbox.vx("env --shell bash").succeeds().stdout();
    assert!(shown.contains("HARD="), "{shown}");

    // Each error quotes the text that it is about.
    for wrong in [
        format!("[tools]\n\"{hard}\" = \"1\"\n"),
        format!("[tools]\nnode = \"{hard}\"\n"),
        format!("[tools]\nnode = {{ versio = \"{hard}\" }}\n"),
        format!("[tools]\nx = {{ version = \"1.0.0\", url = \"{hard}\" }}\n"),
        format!("[scripts]\nx = {{ \"{hard}\" = 1 }}\n"),
        format!("[settings]\n\"{hard}\" = 1\n"),
        format!("[ui.keys]\n\"{hard}\" = \"{hard}\"\n"),
        format!("\"{hard}\" = 1\n"),
        pieces().concat(),
    ] {
        let sandbox = Sandbox::new().config(&wrong);
        for words in ["config", "sync", "doctor", "run --list", "env", "which node", "lock", "outdated"] {
            is_harmless(&format!("{words} of {}", &wrong[..12]), sandbox.vx(words));
        }
    }
}

#[test]
fn the_words_of_a_caller_are_repeated_as_text() {
    let sandbox = Sandbox::new().config("[tools]\n");
    let hard: String = pieces().concat().replace('\n', "");
    for words in [
        "which",
        "run",
        "install",
        "uninstall",
        "x",
        "search",
        "board dump",
        "sync",
        "sync --jobs",
        "board close --state",
        "",
    ] {
        let mut command = sandbox.command(words);
        command.arg(&hard);
        is_harmless(words, sandbox.run(words, command).finish());
    }
}
