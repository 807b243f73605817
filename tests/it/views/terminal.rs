//! The dashboard in a real terminal: tmux, with its own server and socket for each test.

mod beyond;
mod job_control;
mod keys;

use std::path::PathBuf;
use std::process::{Command, Output};

use crate::support::held::Held;
use crate::support::sandbox::{Sandbox, eventually, text};
use crate::support::skipped::skipped;
use crate::views::screens::killed_by_the_second;

/// A tmux server without configuration, killed when dropped, even by a panic.
struct Tmux {
    socket: PathBuf,
}

impl Tmux {
    /// `None` if there is no tmux; the test reports that.
    fn start(sandbox: &Sandbox) -> Option<Self> {
        let Some(version) = Command::new("tmux").arg("-V").output().ok().filter(|output| output.status.success())
        else {
            skipped("there is no tmux on this machine");
            return None;
        };
        assert!(String::from_utf8_lossy(&version.stdout).starts_with("tmux "));
        Some(Self { socket: sandbox.root().join("tmux") })
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new("tmux");
        command.env_remove("TMUX").arg("-S").arg(&self.socket).args(["-f", "/dev/null"]).args(arguments);
        command.output().expect("tmux starts")
    }

    fn output(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "tmux {arguments:?}: {output:?}");
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// A session of 100 × 30 with a plain shell in the sandbox's project and environment.
    fn session(&self, sandbox: &Sandbox, name: &str) {
        let project = sandbox.project().display().to_string();
        let mut arguments = vec!["new-session", "-d", "-s", name, "-x", "100", "-y", "30", "-c", &project];
        let mut variables = sandbox.environment();
        variables.extend([("LANG", "C.UTF-8"), ("PS1", "ready$ ")].map(|(name, value)| (name.into(), value.into())));
        let variables: Vec<String> = variables.iter().map(|(name, value)| format!("{name}={value}")).collect();
        variables.iter().for_each(|variable| arguments.extend(["-e", variable]));
        // The machine's own variables would choose another view.
        let unset = ["ENV", "CI", "GITHUB_ACTIONS", "ACCESSIBLE", "CLICOLOR_FORCE"];
        arguments.push("env");
        unset.iter().for_each(|name| arguments.extend(["-u", name]));
        arguments.extend(["/bin/sh", "-i"]);
        self.output(&arguments);
        eventually("the shell prompts", || self.screen(name).contains("ready$").then_some(()));
    }

    fn type_line(&self, name: &str, line: &str) {
        self.output(&["send-keys", "-t", name, "-l", line]);
        self.output(&["send-keys", "-t", name, "Enter"]);
    }

    fn press(&self, name: &str, key: &str) {
        self.output(&["send-keys", "-t", name, key]);
    }

    fn resize(&self, name: &str, width: u16, height: u16) {
        self.output(&["resize-window", "-t", name, "-x", &width.to_string(), "-y", &height.to_string()]);
    }

    fn screen(&self, name: &str) -> String {
        self.output(&["capture-pane", "-p", "-t", name])
    }

    /// The screen, and the lines that have scrolled off it.
    fn scrollback(&self, name: &str) -> String {
        self.output(&["capture-pane", "-p", "-S", "-", "-t", name])
    }

    fn shows_the_other_screen(&self, name: &str) -> bool {
        self.output(&["display-message", "-p", "-t", name, "#{alternate_on}"]) == "1"
    }

    /// Wait until the screen is as wanted.
    fn await_screen(&self, name: &str, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let mut last = String::new();
        let patience = std::time::Instant::now() + crate::support::sandbox::PATIENCE;
        loop {
            let screen = self.screen(name);
            if wanted(&screen) {
                return screen;
            }
            last.clone_from(&screen);
            assert!(std::time::Instant::now() < patience, "in vain, {what}:\n{last}");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        let _ = self.run(&["kill-server"]);
    }
}

const TOOLS: [&str; 3] = ["biome", "esbuild", "lefthook"];

/// The row of a tool in the dashboard's table.
fn row<'s>(screen: &'s str, tool: &str) -> Option<&'s str> {
    screen.lines().find(|line| line.split_whitespace().any(|word| word == tool))
}

