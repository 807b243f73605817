//! Every key of the dashboard pressed once in a real terminal, and what comes of it looked at.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use super::{Tmux, exit_code, row};
use crate::held::Held;
use crate::sandbox::{Sandbox, eventually};

/// How long the log is that is scrolled and searched, in lines; every 300th of them says `needle`.
const LINES: usize = 5_000;

/// A sync of three tools, in a terminal: one that takes a minute to come, one that does not heed a request to stop, and
/// one that fails until there is a file `mended`.
struct Scene {
    /// Gone before the sandbox, in which nothing may be left.
    tmux: Tmux,
    sandbox: Sandbox,
}

impl Scene {
    fn start(options: &str) -> Option<Self> {
        let sandbox = Sandbox::new();
        let pager = sandbox.root().join("pager").display().to_string();
        let sandbox = sandbox.variable("PAGER", &pager);
        sandbox.publish_slowly("biome", "2.3.4", 3_600_000, 60_000);
        let archive = |tool: &str| {
            crate::registry::archive::tgz(&[crate::registry::archive::script(&format!("x/bin/{tool}"), "1.0.0")])
        };
        let deaf = sandbox.addressed("deaf", &archive("deaf"), ", postinstall = \"trap '' TERM; sleep 97; sleep 97\"");
        let root = sandbox.root().display();
        let command = format!("test -e {root}/mended || {{ echo the cause; exit 1; }}");
        let moody = sandbox.addressed("moody", &archive("moody"), &format!(", postinstall = \"{command}\""));
        sandbox.write("vx.toml", &format!("[tools]\nbiome = \"2.3.4\"\n{deaf}{moody}"));
        let tmux = Tmux::start(&sandbox)?;
        tmux.session(&sandbox, "sync");
        tmux.told(&["set-option", "-s", "set-clipboard", "on"]);
        tmux.type_line("sync", &format!("{} sync --tui {options} -j 4; echo \"code=$?\"", env!("CARGO_BIN_EXE_vx")));
        tmux.await_screen("sync", "all are where they stay", |screen| {
            let says = |tool, word| row(screen, tool).is_some_and(|row| row.contains(word));
            says("biome", "%") && says("moody", "failed") && says("deaf", "post-install")
        });
        Some(Self { sandbox, tmux })
    }

    fn sees(&self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        self.tmux.await_screen("sync", what, wanted)
    }

    /// Press a key and wait until the screen says this.
    fn press(&self, key: &str, says: &str) -> String {
        self.tmux.press("sync", key);
        self.sees(&format!("`{key}` leads to `{says}`"), |screen| screen.contains(says))
    }

    /// Press a key and wait until this tool's row is selected.
    fn selects(&self, key: &str, tool: &str) {
        self.tmux.press("sync", key);
        self.sees(&format!("`{key}` selects {tool}"), |screen| selected(screen) == Some(tool));
    }

    /// What a terminal sends for the mouse: button 0 pressed, or the wheel as buttons 64 and 65; from column and row 1.
    fn mouse(&self, button: u8, column: u16, row: u16) {
        let bytes = format!("\u{1b}[<{button};{column};{row}M");
        let bytes: Vec<String> = bytes.bytes().map(|byte| format!("{byte:02x}")).collect();
        let mut arguments = vec!["send-keys", "-t", "sync", "-H"];
        arguments.extend(bytes.iter().map(String::as_str));
        self.tmux.told(&arguments);
    }

    fn takes_the_mouse(&self) -> bool {
        self.tmux.told(&["display-message", "-p", "-t", "sync", "#{mouse_any_flag}"]) == "1"
    }

    /// The order of the rows, from the top.
    fn order(&self) -> Vec<&'static str> {
        let screen = self.tmux.screen("sync");
        let tool_of = |line: &str| ["biome", "deaf", "moody"].into_iter().find(|tool| row(line, tool).is_some());
        screen.lines().skip(3).take(3).filter_map(tool_of).collect()
    }

    fn log_of_moody(&self) -> PathBuf {
        let directories = fs::read_dir(self.sandbox.runtime()).expect("a directory").flatten();
        directories.map(|entry| entry.path().join("moody.log")).find(|path| path.is_file()).expect("a log")
    }
}

/// The tool of the row that the table points at.
fn selected(screen: &str) -> Option<&'static str> {
    let line = screen.lines().find(|line| line.starts_with('▸'))?;
    ["biome", "deaf", "moody"].into_iter().find(|tool| row(line, tool).is_some())
}

