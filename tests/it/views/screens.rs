//! The bytes that vx sends to a terminal, depending on the environment and the user's settings.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::process::Signal;

use crate::support::held::Held;
use crate::support::pty::OnTerminal;
use crate::support::registry::page_path;
use crate::support::sandbox::{Sandbox, eventually, text};
use crate::support::server::Reply;

/// A project of one tool that takes about this many seconds to download.
fn slow(seconds: usize) -> Sandbox {
    let sandbox = Sandbox::new().config("[tools]\nbiome = \"2.3.4\"\n");
    sandbox.publish_slowly("biome", "2.3.4", seconds * 400_000, 400_000);
    sandbox
}

fn on_terminal(sandbox: &Sandbox, words: &str) -> OnTerminal {
    OnTerminal::start(sandbox.command(words))
}

fn moves(screen: &str) -> bool {
    screen.lines().any(|line| line.contains("biome") && line.contains('%'))
}

#[test]
fn where_nothing_may_be_drawn_over_lines_are_only_appended() {
    for (name, value) in [("CI", "1"), ("TERM", "dumb"), ("ACCESSIBLE", "1")] {
        let sandbox = slow(1).variable(name, value);
        let (code, text) = on_terminal(&sandbox, "sync").ends();
        assert_eq!(code, Some(0), "{name}: {text}");
        for line in ["biome 2.3.4: downloading", "biome 2.3.4: installed", "1 installed in"] {
            assert!(text.contains(line), "{name}: no `{line}` in {text}");
        }
        let moves = |character| matches!(character, '\u{1b}' | '\r' | '\u{8}');
        assert!(!text.replace("\r\n", "\n").contains(moves), "{name}: {text:?}");
        if name == "ACCESSIBLE" {
            assert!(text.is_ascii(), "{text}");
        }
    }
    let (code, text) = on_terminal(&slow(1), "sync").ends();
    assert_eq!(code, Some(0));
    assert!(text.contains("\u{1b}[") && !text.contains("biome 2.3.4: downloading"), "where it may, it is: {text:?}");
}

/// A terminal with a `vx top` on an unchanging board, with these settings in the home; colours are allowed.
fn top_with(settings: &str) -> (Sandbox, OnTerminal) {
    let sandbox = Sandbox::new().variable("NO_COLOR", "");
    std::fs::write(sandbox.home().join("vx.toml"), settings).expect("a file");
    sandbox.vx("board create work").succeeds();
    sandbox.vx("board put biome --phase downloading --done 3 --total 12").succeeds();
    let viewer = on_terminal(&sandbox, "top");
    viewer.await_screen("it is there", moves);
    (sandbox, viewer)
}

/// Returns whether any cell has a colour that is not one of the terminal's own sixteen.
fn has_own_colours(viewer: &OnTerminal) -> bool {
    viewer.read_screen(|screen| {
        let (rows, columns) = screen.size();
        let mut cells = (0..rows.get()).flat_map(|row| (0..columns.get()).map(move |column| (row, column)));
        cells.any(|(row, column)| {
            let colour = screen.cell(row, column).map_or(vt100::Color::Default, vt100::Cell::fgcolor);
            matches!(colour, vt100::Color::Idx(16..) | vt100::Color::Rgb(..))
        })
    })
}

#[test]
fn the_users_settings_reach_the_dashboard() {
    let (_sandbox, mut plain) = top_with("");
    assert!(plain.screen().contains("? help") && !has_own_colours(&plain), "{}", plain.screen());
    assert!(plain.text().contains("\u{1b}[?1000h"), "it takes the mouse");
    plain.press("q");
    assert_eq!(plain.ends_restored(), Some(0));

    let (_sandbox, mut viewer) = top_with("[ui]\nkeys.help = [\"F1\"]\nmouse = false\ntheme = \"dark\"\n");
    let screen = viewer.screen();
    assert!(screen.contains("F1 help") && !screen.contains("? help"), "{screen}");
    assert!(has_own_colours(&viewer), "the colours for a dark ground");
    // `?` is no longer bound, and the keys typed after it work.
    viewer.press("?j/");
    viewer.await_screen("the filter, not the list of keys", |screen| screen.contains("show only:"));
    viewer.press("\u{1b}");
    viewer.await_screen("no filter", |screen| !screen.contains("show only:"));
    viewer.press("\u{1b}OP");
    viewer.await_screen("the list of keys", |screen| screen.contains("this list"));
    viewer.press("\u{1b}OP");
    viewer.await_screen("no list", |screen| !screen.contains("this list"));
    viewer.press("q");
    assert!(!viewer.text().contains("\u{1b}[?1000h"), "it leaves the mouse alone");
    assert_eq!(viewer.ends_restored(), Some(0));
}