/// The exit code that the shell printed on a separate line.
fn exit_code(screen: &str) -> Option<i32> {
    screen.lines().find_map(|line| line.strip_prefix("code=")?.parse().ok())
}

/// Returns whether the screen shows every tool downloading, with its percentage.
fn all_move(screen: &str) -> bool {
    let moving = |tool| row(screen, tool).is_some_and(|row| row.contains('●') && row.contains('%'));
    TOOLS.into_iter().all(moving)
}

#[test]
fn a_sync_and_a_top_beside_it_show_the_same_through_resizes_and_leave_nothing_behind() {
    let sandbox = Sandbox::new().config("[tools]\nbiome = \"2.3.4\"\nesbuild = \"0.27.0\"\nlefthook = \"2.0.1\"\n");
    for (tool, version) in TOOLS.into_iter().zip(["2.3.4", "0.27.0", "2.0.1"]) {
        sandbox.publish_slowly(tool, version, 4_800_000, 400_000);
    }
    let Some(tmux) = Tmux::start(&sandbox) else { return };
    let vx = env!("CARGO_BIN_EXE_vx");
    tmux.session(&sandbox, "sync");
    tmux.type_line("sync", &format!("{vx} sync --tui; echo \"code=$?\""));
    let screen = tmux.await_screen("sync", "every tool moves at once", all_move);
    assert!(tmux.shows_the_other_screen("sync"));
    assert!(screen.contains("0 of 3") && screen.contains("MB"), "{screen}");

    tmux.session(&sandbox, "top");
    tmux.type_line("top", &format!("{vx} top; echo \"code=$?\""));
    tmux.await_screen("top", "the second terminal shows the same", all_move);

    for name in ["sync", "top"] {
        tmux.resize(name, 40, 10);
        let narrow = tmux.await_screen(name, "the narrow screen shows the tools", |screen| {
            screen.lines().all(|line| line.chars().count() <= 40)
                && TOOLS.iter().all(|tool| row(screen, tool).is_some())
        });
        assert!(!narrow.contains("B/s"), "no room for rates:\n{narrow}");
        tmux.resize(name, 100, 30);
        tmux.await_screen(name, "it is back", all_move);
    }

    // The first row is selected; its cancellation must not affect the others.
    let selected = TOOLS.into_iter().find(|tool| row(&tmux.screen("sync"), tool).is_some()).expect("a row");
    tmux.press("sync", "g");
    tmux.press("sync", "x");
    let cancelled = eventually("one is cancelled", || {
        let board = sandbox.board()?;
        let slots = board["slots"].as_array()?.clone();
        slots.iter().find(|slot| slot["state"] == "cancelled").map(|slot| text(&slot["key"]).to_owned())
    });
    assert!(TOOLS.contains(&cancelled.as_str()) && TOOLS.contains(&selected));

    tmux.await_screen("sync", "it stays", |screen| screen.contains("all work is over"));
    tmux.press("sync", "q");
    let last = tmux.await_screen("sync", "the run ends", |screen| exit_code(screen).is_some());
    assert!(exit_code(&last) == Some(1), "{last}");
    assert!(!tmux.shows_the_other_screen("sync"), "the normal screen is back");
    assert_final_table(&tmux, "sync", &cancelled);

    tmux.press("top", "q");
    let last = tmux.await_screen("top", "top is left", |screen| exit_code(screen).is_some());
    assert!(exit_code(&last) == Some(0), "{last}");
    assert!(!tmux.shows_the_other_screen("top"));
}