/// The row of the screen, from 1, that a line stands in.
fn row_number(screen: &str, wanted: impl Fn(&str) -> bool) -> u16 {
    let number = screen.lines().position(wanted).expect("such a line");
    u16::try_from(number + 1).expect("a row")
}

#[test]
fn every_key_does_what_the_list_of_keys_says() {
    let Some(scene) = Scene::start("") else { return };
    moving(&scene);
    tabs_and_order(&scene);
    the_mouse(&scene);
    a_long_log(&scene);
    out_of_the_view(&scene);
    plain_lines(&scene);
    trying_again(&scene);
    stopping(&scene);
    leaving(&scene);
}

fn moving(scene: &Scene) {
    let [first, second, third] = scene.order()[..] else { panic!("three rows: {:?}", scene.order()) };
    for (key, tool) in [
        ("g", first),
        ("j", second),
        ("k", first),
        ("Down", second),
        ("Up", first),
        ("G", third),
        ("Home", first),
        ("End", third),
        ("PPage", first),
        ("NPage", third),
    ] {
        scene.selects(key, tool);
    }
}

fn tabs_and_order(scene: &Scene) {
    for tab in ["[Timeline]", "[Error]", "[Info]", "[Log]"] {
        scene.press("Tab", tab);
    }
    scene.press("t", "[Timeline]");
    scene.press("Enter", "Esc back");
    scene.press("Escape", "Enter open");
    for _ in 0..3 {
        scene.press("Tab", "[");
    }
    scene.sees("the log is open", |screen| screen.contains("[Log]"));
    for order in ["name", "state", "size", "plan"] {
        scene.press("S", &format!("sorted by {order}"));
    }
    scene.tmux.press("sync", "/");
    scene.tmux.told(&["send-keys", "-t", "sync", "-l", "xmoo none"]);
    for key in ["C-w", "BSpace", "Home", "DC"] {
        scene.tmux.press("sync", key);
    }
    scene.sees("only what is filtered for", |screen| row(screen, "deaf").is_none() && row(screen, "moody").is_some());
    scene.press("Enter", "Esc show all");
    scene.tmux.press("sync", "Escape");
    scene.sees("all rows", |screen| row(screen, "deaf").is_some());
    let help = scene.press("?", "this list");
    for said in ["try the selected tool again", "Ctrl-Z", "open the whole log in $PAGER", "plain lines"] {
        assert!(help.contains(said), "{help}");
    }
    scene.tmux.press("sync", "Escape");
    scene.sees("the list is gone", |screen| !screen.contains("this list"));
}

fn the_mouse(scene: &Scene) {
    assert!(scene.takes_the_mouse());
    for tool in ["biome", "moody"] {
        let screen = scene.tmux.screen("sync");
        scene.mouse(0, 20, row_number(&screen, |line| row(line, tool).is_some()));
        scene.sees(&format!("a click selects {tool}"), |screen| selected(screen) == Some(tool));
    }
    let screen = scene.tmux.screen("sync");
    let tabs = row_number(&screen, |line| line.contains("[Log]"));
    let column = |tab: &str| {
        let line = screen.lines().nth(usize::from(tabs) - 1).expect("the tabs");
        let before = line.split(tab).next().expect("a tab").chars().count();
        u16::try_from(before + 2).expect("a column")
    };
    scene.mouse(0, column("Error"), tabs);
    scene.sees("a click opens a tab", |screen| screen.contains("[Error]") && screen.contains("the cause"));
    scene.press("Escape", "Enter open");
    let screen = scene.tmux.screen("sync");
    scene.mouse(0, column("Log"), row_number(&screen, |line| line.contains("[Error]")));
    scene.sees("another click", |screen| screen.contains("[Log]"));
}

