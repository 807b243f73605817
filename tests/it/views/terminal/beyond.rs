//! Keys that lead out of the dashboard: to a browser, an editor, another board. Also the colours of the terminal in
//! which it is shown.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::thread;

use rustix::process::Signal;
use serde_json::Value;

use super::{Tmux, row};
use crate::support::sandbox::{Sandbox, eventually, send};

const VX: &str = env!("CARGO_BIN_EXE_vx");

/// A program in the sandbox with this script.
fn program(sandbox: &Sandbox, name: &str, script: &str) -> PathBuf {
    let path = sandbox.root().join(name);
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("a file");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a mode");
    path
}

/// Ends the services of a sandbox if a test fails.
struct EndedWith<'a>(&'a Sandbox);

impl Drop for EndedWith<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.processes().iter().for_each(|process| send(process.pid, Signal::KILL));
        }
    }
}

/// The process of the service `web`, once it is ready.
fn ready_pid(sandbox: &Sandbox) -> Option<u64> {
    let listed = sandbox.vx("ps --json --long").succeeds().stdout();
    let listed: Vec<Value> = serde_json::from_str(&listed).expect("JSON");
    let web = listed.iter().find(|service| service["name"] == "web" && service["word"] == "ready")?;
    web["pid"].as_u64()
}

#[test]
fn the_keys_of_a_service_open_its_address_and_restart_it() {
    let sandbox = Sandbox::new();
    let opened = sandbox.root().join("opened");
    let browser = program(&sandbox, "browser", &format!("echo \"$#:$1\" >> {}", opened.display()));
    let sandbox = sandbox.variable("BROWSER", &browser.display().to_string());
    let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
    sandbox.write(
        "vx.toml",
        &format!(
            "[services.web]\ncommand = \"python3 -u -m http.server {{port}} --bind 127.0.0.1\"\nport = {port}\n\
             ready = {{ http = \"/vx.toml\", status = 200 }}\n"
        ),
    );
    let Some(tmux) = Tmux::start(&sandbox) else { return };
    let _ended = EndedWith(&sandbox);
    sandbox.vx("up --detach").succeeds();
    let before = ready_pid(&sandbox).expect("it is ready");
    tmux.session(&sandbox, "top");
    tmux.type_line("top", &format!("{VX} top; echo \"code=$?\""));
    tmux.await_screen("top", "the keys of a service", |screen| {
        screen.contains("r restart") && screen.contains("o browser") && row(screen, "web").is_some()
    });
    tmux.press("top", "o");
    let asked = eventually("the browser is asked", || fs::read_to_string(&opened).ok().filter(|it| it.ends_with('\n')));
    assert_eq!(asked, format!("1:http://localhost:{port}\n"));

    program(&sandbox, "browser", "exit 3");
    tmux.press("top", "o");
    tmux.await_screen("top", "a browser that fails is reported", |screen| {
        screen.contains("browser` cannot open it") && screen.contains("exit status: 3")
    });

    tmux.press("top", "r");
    tmux.await_screen("top", "it is asked for", |screen| screen.contains("restarting web"));
    eventually("another process serves", || ready_pid(&sandbox).filter(|pid| *pid != before));
    tmux.press("top", "q");
    tmux.await_screen("top", "vx is gone", |screen| screen.lines().any(|line| line == "code=0"));
    sandbox.vx("down").succeeds();
    assert!(!sandbox.processes().iter().any(|process| process.command.contains("http.server")));
}