/// Assert that screen and scrollback have the command, the final table, the exit code, and nothing else.
fn assert_final_table(tmux: &Tmux, name: &str, cancelled: &str) {
    let text = tmux.scrollback(name);
    println!("SCROLL\n{text}\nEND");
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let commands = lines.iter().filter(|line| line.contains("sync --tui")).count();
    assert!(commands <= 1, "{text}");
    for tool in TOOLS {
        let rows: Vec<&&str> = lines.iter().filter(|line| line.split_whitespace().any(|word| word == tool)).collect();
        let expected = if tool == cancelled { "cancelled" } else { "installed" };
        assert!(rows.iter().any(|row| row.contains(expected)), "{tool} {expected}:\n{text}");
    }
    for left in ["B/s", "[Log]", "quit", "┌", "│"] {
        assert!(!text.contains(left), "`{left}` of the dashboard is left:\n{text}");
    }
}

#[test]
fn the_rows_below_the_prompt_are_drawn_over_when_the_window_shrinks_and_grows() {
    let sandbox = Sandbox::new().config("[tools]\nbiome = \"2.3.4\"\nesbuild = \"0.27.0\"\nlefthook = \"2.0.1\"\n");
    for (tool, version) in TOOLS.into_iter().zip(["2.3.4", "0.27.0", "2.0.1"]) {
        sandbox.publish_slowly(tool, version, 1_000_000, 400_000);
    }
    let Some(tmux) = Tmux::start(&sandbox) else { return };
    tmux.session(&sandbox, "sync");
    tmux.type_line("sync", &format!("{} sync; echo \"code=$?\"", env!("CARGO_BIN_EXE_vx")));
    tmux.await_screen("sync", "every tool moves at once", all_move);
    assert!(!tmux.shows_the_other_screen("sync"));
    tmux.resize("sync", 40, 10);
    tmux.await_screen("sync", "the rows fit the narrow screen", |screen| screen.contains("and 2 more"));
    tmux.resize("sync", 100, 30);
    tmux.await_screen("sync", "the run ends", |screen| exit_code(screen) == Some(0));
    let text = tmux.scrollback("sync");
    // A terminal that reflows may once scroll away the rows that were drawn last at the old width, but not frame after
    // frame.
    let left = text.lines().filter(|line| line.contains("downloading")).count();
    assert!(left <= 2 * TOOLS.len(), "{left} rows of before are left:\n{text}");
}

#[test]
fn leaving_the_dashboard_lets_the_work_go_on_below_the_prompt() {
    let sandbox = Sandbox::new().config("[tools]\nbiome = \"2.3.4\"\n");
    sandbox.publish_slowly("biome", "2.3.4", 1_200_000, 400_000);
    let Some(tmux) = Tmux::start(&sandbox) else { return };
    tmux.session(&sandbox, "sync");
    tmux.type_line("sync", &format!("{} sync --tui; echo \"code=$?\"", env!("CARGO_BIN_EXE_vx")));
    tmux.await_screen("sync", "it moves", |screen| row(screen, "biome").is_some_and(|row| row.contains('%')));
    tmux.press("sync", "q");
    tmux.await_screen("sync", "it asks", |screen| screen.contains("etach"));
    tmux.press("sync", "d");
    eventually("the normal screen is back", || (!tmux.shows_the_other_screen("sync")).then_some(()));
    let last = tmux.await_screen("sync", "the run ends", |screen| exit_code(screen).is_some());
    assert!(exit_code(&last) == Some(0) && last.contains("installed"), "{last}");
}