/// A terminal's answer about its background.
const WHITE: &str = "\u{1b}]11;rgb:ffff/ffff/ffff\u{7}";
/// The query for the background.
const QUESTION: &str = "\u{1b}]11;?\u{7}";

#[test]
fn a_late_answer_about_the_background_is_no_key_and_loses_none() {
    let (_sandbox, mut viewer) = top_with("");
    assert!(viewer.text().contains(QUESTION) && !has_own_colours(&viewer), "it does not wait for the answer");
    viewer.press(&format!("/b{WHITE}io"));
    viewer.await_screen("the keys around it", |screen| screen.contains("show only: bio_"));
    eventually("the colours for a light ground", || has_own_colours(&viewer).then_some(()));
    // A second answer is not expected, so the same bytes count as keys now, of which `r` and `b` are text.
    viewer.press("\u{1b}\u{1b}]11;");
    viewer.await_screen("no filter", |screen| !screen.contains("show only:"));
    viewer.press("q");
    assert_eq!(viewer.ends_restored(), Some(0));
}

#[test]
fn the_log_has_the_colours_that_a_command_prints_also_where_only_the_board_has_it() {
    let sandbox = Sandbox::new().variable("NO_COLOR", "");
    let mut build = sandbox.command("board run build -- printf");
    build.arg("\\033[31mred\\033[0m and \\033[1;44mplain\\033[0m\\n");
    sandbox.run("build", build).finish().exits_with(0);
    let mut viewer = on_terminal(&sandbox, "top");
    viewer.await_screen("it is there", |screen| screen.contains("? help"));
    viewer.press("l");
    viewer.await_screen("the log", |screen| screen.contains("red and plain"));
    let found = viewer.read_screen(|screen| {
        let row = (0_u16..).zip(screen.rows(0, 100)).find(|(_, text)| text.contains("red and plain"));
        let (row, text) = row.expect("it is there");
        let column = u16::try_from(text.find("red and").expect("it is there")).expect("a column");
        let cell = |column| screen.cell(row, column).expect("a cell");
        let (red, plain) = (cell(column), cell(column + 8));
        (red.fgcolor(), plain.fgcolor(), plain.bgcolor(), plain.bold())
    });
    assert_eq!(found, (vt100::Color::Idx(1), vt100::Color::Default, vt100::Color::Default, true));
    viewer.press("q");
    assert_eq!(viewer.ends_restored(), Some(0));
}

#[test]
fn keys_typed_before_the_view_and_its_question_are_there_reach_it() {
    let sandbox = Sandbox::new().variable("NO_COLOR", "");
    sandbox.vx("board create work").succeeds();
    sandbox.vx("board put biome --phase downloading --done 3 --total 12").succeeds();
    for (keys, shown) in [("/bio", "show only: bio_".to_owned()), (&format!("/b{WHITE}i"), "show only: bi_".to_owned())]
    {
        let mut viewer = on_terminal(&sandbox, "top");
        viewer.press(keys);
        let screen = viewer.await_screen("the keys", |screen| screen.contains(&shown));
        assert!(!screen.contains("rgb:"), "{screen}");
        viewer.press("\u{3}");
        assert_eq!(viewer.ends_restored(), Some(0));
    }
}

#[test]
fn an_index_that_does_not_answer_while_an_install_is_prepared_is_named() {
    let sandbox = Sandbox::new().config("[tools]\nbiome = \"2.3.4\"\nruff = \"0.9.0\"\n").offers("biome", "2.3.4");
    sandbox.registry().offer("ruff", "0.9.0");
    sandbox.vx("lock").succeeds();
    let gate = Arc::new(AtomicBool::new(false));
    sandbox.registry().server().serve(&page_path("ruff"), Reply::status(404).behind(&gate));
    std::fs::remove_dir_all(sandbox.home().join("cache/index")).expect("the documents are in the cache");
    for (words, line) in [("sync --tui", "○ ruff"), ("sync", "ruff"), ("sync --plain", "ruff 0.9.0")] {
        gate.store(false, Ordering::SeqCst);
        let run = on_terminal(&sandbox, words);
        let named =
            |screen: &str| screen.lines().any(|shown| shown.contains(line) && shown.contains("waiting for 127.0.0.1"));
        run.await_screen("the index is named", named);
        gate.store(true, Ordering::SeqCst);
        let over =
            |screen: &str| screen.contains("check which registry") && (words == "sync --plain" || !named(screen));
        let mut run = run;
        run.await_screen("the answer", over);
        if words == "sync --tui" {
            run.press("q");
        }
        assert_eq!(run.ends_with_modes_restored(), Some(1), "{words}");
    }
}