fn a_long_log(scene: &Scene) {
    let line = |number: usize| format!("line {number}{}\n", if number % 300 == 7 { " a needle" } else { "" });
    let text: String = (0..LINES).map(line).collect();
    fs::write(scene.log_of_moody(), text).expect("a log");
    scene.sees("the newest line", |screen| screen.contains("line 4999"));
    let shown = scene.tmux.screen("sync");
    scene.mouse(64, 20, row_number(&shown, |line| line.contains("line 4999")));
    scene.sees("the wheel scrolls back", |screen| !screen.contains("line 4999") && screen.contains("line 4996"));
    scene.press("g", " line 0\n");
    scene.press("NPage", " line 30");
    scene.press("G", "line 4999");
    scene.tmux.press("sync", "PPage");
    scene.sees("a page back", |screen| !screen.contains("line 4999"));
    scene.press("G", "line 4999");

    scene.tmux.press("sync", "/");
    scene.tmux.told(&["send-keys", "-t", "sync", "-l", "NEEDLE"]);
    scene.press("Enter", "match 1/17");
    scene.sees("the first match is in view", |screen| screen.contains("▸line 7 a needle"));
    scene.press("n", "match 2/17");
    scene.sees("the second match is in view", |screen| screen.contains("▸line 307 a needle"));
    scene.press("N", "match 1/17");
    scene.press("N", "match 17/17");
    scene.sees("the last match is in view", |screen| screen.contains("▸line 4807 a needle"));
    scene.press("f", "line 4999");
}

fn out_of_the_view(scene: &Scene) {
    let log = fs::read(scene.log_of_moody()).expect("a log");
    scene.press("y", "copied ");
    let copied = eventually("the clipboard has it", || {
        let buffer = scene.tmux.run(&["show-buffer"]);
        buffer.status.success().then(|| String::from_utf8_lossy(&buffer.stdout).into_owned())
    });
    let lines: Vec<&str> = copied.lines().collect();
    assert!(lines.last() == Some(&"line 4999") && lines.len() >= 5 && lines.len() <= 30, "{copied}");

    for name in ["moody.log", "moody-2.log"] {
        scene.press("w", &format!("saved the log of moody as {name}"));
        assert!(fs::read(scene.sandbox.project().join(name)).expect("a file") == log, "{name} is the whole log");
    }

    scene.press("o", "cannot start the pager");
    assert!(scene.tmux.shows_the_other_screen("sync"));
    let pager = scene.sandbox.root().join("pager");
    fs::write(&pager, "#!/bin/sh\necho \"paged $(wc -l < \"$1\")\"\nread -r line\necho \"read $line\"\n")
        .expect("a file");
    fs::set_permissions(&pager, fs::Permissions::from_mode(0o755)).expect("a mode");
    scene.press("o", "paged 5000");
    assert!(!scene.tmux.shows_the_other_screen("sync"), "the pager has the screen that was there before");
    assert!(!scene.takes_the_mouse(), "and the mouse");
    scene.tmux.type_line("sync", "typed");
    scene.sees("the view is back", |screen| screen.contains("line 4999"));
    assert!(scene.tmux.shows_the_other_screen("sync") && scene.takes_the_mouse());

    // What is typed there is the pager's: the run goes on.
    scene.press("o", "paged 5000");
    scene.press("C-c", "the pager");
    scene.sees("the view is back", |screen| screen.contains("[Log]"));
    std::thread::sleep(std::time::Duration::from_millis(300));
    let board = scene.sandbox.board().expect("a board");
    let slots = board["slots"].as_array().expect("slots");
    assert!(slots.iter().all(|slot| slot["state"] != "cancelled"), "{board}");
}

fn plain_lines(scene: &Scene) {
    // The log has the keys still: its lines, all of them.
    scene.tmux.press("sync", "s");
    eventually("the normal screen is back", || (!scene.tmux.shows_the_other_screen("sync")).then_some(()));
    scene.sees("the log's end", |screen| screen.contains("line 4999"));
    scene.tmux.press("sync", "s");
    scene.sees("the view is back", |screen| screen.contains("[Log]"));
    append(scene, "said meanwhile");
    scene.tmux.press("sync", "s");
    let screen = scene.sees("what was missed", |screen| screen.contains("said meanwhile"));
    let missed: Vec<&str> = screen.lines().skip_while(|line| !line.contains("line 4999")).collect();
    assert!(missed.iter().filter(|line| line.contains("line 4999")).count() == 1, "told once:\n{screen}");
    append(scene, "said now");
    scene.sees("what is new", |screen| screen.contains("said now"));
    assert!(screen.contains("--- the log of moody; s goes back ---"), "{screen}");
    scene.press("s", "[Log]");

    scene.press("Escape", "Enter open");
    scene.press("s", "--- the run; s goes back ---");
    scene.sees("the run's lines", |screen| {
        let run: Vec<&str> = screen.lines().skip_while(|line| !line.contains("the run;")).collect();
        run.iter().any(|line| line.contains("moody") && line.contains("failed"))
            && run.iter().any(|line| line.contains("biome"))
    });
    scene.press("s", "[Log]");
}