#[test]
fn control_c_in_a_terminal_cancels_and_gives_it_back() {
    let sandbox = Sandbox::new().config("[tools]\nbiome = \"2.3.4\"\n");
    sandbox.publish_slowly("biome", "2.3.4", 4_000_000, 400_000);
    let Some(tmux) = Tmux::start(&sandbox) else { return };
    tmux.session(&sandbox, "sync");
    for (options, other_screen) in [("--tui", true), ("", false)] {
        tmux.output(&["send-keys", "-R", "-t", "sync"]);
        tmux.output(&["clear-history", "-t", "sync"]);
        tmux.type_line("sync", &format!("{} sync {options}; echo \"code=$?\"", env!("CARGO_BIN_EXE_vx")));
        tmux.await_screen("sync", "it moves", |screen| row(screen, "biome").is_some_and(|row| row.contains('%')));
        assert_eq!(tmux.shows_the_other_screen("sync"), other_screen);
        tmux.press("sync", "C-c");
        let last = tmux.await_screen("sync", "the run ends", |screen| exit_code(screen).is_some());
        assert!(exit_code(&last) == Some(130) && last.contains("cancelled"), "{options}:\n{last}");
        assert!(!tmux.shows_the_other_screen("sync"));
        assert!(sandbox.processes().iter().all(|process| !process.command.contains("vx sync")));
    }
}

#[test]
fn a_second_control_c_in_a_terminal_kills_a_child_that_ignores_the_first() {
    let sandbox = Sandbox::new().config("[tools]\nbiome = \"2.3.4\"\n");
    sandbox.publish_slowly("biome", "2.3.4", 4_000_000, 400_000);
    let Some(tmux) = Tmux::start(&sandbox) else { return };
    tmux.session(&sandbox, "sync");
    tmux.type_line("sync", &format!("{} sync; echo \"code=$?\"", env!("CARGO_BIN_EXE_vx")));
    tmux.await_screen("sync", "it moves", |screen| row(screen, "biome").is_some_and(|row| row.contains('%')));
    let Some(held) = Held::from_slot(&sandbox.slot("biome").expect("a slot")) else { return };
    killed_by_the_second(held, || tmux.press("sync", "C-c"));
    let last = tmux.await_screen("sync", "the run ends", |screen| exit_code(screen).is_some());
    assert!(exit_code(&last) == Some(130) && last.contains("cancelled"), "{last}");
}

#[test]
fn a_top_shows_what_a_shell_puts_on_its_board_and_that_the_shell_is_gone() {
    let sandbox = Sandbox::new();
    let Some(tmux) = Tmux::start(&sandbox) else { return };
    tmux.session(&sandbox, "script");
    tmux.session(&sandbox, "top");
    let vx = env!("CARGO_BIN_EXE_vx");
    tmux.type_line("script", &format!("'{vx}' board create nightly --title 'nightly build'"));
    tmux.type_line("script", &format!("'{vx}' board put compile --phase extracting --done 3 --total 12"));
    sandbox.await_slot("compile", "is there", |slot| slot["done"] == 3);
    tmux.type_line("top", &format!("'{vx}' top nightly"));
    let shows = |text: &'static str| move |screen: &str| row(screen, "compile").is_some_and(|row| row.contains(text));
    let screen = tmux.await_screen("top", "a quarter", shows("25 %"));
    assert!(screen.contains("nightly build"), "{screen}");
    tmux.type_line("script", &format!("'{vx}' board put compile --done +3"));
    tmux.await_screen("top", "half", shows("50 %"));
    tmux.type_line("script", "exit");
    tmux.await_screen("top", "the shell is gone", shows("lost"));
    tmux.press("top", "q");
}

