//! Every key of the dashboard pressed once in a real terminal, and its effect on the screen.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use super::{Tmux, exit_code, row};
use crate::support::held::Held;
use crate::support::sandbox::{Sandbox, eventually};

/// The number of lines in the log that is scrolled and searched; every 300th line has `needle`.
const LINES: usize = 5_000;

/// A sync of three tools in a terminal: the first takes a minute to download, the second ignores a request to stop, and
/// the third fails until there is a file `mended`.
struct Dashboard {
    /// Dropped before the sandbox, which asserts that no process is left in it.
    tmux: Tmux,
    sandbox: Sandbox,
}

impl Dashboard {
    fn start(options: &str) -> Option<Self> {
        let sandbox = Sandbox::new();
        let pager = sandbox.root().join("pager").display().to_string();
        let sandbox = sandbox.variable("PAGER", &pager);
        sandbox.publish_slowly("biome", "2.3.4", 3_600_000, 60_000);
        let archive = |tool: &str| {
            crate::support::registry::archive::tgz(&[crate::support::registry::archive::script(
                &format!("x/bin/{tool}"),
                "1.0.0",
            )])
        };
        let deaf = sandbox.addressed("deaf", &archive("deaf"), ", postinstall = \"trap '' TERM; sleep 97; sleep 97\"");
        let root = sandbox.root().display();
        let command = format!("test -e {root}/mended || {{ echo the cause; exit 1; }}");
        let moody = sandbox.addressed("moody", &archive("moody"), &format!(", postinstall = \"{command}\""));
        sandbox.write("vx.toml", &format!("[tools]\nbiome = \"2.3.4\"\n{deaf}{moody}"));
        let tmux = Tmux::start(&sandbox)?;
        tmux.session(&sandbox, "sync");
        tmux.output(&["set-option", "-s", "set-clipboard", "on"]);
        tmux.type_line("sync", &format!("{} sync --tui {options} -j 4; echo \"code=$?\"", env!("CARGO_BIN_EXE_vx")));
        tmux.await_screen("sync", "all are where they stay", |screen| {
            let says = |tool, word| row(screen, tool).is_some_and(|row| row.contains(word));
            says("biome", "%") && says("moody", "✗") && says("deaf", "●")
        });
        sandbox.await_slot("deaf", "runs its command", |slot| slot["step"] == "post-install");
        Some(Self { sandbox, tmux })
    }

    fn sees(&self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        self.tmux.await_screen("sync", what, wanted)
    }

    /// Press a key and wait until the screen has this text.
    fn press(&self, key: &str, says: &str) -> String {
        self.tmux.press("sync", key);
        self.sees(&format!("`{key}` leads to `{says}`"), |screen| screen.contains(says))
    }

    /// Press a key and wait until this tool's row is selected.
    fn selects(&self, key: &str, tool: &str) {
        self.tmux.press("sync", key);
        self.sees(&format!("`{key}` selects {tool}"), |screen| selected(screen) == Some(tool));
    }

    /// Send the bytes of a terminal's mouse event: button 0 pressed, or the wheel as buttons 64 and 65. Columns and
    /// rows count from 1.
    fn mouse(&self, button: u8, column: u16, row: u16) {
        let bytes = format!("\u{1b}[<{button};{column};{row}M");
        let bytes: Vec<String> = bytes.bytes().map(|byte| format!("{byte:02x}")).collect();
        let mut arguments = vec!["send-keys", "-t", "sync", "-H"];
        arguments.extend(bytes.iter().map(String::as_str));
        self.tmux.output(&arguments);
    }

    fn takes_the_mouse(&self) -> bool {
        self.tmux.output(&["display-message", "-p", "-t", "sync", "#{mouse_any_flag}"]) == "1"
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

/// The tool of the selected row.
fn selected(screen: &str) -> Option<&'static str> {
    let line = screen.lines().find(|line| line.starts_with('▌'))?;
    ["biome", "deaf", "moody"].into_iter().find(|tool| row(line, tool).is_some())
}

/// The row of the wanted line on the screen, from 1.
fn row_number(screen: &str, wanted: impl Fn(&str) -> bool) -> u16 {
    let number = screen.lines().position(wanted).expect("such a line");
    u16::try_from(number + 1).expect("a row")
}

#[test]
fn every_key_does_as_the_list_of_keys_describes() {
    let Some(dashboard) = Dashboard::start("") else { return };
    moving(&dashboard);
    tabs_and_order(&dashboard);
    the_mouse(&dashboard);
    a_long_log(&dashboard);
    out_of_the_view(&dashboard);
    plain_lines(&dashboard);
    trying_again(&dashboard);
    stopping(&dashboard);
    leaving(&dashboard);
}

fn moving(dashboard: &Dashboard) {
    dashboard
        .sees("a failure is opened by itself", |screen| screen.contains("[Error]") && screen.contains("the cause"));
    dashboard.tmux.press("sync", "g");
    let [first, second, third] = dashboard.order()[..] else { panic!("three rows: {:?}", dashboard.order()) };
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
        dashboard.selects(key, tool);
    }
}