#[test]
fn keys_typed_ahead_of_the_view_of_a_chosen_board_reach_it() {
    let sandbox = Sandbox::new();
    for name in ["day", "night"] {
        sandbox.vx(&format!("board create {name}")).succeeds();
        sandbox.vx(&format!("board put --board {name} biome --phase downloading --done 3 --total 12")).succeeds();
    }
    let mut viewer = on_terminal(&sandbox, "top");
    viewer.await_screen("the list", |screen| screen.contains("Which board?"));
    viewer.press("\r/bio");
    viewer.await_screen("the keys", |screen| screen.contains("show only: bio_"));
    viewer.press("\u{3}");
    assert_eq!(viewer.ends_restored(), Some(0));
}

#[test]
fn an_escape_is_a_key_while_no_answer_comes() {
    let (_sandbox, mut viewer) = top_with("");
    viewer.press("/b");
    viewer.await_screen("a filter", |screen| screen.contains("show only: b_"));
    viewer.press("\u{1b}");
    viewer.await_screen("no filter", |screen| !screen.contains("show only:"));
    viewer.press("q");
    assert_eq!(viewer.ends_restored(), Some(0));
}

#[test]
fn a_terminal_whose_answer_changes_nothing_is_not_asked() {
    for (variable, settings) in
        [(("TERM", "dumb"), ""), (("TERM", "linux"), ""), (("NO_COLOR", "1"), ""), (("X", ""), "ui.theme = \"dark\"")]
    {
        let sandbox = Sandbox::new().variable("NO_COLOR", "").variable(variable.0, variable.1);
        std::fs::write(sandbox.home().join("vx.toml"), settings).expect("a file");
        sandbox.vx("board create work").succeeds();
        sandbox.vx("board put biome --phase downloading --done 3 --total 12").succeeds();
        let mut viewer = on_terminal(&sandbox, "top");
        viewer.await_screen("it is there", moves);
        viewer.press("q");
        viewer.await_screen("it is left", |screen| !screen.contains("? help"));
        assert!(!viewer.text().contains("]11;"), "{variable:?} {settings}");
        assert_eq!(viewer.ends_restored(), Some(0));
    }
}

#[test]
fn progress_is_shown_outside_the_cells_only_by_terminals_known_to_show_it() {
    let shows = |variables: &[(&str, &str)]| {
        let sandbox = variables.iter().fold(slow(1), |sandbox, (name, value)| sandbox.variable(name, value));
        let (code, text) = on_terminal(&sandbox, "sync").ends();
        assert_eq!(code, Some(0), "{text}");
        let signs = text.matches("\u{1b}]9;4;").count();
        assert!(signs == 0 || text.contains("\u{1b}]9;4;0"), "it is taken back: {text:?}");
        signs > 1
    };
    assert!(shows(&[("TERM_PROGRAM", "WezTerm")]));
    assert!(!shows(&[("TERM_PROGRAM", "WezTerm"), ("TMUX", "/tmp/tmux-0/default,1,0")]), "tmux swallows it");
    assert!(!shows(&[]), "nobody knows");
}

#[test]
fn the_final_table_does_not_wrap_after_a_failure() {
    let sandbox = Sandbox::new().config("[tools]\nbiome = \"2.3.4\"\n");
    let broken = sandbox.publish("biome", "2.3.4", 0);
    sandbox.registry().server().serve(&broken.path, Reply::status(404));
    let (code, text) = OnTerminal::sized(sandbox.command("sync"), (24, 60)).ends();
    assert_eq!(code, Some(1), "{text}");
    let rows: Vec<&str> = text.lines().filter(|line| line.contains("biome  2.3.4  failed: ")).collect();
    assert_eq!(rows.len(), 1, "{text}");
    // If rows were drawn before, codes that undo them come first.
    let row = rows[0][rows[0].rfind('✗').expect("a mark")..].trim_end();
    assert!(row.chars().count() <= 60 && row.contains('…'), "{row}");
    assert!(text.contains("404"), "the whole error is told below: {text}");
}