#[test]
fn enter_on_an_error_opens_the_editor_at_the_place_that_it_names() {
    let sandbox = Sandbox::new().config("[tools]\n");
    let noted = sandbox.root().join("edited");
    let editor = program(&sandbox, "nano", &format!("echo \"$@\" > {}", noted.display()));
    let sandbox = sandbox.variable("EDITOR", &editor.display().to_string()).variable("VISUAL", "");
    fs::create_dir(sandbox.project().join("src")).expect("a directory");
    sandbox.write("src/app.rs", "fn main() {}\n");
    let Some(tmux) = Tmux::start(&sandbox) else { return };
    let mut build = sandbox.command("board run build -- sh -c");
    build.arg("echo error: no such name; echo '  --> gone/app.rs:1:1'; echo '  --> src/app.rs:3:5'; exit 1");
    sandbox.run("build", build).finish().exits_with(1);
    tmux.session(&sandbox, "top");
    tmux.type_line("top", &format!("{VX} top; echo \"code=$?\""));
    tmux.await_screen("top", "the error is open", |screen| screen.contains("[Error]") && screen.contains("app.rs:3:5"));
    tmux.press("top", "Enter");
    tmux.await_screen("top", "the keys go to the error", |screen| screen.contains("Enter edit"));
    tmux.press("top", "Enter");
    let arguments = eventually("it is opened", || fs::read_to_string(&noted).ok().filter(|it| it.ends_with('\n')));
    let file = sandbox.project().join("src/app.rs").canonicalize().expect("it is there");
    assert_eq!(arguments.trim_end(), format!("+3,5 {}", file.display()), "the first place that is there");
    tmux.await_screen("top", "the view is back", |screen| screen.contains("Enter edit"));

    fs::remove_file(&file).expect("it is ours");
    tmux.press("top", "Enter");
    tmux.await_screen("top", "there is none", |screen| screen.contains("no place that the error names"));
    tmux.press("top", "q");
    tmux.await_screen("top", "vx is gone", |screen| screen.lines().any(|line| line == "code=0"));
}

#[test]
fn escape_leads_from_a_board_to_the_list_of_boards_and_enter_to_another() {
    let sandbox = Sandbox::new();
    for (board, key) in [("first", "alpha"), ("second", "beta")] {
        sandbox.vx(&format!("board create {board}")).succeeds();
        sandbox.vx(&format!("board put {key} --board {board} --done 1 --total 4")).succeeds();
    }
    let Some(tmux) = Tmux::start(&sandbox) else { return };
    let shows = |key: &'static str| move |screen: &str| screen.contains("Esc boards") && row(screen, key).is_some();
    tmux.session(&sandbox, "top");
    tmux.type_line("top", &format!("{VX} top first; echo \"code=$?\""));
    tmux.await_screen("top", "the board that was named", shows("alpha"));
    tmux.press("top", "Escape");
    let list = tmux.await_screen("top", "the list of boards", |screen| screen.contains("Which board?"));
    assert!(list.contains("first") && list.contains("second"), "{list}");
    tmux.press("top", "Enter");
    tmux.await_screen("top", "the board just left is selected", shows("alpha"));
    tmux.press("top", "Escape");
    tmux.await_screen("top", "the list again", |screen| screen.contains("Which board?"));
    // The newest board is first in the list.
    tmux.press("top", "g");
    tmux.press("top", "Enter");
    tmux.await_screen("top", "the other board", shows("beta"));
    tmux.press("top", "q");
    tmux.await_screen("top", "vx is gone", |screen| screen.lines().any(|line| line == "code=0"));
    assert!(!tmux.shows_the_other_screen("top"));
}

#[test]
fn the_background_of_the_terminal_decides_between_dark_and_light_colours() {
    let sandbox = Sandbox::new().variable("NO_COLOR", "").variable("COLORTERM", "").variable("COLORFGBG", "");
    sandbox.vx("board create work").succeeds();
    sandbox.vx("board put alpha --done 1 --total 4").succeeds();
    let Some(tmux) = Tmux::start(&sandbox) else { return };
    // The footer's keys have the colours for each kind of background; if no background is asked for, the terminal's
    // own.
    let (dark, light, own) = ("38;5;75m", "38;5;25m", "38;5;12m");
    let looks = |name: &str| tmux.output(&["capture-pane", "-e", "-p", "-t", name]);
    for (name, ground, term, colour) in [
        ("dark", "#101018", "screen-256color", dark),
        ("light", "#fafaf5", "screen-256color", light),
        ("plain", "#fafaf5", "screen", own),
    ] {
        tmux.session(&sandbox, name);
        tmux.output(&["set-option", "-w", "-t", name, "window-style", &format!("bg={ground}")]);
        tmux.type_line(name, &format!("TERM={term} {VX} top; echo \"code=$?\""));
        tmux.await_screen(name, "the board", |screen| row(screen, "alpha").is_some());
        eventually(&format!("the colours for {name}"), || {
            let shown = looks(name);
            let seen = [dark, light, own].into_iter().filter(|known| shown.contains(known));
            seen.eq([colour]).then_some(())
        });
        assert!(!tmux.screen(name).contains("rgb:"), "{}", tmux.screen(name));
        tmux.press(name, "q");
        tmux.await_screen(name, "vx is gone", |screen| screen.lines().any(|line| line == "code=0"));
        let rest = tmux.screen(name);
        assert!(!rest.contains("rgb:"), "{rest}");
    }
}