fn tabs_and_order(dashboard: &Dashboard) {
    for (key, tab) in [("l", "[Log]"), ("Tab", "[Error]"), ("Tab", "[Info]"), ("Tab", "[Log]"), ("i", "[Info]")] {
        dashboard.press(key, tab);
    }
    dashboard.press("Enter", "Esc back");
    dashboard.press("Escape", "Enter open");
    select(dashboard, "moody");
    dashboard.press("e", "[Error]");
    dashboard.press("l", "[Log]");
    for order in ["name", "state", "size", "plan"] {
        dashboard.press("S", &format!("sorted by {order}"));
    }
    dashboard.tmux.press("sync", "/");
    dashboard.tmux.output(&["send-keys", "-t", "sync", "-l", "xmoo none"]);
    for key in ["C-w", "BSpace", "Home", "DC"] {
        dashboard.tmux.press("sync", key);
    }
    dashboard
        .sees("only what is filtered for", |screen| row(screen, "deaf").is_none() && row(screen, "moody").is_some());
    dashboard.press("Enter", "Esc show all");
    dashboard.tmux.press("sync", "Escape");
    dashboard.sees("all rows", |screen| row(screen, "deaf").is_some());
    let said = ["this list", "try the selected work again", "Ctrl-Z", "open the whole log in $PAGER", "plain lines"];
    dashboard.tmux.press("sync", "?");
    dashboard.sees("the list of keys", |screen| said.iter().all(|said| screen.contains(said)));
    dashboard.tmux.press("sync", "Escape");
    dashboard.sees("the list is gone", |screen| !screen.contains("this list"));
}

fn the_mouse(dashboard: &Dashboard) {
    assert!(dashboard.takes_the_mouse());
    for tool in ["biome", "moody"] {
        let screen = dashboard.tmux.screen("sync");
        dashboard.mouse(0, 20, row_number(&screen, |line| row(line, tool).is_some()));
        dashboard.sees(&format!("a click selects {tool}"), |screen| selected(screen) == Some(tool));
    }
    let screen = dashboard.tmux.screen("sync");
    let tabs = row_number(&screen, |line| line.contains("[Log]"));
    let column = |tab: &str| {
        let line = screen.lines().nth(usize::from(tabs) - 1).expect("the tabs");
        let before = line.split(tab).next().expect("a tab").chars().count();
        u16::try_from(before + 2).expect("a column")
    };
    dashboard.mouse(0, column("Error"), tabs);
    dashboard.sees("a click opens a tab", |screen| screen.contains("[Error]") && screen.contains("the cause"));
    dashboard.press("Escape", "Enter open");
    let screen = dashboard.tmux.screen("sync");
    dashboard.mouse(0, column("Log"), row_number(&screen, |line| line.contains("[Error]")));
    dashboard.sees("another click", |screen| screen.contains("[Log]"));
}

fn a_long_log(dashboard: &Dashboard) {
    let line = |number: usize| format!("line {number}{}\n", if number % 300 == 7 { " a needle" } else { "" });
    let text: String = (0..LINES).map(line).collect();
    fs::write(dashboard.log_of_moody(), text).expect("a log");
    dashboard.sees("the newest line", |screen| screen.contains("line 4999"));
    let shown = dashboard.tmux.screen("sync");
    dashboard.mouse(64, 20, row_number(&shown, |line| line.contains("line 4999")));
    dashboard.sees("the wheel scrolls back", |screen| !screen.contains("line 4999") && screen.contains("line 4996"));
    dashboard.press("g", " line 0\n");
    dashboard.press("NPage", " line 30");
    dashboard.press("G", "line 4999");
    dashboard.tmux.press("sync", "PPage");
    dashboard.sees("a page back", |screen| !screen.contains("line 4999"));
    dashboard.press("G", "line 4999");

    dashboard.tmux.press("sync", "/");
    dashboard.tmux.output(&["send-keys", "-t", "sync", "-l", "NEEDLE"]);
    dashboard.press("Enter", "match 1/17");
    dashboard.sees("the first match is in view", |screen| screen.contains("▌line 7 a needle"));
    dashboard.press("n", "match 2/17");
    dashboard.sees("the second match is in view", |screen| screen.contains("▌line 307 a needle"));
    dashboard.press("N", "match 1/17");
    dashboard.press("N", "match 17/17");
    dashboard.sees("the last match is in view", |screen| screen.contains("▌line 4807 a needle"));
    dashboard.press("f", "line 4999");
}