#[test]
fn a_stopped_view_that_its_shell_kills_ends_behind_that_shell() {
    let sandbox = Sandbox::new().config("[tools]\nbiome = \"2.3.4\"\n");
    sandbox.publish_slowly("biome", "2.3.4", 8_000_000, 400_000);
    let Some(tmux) = Tmux::start(&sandbox) else {
        println!("skipped: there is no tmux on this machine");
        return;
    };
    tmux.session(&sandbox, "shell");
    for words in ["sync --tui", "sync", "top"] {
        if words == "top" {
            sandbox.vx("board create work").succeeds();
            sandbox.vx("board put biome --phase downloading --done 3 --total 12").succeeds();
        }
        tmux.output(&["send-keys", "-R", "-t", "shell"]);
        tmux.output(&["clear-history", "-t", "shell"]);
        tmux.type_line("shell", &format!("{} {words}", env!("CARGO_BIN_EXE_vx")));
        tmux.await_screen("shell", "it is shown", |screen| row(screen, "biome").is_some_and(|row| row.contains('%')));
        tmux.press("shell", "C-z");
        tmux.await_screen("shell", "it is stopped", |screen| screen.contains("Stopped"));
        // A continued view may draw over the shell's message about the job, so a file shows that the command has run.
        let asked = sandbox.root().join(format!("asked-{}", words.len()));
        tmux.type_line("shell", &format!("kill %1; kill -CONT %1; echo > {}", asked.display()));
        eventually("it is asked", || asked.exists().then_some(()));
        let ours = |command: &str| command.contains(&format!("vx {words}"));
        eventually("it ends", || sandbox.processes().iter().all(|process| !ours(&process.command)).then_some(()));
        assert!(!tmux.shows_the_other_screen("shell"), "{words}");
        tmux.type_line("shell", "wait");
    }
}

#[test]
fn a_tool_run_through_vx_is_stopped_continued_and_interrupted_as_itself() {
    let sandbox = Sandbox::new();
    // The script starts no process: a process stopped between its fork and its exec would block its parent, which waits
    // for the exec.
    let script = "trap 'echo caught; exit 6' INT; echo started; while :; do read -r line; done";
    let line = crate::running::run::scripted(&sandbox, "say", script);
    let sandbox = sandbox.config(&format!("[tools]\n{line}[scripts]\nspeak = \"exec say\"\n"));
    sandbox.vx("sync").succeeds();
    let Some(tmux) = Tmux::start(&sandbox) else { return };
    tmux.session(&sandbox, "run");
    for words in ["say", "run speak"] {
        tmux.output(&["send-keys", "-R", "-t", "run"]);
        tmux.output(&["clear-history", "-t", "run"]);
        tmux.type_line("run", &format!("{} {words}", env!("CARGO_BIN_EXE_vx")));
        tmux.await_screen("run", "it runs", |screen| screen.lines().any(|line| line == "started"));
        tmux.press("run", "C-z");
        tmux.await_screen("run", "it is stopped", |screen| screen.contains("Stopped"));
        tmux.type_line("run", "fg; echo \"code=$?\"");
        eventually("it goes on", || {
            let states = sandbox.processes().into_iter().filter(|process| process.command.contains("bin/say"));
            let running = |pid: u32| {
                std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") T "))
            };
            states.into_iter().all(|process| running(process.pid)).then_some(())
        });
        tmux.press("run", "C-c");
        let last = tmux.await_screen("run", "it ends", |screen| exit_code(screen).is_some());
        assert!(exit_code(&last) == Some(6) && last.contains("caught"), "vx {words}:\n{last}");
    }
}