#[test]
fn a_cancel_in_the_question_how_to_leave_cancels_the_run() {
    let sandbox = slow(10);
    let mut run = on_terminal(&sandbox, "sync --tui");
    run.await_screen("it moves", moves);
    run.press("q");
    run.await_screen("it asks", |screen| screen.contains("detach: the work goes on"));
    run.press("c");
    assert_eq!(run.ends_restored(), Some(130));
    assert_eq!(text(&sandbox.slot("biome").expect("a slot")["state"]), "cancelled");
    assert_eq!(sandbox.installed(), Vec::<String>::new());
}

#[test]
fn a_second_control_c_in_the_dashboard_kills_a_child_that_ignores_the_first() {
    let sandbox = slow(10);
    let mut run = on_terminal(&sandbox, "sync --tui");
    run.await_screen("it moves", moves);
    let Some(held) = Held::from_slot(&sandbox.slot("biome").expect("a slot")) else { return };
    killed_by_the_second(held, || run.press("\u{3}"));
    assert_eq!(run.ends_restored(), Some(130));
    assert_eq!(text(&sandbox.slot("biome").expect("a slot")["state"]), "cancelled");
}

/// Interrupt twice: a process that ignores requests survives the first, and is killed by the second rather than by the
/// run's own timeout.
pub(crate) fn killed_by_the_second(held: Held, mut interrupt: impl FnMut()) {
    use std::time::{Duration, Instant};
    interrupt();
    std::thread::sleep(Duration::from_millis(500));
    assert!(held.is_there(), "asked once, it gets time");
    let asked = Instant::now();
    interrupt();
    held.await_kill();
    // Three seconds after the first request, the run would kill it anyway.
    assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
}

#[test]
fn a_signal_gives_the_terminal_back_while_lines_are_shown_in_place_of_the_view() {
    let sandbox = Sandbox::new();
    sandbox.vx("board create work").succeeds();
    sandbox.vx("board put biome --phase downloading --done 3 --total 12").succeeds();
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::INT, 130)] {
        let mut viewer = on_terminal(&sandbox, "top");
        viewer.await_screen("it is there", moves);
        viewer.press("s");
        viewer.await_screen("lines", |screen| screen.contains("--- the run; s goes back ---"));
        viewer.signal(signal);
        assert_eq!(viewer.ends_restored(), Some(code), "{signal:?}");
    }
}

#[test]
fn a_signal_gives_the_terminal_back_while_a_board_is_chosen() {
    let sandbox = Sandbox::new();
    sandbox.vx("board create day").succeeds();
    sandbox.vx("board create night").succeeds();
    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        let viewer = on_terminal(&sandbox, "top");
        viewer.await_screen("the list", |screen| screen.contains("Which board?"));
        viewer.signal(signal);
        assert!(viewer.ends_restored().is_some(), "{signal:?}");
    }
}

#[test]
fn a_finished_tool_has_one_line_in_the_columns_of_all_and_no_other_at_the_end() {
    let sandbox = Sandbox::new().config("[tools]\nbiome = \"2.3.4\"\nesbuild = \"0.27.0\"\nlefthook = \"2.0.1\"\n");
    sandbox.publish("biome", "2.3.4", 20_000);
    sandbox.publish("lefthook", "2.0.1", 300_000);
    let broken = sandbox.publish("esbuild", "0.27.0", 0);
    sandbox.registry().server().serve(&broken.path, Reply::status(404));
    let mut run = on_terminal(&sandbox, "sync");
    assert_eq!(run.ends_with_modes_restored(), Some(1));
    let screen = run.await_screen("the sums", |screen| screen.contains("2 installed, 1 failed in"));
    let rows = |tool: &str| screen.lines().filter(|line| line.split_whitespace().nth(1) == Some(tool)).count();
    assert_eq!(["biome", "esbuild", "lefthook"].map(rows), [1, 1, 1], "{screen}");
    let columns: Vec<usize> = screen.lines().filter_map(|line| line.find("installed ")).collect();
    assert!(columns.len() == 2 && columns[0] == columns[1], "{screen}");
    assert_eq!(screen.matches("esbuild 0.27.0 failed\n").count(), 1, "its error is told once: {screen}");
}

#[test]
fn a_terminal_without_a_size_gets_plain_lines() {
    let (code, text) = OnTerminal::sized(slow(1).command("sync"), (0, 0)).ends();
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("biome 2.3.4: installed") && !text.contains('\u{1b}'), "{text:?}");
}