fn out_of_the_view(dashboard: &Dashboard) {
    let log = fs::read(dashboard.log_of_moody()).expect("a log");
    dashboard.press("y", "copied ");
    let copied = eventually("the clipboard has it", || {
        let buffer = dashboard.tmux.run(&["show-buffer"]);
        buffer.status.success().then(|| String::from_utf8_lossy(&buffer.stdout).into_owned())
    });
    let lines: Vec<&str> = copied.lines().collect();
    assert!(lines.last() == Some(&"line 4999") && lines.len() >= 5 && lines.len() <= 30, "{copied}");

    for name in ["moody.log", "moody-2.log"] {
        dashboard.press("w", &format!("saved the log of moody as {name}"));
        assert!(fs::read(dashboard.sandbox.project().join(name)).expect("a file") == log, "{name} is the whole log");
    }

    dashboard.press("o", "cannot start the pager");
    assert!(dashboard.tmux.shows_the_other_screen("sync"));
    let pager = dashboard.sandbox.root().join("pager");
    fs::write(&pager, "#!/bin/sh\necho \"paged $(wc -l < \"$1\")\"\nread -r line\necho \"read $line\"\n")
        .expect("a file");
    fs::set_permissions(&pager, fs::Permissions::from_mode(0o755)).expect("a mode");
    dashboard.press("o", "paged 5000");
    assert!(!dashboard.tmux.shows_the_other_screen("sync"), "the pager has the screen that was there before");
    assert!(!dashboard.takes_the_mouse(), "and the mouse");
    dashboard.tmux.type_line("sync", "typed");
    dashboard.sees("the view is back", |screen| screen.contains("line 4999"));
    assert!(dashboard.tmux.shows_the_other_screen("sync") && dashboard.takes_the_mouse());

    // Keys typed in the pager do not affect the run.
    dashboard.press("o", "paged 5000");
    dashboard.press("C-c", "the pager");
    dashboard.sees("the view is back", |screen| screen.contains("[Log]"));
    std::thread::sleep(std::time::Duration::from_millis(300));
    let board = dashboard.sandbox.board().expect("a board");
    let slots = board["slots"].as_array().expect("slots");
    assert!(slots.iter().all(|slot| slot["state"] != "cancelled"), "{board}");
}

fn plain_lines(dashboard: &Dashboard) {
    // The log still has the focus, so `s` shows all of its lines.
    dashboard.tmux.press("sync", "s");
    eventually("the normal screen is back", || (!dashboard.tmux.shows_the_other_screen("sync")).then_some(()));
    dashboard.sees("the log's end", |screen| screen.contains("line 4999"));
    dashboard.tmux.press("sync", "s");
    dashboard.sees("the view is back", |screen| screen.contains("[Log]"));
    append(dashboard, "said meanwhile");
    dashboard.tmux.press("sync", "s");
    let screen = dashboard.sees("what was missed", |screen| screen.contains("said meanwhile"));
    let missed: Vec<&str> = screen.lines().skip_while(|line| !line.contains("line 4999")).collect();
    assert!(missed.iter().filter(|line| line.contains("line 4999")).count() == 1, "told once:\n{screen}");
    append(dashboard, "said now");
    dashboard.sees("what is new", |screen| screen.contains("said now"));
    assert!(screen.contains("--- the log of moody; s goes back ---"), "{screen}");
    dashboard.press("s", "[Log]");

    dashboard.press("Escape", "Enter open");
    dashboard.press("s", "--- the run; s goes back ---");
    dashboard.sees("the run's lines", |screen| {
        let run: Vec<&str> = screen.lines().skip_while(|line| !line.contains("the run;")).collect();
        run.iter().any(|line| line.contains("moody") && line.contains("failed"))
            && run.iter().any(|line| line.contains("biome"))
    });
    dashboard.press("s", "[Log]");
}