#[test]
fn a_recording_plays_in_the_dashboard_and_every_key_turns_its_time() {
    let sandbox = Sandbox::new().config("[tools]\nbiome = \"2.3.4\"\nesbuild = \"0.27.0\"\nlefthook = \"2.0.1\"\n");
    for (tool, version) in TOOLS.into_iter().zip(["2.3.4", "0.27.0", "2.0.1"]) {
        sandbox.publish_slowly(tool, version, 800_000, 400_000);
    }
    sandbox.vx("sync --record run.vxr").succeeds();
    let Some(tmux) = Tmux::start(&sandbox) else { return };
    tmux.session(&sandbox, "top");
    tmux.type_line("top", &format!("{} top run.vxr --speed 0.25; echo \"code=$?\"", env!("CARGO_BIN_EXE_vx")));
    tmux.await_screen("top", "it plays, slowly", |screen| screen.contains("x0.25") && all_move(screen));
    tmux.press("top", "Space");
    let paused = tmux.await_screen("top", "it stands still", |screen| screen.contains("paused"));
    assert!(paused.contains("Space play") && paused.contains("0 of 3"), "{paused}");
    let position = |screen: &str| screen.lines().next().and_then(|line| line.split("paused").nth(1).map(str::to_owned));
    tmux.press("top", "<");
    let begun = tmux.await_screen("top", "the beginning", |screen| screen.contains("paused 0.0"));
    tmux.press("top", ".");
    tmux.press("top", ".");
    tmux.press("top", ".");
    let stepped = tmux.await_screen("top", "a step on", |screen| position(screen) != position(&begun));
    tmux.press("top", ",");
    tmux.press("top", ",");
    tmux.press("top", ",");
    tmux.await_screen("top", "back again", |screen| position(screen) == position(&begun));
    assert!(stepped.contains("here"), "its axis has the position:\n{stepped}");
    tmux.press("top", ">");
    tmux.await_screen("top", "the end", |screen| screen.contains("at its end") && screen.contains("3 of 3 in place"));
    tmux.press("top", "Left");
    tmux.await_screen("top", "five seconds back", |screen| screen.contains("0 of "));
    tmux.press("top", "Right");
    tmux.await_screen("top", "five seconds on", |screen| screen.contains("3 of 3"));
    tmux.press("top", "+");
    tmux.press("top", "+");
    tmux.await_screen("top", "four times as fast as it was", |screen| screen.contains("x1"));
    tmux.press("top", "-");
    tmux.await_screen("top", "half as fast again", |screen| screen.contains("x0.50"));
    tmux.press("top", "Space");
    tmux.await_screen("top", "from the beginning again", |screen| {
        screen.contains("replay 0.") && screen.contains("0 of ")
    });
    tmux.press("top", "?");
    tmux.await_screen("top", "the keys are told", |screen| screen.contains("to the beginning, to the end"));
    tmux.press("top", "Escape");
    // An escape and a letter that arrive together are one key.
    tmux.await_screen("top", "the list is gone", |screen| !screen.contains("to the beginning, to the end"));
    tmux.press("top", "q");
    let last = tmux.await_screen("top", "it is left", |screen| exit_code(screen).is_some());
    assert_eq!(exit_code(&last), Some(0), "{last}");
}

#[test]
fn a_second_run_and_a_top_beside_it_estimate_their_end_and_the_title_goes_with_them() {
    let sandbox = Sandbox::new().config("[tools]\nbiome = \"2.3.4\"\n");
    sandbox.publish_slowly("biome", "2.3.4", 2_000_000, 400_000);
    let Some(tmux) = Tmux::start(&sandbox) else { return };
    sandbox.vx("sync --headless").succeeds();
    for folder in ["store", "cache/downloads"] {
        std::fs::remove_dir_all(sandbox.home().join(folder)).expect("a folder");
    }
    let title = |name| tmux.output(&["display-message", "-p", "-t", name, "#{pane_title}"]);
    let vx = env!("CARGO_BIN_EXE_vx");
    tmux.session(&sandbox, "sync");
    tmux.session(&sandbox, "top");
    let before = title("sync");
    tmux.type_line("sync", &format!("{vx} sync; echo \"code=$?\""));
    tmux.await_screen("sync", "it foretells its end", |screen| screen.contains("left, 1 run"));
    eventually("its title", || title("sync").starts_with("vx project ").then_some(()));
    tmux.type_line("top", &format!("{vx} top"));
    tmux.await_screen("top", "so does the one beside it", |screen| screen.contains(" s left"));
    eventually("its title", || title("top").starts_with("vx project ").then_some(()));
    tmux.await_screen("sync", "the run ends", |screen| exit_code(screen) == Some(0));
    assert_eq!(title("sync"), before);
    tmux.press("top", "q");
    eventually("the title of before", || (title("top") == before).then_some(()));
}