fn append(scene: &Scene, line: &str) {
    use std::io::Write;
    let mut file = fs::OpenOptions::new().append(true).open(scene.log_of_moody()).expect("a log");
    writeln!(file, "{line}").expect("it is written");
}

fn trying_again(scene: &Scene) {
    fs::write(scene.sandbox.root().join("mended"), "").expect("a file");
    select(scene, "moody");
    scene.tmux.press("sync", "r");
    scene.sees("its row says so", |screen| row(screen, "moody").is_some_and(|row| row.contains("done")));
    scene.sandbox.await_slot("moody", "was tried twice", |slot| slot["state"] == "done" && slot["attempt"] == 2);
    let board = scene.sandbox.board().expect("a board");
    let slots = board["slots"].as_array().expect("slots");
    assert_eq!(slots.iter().filter(|slot| slot["key"] == "moody").count(), 1, "{board}");
    assert!(fs::read_to_string(scene.log_of_moody()).expect("a log").contains("--- attempt 2 ---"));
}

fn stopping(scene: &Scene) {
    select(scene, "deaf");
    // So it does not get to stop its post-install command.
    let held = Held::of(&scene.sandbox.slot("deaf").expect("a slot"));
    scene.press("x", "asked deaf to stop; x again kills it");
    if held.is_some() {
        let named = "x again kills deaf: pid ";
        let screen = scene.sees("who does not listen is named", |screen| screen.contains(named));
        let (last, row) = (screen.lines().last().unwrap_or_default(), row(&screen, "deaf").unwrap_or_default());
        assert!(last.starts_with(named) && last.contains("ignores SIGTERM"), "{screen}");
        assert!(row.contains("stopping") && row.contains("ignores SIGTERM"), "{screen}");
        scene.tmux.press("sync", "x");
    }
    if let Some(held) = held {
        held.await_kill();
    }
    scene.sandbox.await_slot("deaf", "is cancelled", |slot| slot["state"] == "cancelled");
    let left = scene.sandbox.processes();
    assert!(!left.iter().any(|process| process.command.contains("sleep 97")), "cancelled, and left: {left:?}");
}

fn leaving(scene: &Scene) {
    scene.tmux.press("sync", "C-z");
    scene.sees("it is stopped", |screen| screen.contains("Stopped"));
    assert!(!scene.tmux.shows_the_other_screen("sync") && !scene.takes_the_mouse());
    scene.tmux.type_line("sync", "fg; echo \"code=$?\"");
    scene.sees("it goes on", |screen| row(screen, "biome").is_some_and(|row| row.contains('%')));
    scene.press("q", "detach: the work goes on");
    scene.tmux.press("sync", "Escape");
    scene.sees("it stays", |screen| !screen.contains("detach: the work goes on"));
    scene.press("q", "detach: the work goes on");
    scene.tmux.press("sync", "d");
    eventually("the normal screen is back", || (!scene.tmux.shows_the_other_screen("sync")).then_some(()));
    assert!(!scene.takes_the_mouse());
    scene.sees("the work goes on below", |screen| {
        screen.lines().any(|line| line.contains("biome") && line.contains('%'))
    });
    scene.tmux.press("sync", "C-c");
    scene.sees("the run ends as cancelled", |screen| screen.lines().any(|line| line == "code=130"));
}

fn select(scene: &Scene, tool: &str) {
    let order = scene.order();
    scene.selects("g", order[0]);
    let place = order.iter().position(|other| *other == tool).expect("a row");
    order[1..=place].iter().for_each(|next| scene.selects("j", next));
}

#[test]
fn the_mouse_is_left_alone_where_nobody_wants_it_taken_and_control_c_cancels_all() {
    let Some(scene) = Scene::start("--no-mouse") else { return };
    assert!(!scene.takes_the_mouse());
    scene.tmux.press("sync", "C-c");
    let last = scene.sees("the run ends", |screen| exit_code(screen).is_some());
    assert_eq!(exit_code(&last), Some(130), "{last}");
    assert!(scene.sandbox.processes().iter().all(|process| !process.command.contains("sleep 97")));
}