fn append(dashboard: &Dashboard, line: &str) {
    use std::io::Write;
    let mut file = fs::OpenOptions::new().append(true).open(dashboard.log_of_moody()).expect("a log");
    writeln!(file, "{line}").expect("it is written");
}

fn trying_again(dashboard: &Dashboard) {
    fs::write(dashboard.sandbox.root().join("mended"), "").expect("a file");
    select(dashboard, "moody");
    dashboard.tmux.press("sync", "r");
    dashboard.sees("its row says so", |screen| row(screen, "moody").is_some_and(|row| row.contains('✓')));
    dashboard.sandbox.await_slot("moody", "was tried twice", |slot| slot["state"] == "done" && slot["attempt"] == 2);
    let board = dashboard.sandbox.board().expect("a board");
    let slots = board["slots"].as_array().expect("slots");
    assert_eq!(slots.iter().filter(|slot| slot["key"] == "moody").count(), 1, "{board}");
    assert!(fs::read_to_string(dashboard.log_of_moody()).expect("a log").contains("--- attempt 2 ---"));
}

fn stopping(dashboard: &Dashboard) {
    select(dashboard, "deaf");
    // A held install cannot stop its post-install command.
    let held = Held::from_slot(&dashboard.sandbox.slot("deaf").expect("a slot"));
    dashboard.press("x", "asked deaf to stop; x again kills it");
    if held.is_some() {
        let named = "x again kills deaf: pid ";
        let screen = dashboard.sees("who does not listen is named", |screen| screen.contains(named));
        let (last, row) = (screen.lines().last().unwrap_or_default(), row(&screen, "deaf").unwrap_or_default());
        assert!(last.starts_with(named) && last.contains("ignores SIGTERM"), "{screen}");
        assert!(row.contains('■') && row.contains("ignores SIGTERM"), "{screen}");
        dashboard.tmux.press("sync", "x");
    }
    if let Some(held) = held {
        held.await_kill();
    }
    dashboard.sandbox.await_slot("deaf", "is cancelled", |slot| slot["state"] == "cancelled");
    let left = dashboard.sandbox.processes();
    assert!(!left.iter().any(|process| process.command.contains("sleep 97")), "cancelled, and left: {left:?}");
}

fn leaving(dashboard: &Dashboard) {
    dashboard.tmux.press("sync", "C-z");
    dashboard.sees("it is stopped", |screen| screen.contains("Stopped"));
    assert!(!dashboard.tmux.shows_the_other_screen("sync") && !dashboard.takes_the_mouse());
    dashboard.tmux.type_line("sync", "fg; echo \"code=$?\"");
    dashboard.sees("it goes on", |screen| row(screen, "biome").is_some_and(|row| row.contains('%')));
    dashboard.press("q", "detach: the work goes on");
    dashboard.tmux.press("sync", "Escape");
    dashboard.sees("it stays", |screen| !screen.contains("detach: the work goes on"));
    dashboard.press("q", "detach: the work goes on");
    dashboard.tmux.press("sync", "d");
    eventually("the normal screen is back", || (!dashboard.tmux.shows_the_other_screen("sync")).then_some(()));
    assert!(!dashboard.takes_the_mouse());
    dashboard.sees("the work goes on below", |screen| {
        screen.lines().any(|line| line.contains("biome") && line.contains('%'))
    });
    dashboard.tmux.press("sync", "C-c");
    dashboard.sees("the run ends as cancelled", |screen| screen.lines().any(|line| line == "code=130"));
}

fn select(dashboard: &Dashboard, tool: &str) {
    let order = dashboard.order();
    dashboard.selects("g", order[0]);
    let place = order.iter().position(|other| *other == tool).expect("a row");
    order[1..=place].iter().for_each(|next| dashboard.selects("j", next));
}

#[test]
fn the_mouse_is_left_alone_where_the_settings_ask_for_that_and_control_c_cancels_all() {
    let Some(dashboard) = Dashboard::start("--no-mouse") else { return };
    assert!(!dashboard.takes_the_mouse());
    dashboard.tmux.press("sync", "C-c");
    let last = dashboard.sees("the run ends", |screen| exit_code(screen).is_some());
    assert_eq!(exit_code(&last), Some(130), "{last}");
    assert!(dashboard.sandbox.processes().iter().all(|process| !process.command.contains("sleep 97")));
}
