//! The end of the dashboard: it closes by itself if all is well and nobody uses it, and otherwise stays. Keys go to it
//! until it has closed, and to the shell from then on.

use std::collections::hash_map::RandomState;
use std::fs;
use std::hash::BuildHasher;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use crate::support::pty::OnTerminal;
use crate::support::registry::archive::{script, tgz};
use crate::support::sandbox::{PATIENCE, Sandbox, eventually};

/// Keys without a meaning in the dashboard; each is used once.
const KEYS: &str = "ABCDEFHIJKLMOPQTUVWXYZ0123456789";
/// The rounds of keys at random instants, several in each round: in every run of the tests, and in the long form.
const ROUNDS: usize = 10;
const LONG: usize = 50;

/// A shell that runs this `vx`, reports its exit code, and then reads a line.
fn shell(sandbox: &Sandbox, words: &str) -> OnTerminal {
    let mut command = sandbox.inside("/bin/sh");
    let line = format!("\"$0\" {words}; echo \"code=$?\"; read -r line; echo \"got=<$line>\"");
    command.args(["-c", &line, env!("CARGO_BIN_EXE_vx")]).env_clear().envs(sandbox.environment());
    OnTerminal::start(command)
}

/// The line that the shell read.
fn got(text: &str) -> &str {
    let after = text.split("got=<").nth(1).expect("the shell read a line");
    after.split('>').next().unwrap_or(after)
}

/// A random time from zero to this.
fn random(most: Duration) -> Duration {
    most.mul_f64(RandomState::new().hash_one(Instant::now()) as f64 / u64::MAX as f64)
}

/// Types keys, and notes which of them arrived while the dashboard had the terminal.
struct Typist<'a> {
    run: &'a mut OnTerminal,
    keys: std::str::Chars<'static>,
    for_dashboard: String,
}

impl Typist<'_> {
    fn press(&mut self, key: char) {
        self.run.press(&key.to_string());
        // The dashboard drops pending input after it has restored the modes, so a key typed before that is for it.
        if self.run.is_raw() {
            self.for_dashboard.push(key);
        }
    }

    fn press_next(&mut self) {
        let key = self.keys.next().expect("a key is left");
        self.press(key);
    }
}

#[test]
fn a_key_reaches_the_shell_only_after_the_dashboard_is_gone() {
    keys_at_random_instants(ROUNDS);
}

#[test]
#[ignore = "takes half a minute; the same in ten rounds is part of every run"]
fn fifty_times_a_key_reaches_the_shell_only_after_the_dashboard_is_gone() {
    keys_at_random_instants(LONG);
}

fn keys_at_random_instants(rounds: usize) {
    let sandbox = Sandbox::new().config("[tools]\nbiome = \"2.3.4\"\n").offers("biome", "2.3.4");
    let mut held_back = 0;
    for round in 0..rounds {
        let mut run = shell(&sandbox, "sync --tui --force");
        eventually("the dashboard is there", || run.is_raw().then_some(()));
        let mut typist = Typist { run: &mut run, keys: KEYS.chars(), for_dashboard: String::new() };
        std::thread::sleep(random(Duration::from_millis(450)));
        typist.press_next();
        let deadline = Instant::now() + PATIENCE;
        while typist.run.is_raw() {
            assert!(Instant::now() < deadline, "it does not leave:\n{}", typist.run.screen());
            if typist.run.screen().contains("1 of 1 in place") {
                typist.press('q');
            }
            for _ in 0..5 {
                std::thread::sleep(random(Duration::from_millis(4)));
                if typist.keys.clone().next().is_some() {
                    typist.press_next();
                }
            }
        }
        held_back += typist.for_dashboard.len();
        let dropped = typist.for_dashboard;
        run.await_screen("vx is gone", |screen| screen.contains("code="));
        run.press("after\n");
        let (code, text) = run.ends();
        assert_eq!(code, Some(0), "round {round}: {text}");
        assert!(text.contains("code=0"), "round {round}: {text}");
        let got = got(&text);
        assert!(got.ends_with("after"), "round {round}: {got:?}");
        let leaked: String = got.chars().filter(|key| *key != 'q' && dropped.contains(*key)).collect();
        assert_eq!(leaked, "", "round {round}: {got:?}");
    }
    assert!(held_back >= rounds / 2, "the test met the dashboard {held_back} times only");
}

#[test]
fn an_answer_of_the_terminal_that_comes_after_the_view_was_left_does_not_reach_the_shell() {
    let sandbox = Sandbox::new().variable("NO_COLOR", "");
    sandbox.vx("board create work").succeeds();
    sandbox.vx("board put biome --phase downloading --done 3 --total 12").succeeds();
    // On a loaded machine the wait may be over before the answer, and then the round proves nothing.
    let met = (0..20).any(|round| {
        let mut run = shell(&sandbox, "top");
        run.await_screen("the view", |screen| screen.contains("? help"));
        run.press("q");
        std::thread::sleep(Duration::from_millis(250));
        run.press("\u{1b}]11;rgb:ffff/ffff/ffff\u{7}");
        let in_time = run.is_raw();
        run.await_screen("vx is gone", |screen| screen.contains("code=0"));
        run.press("after\n");
        let (_, text) = run.ends();
        if in_time {
            assert_eq!(got(&text), "after", "round {round}: {text:?}");
        }
        in_time
    });
    assert!(met, "it never waits for the answer");
}

#[test]
fn a_dashboard_that_nobody_touches_leaves_by_itself_when_all_is_well() {
    let sandbox = Sandbox::new().config("[tools]\nbiome = \"2.3.4\"\n").offers("biome", "2.3.4");
    let mut run = shell(&sandbox, "sync --tui");
    run.await_screen("vx is gone", |screen| screen.contains("code=0"));
    run.press("after\n");
    let (_, text) = run.ends();
    assert_eq!(got(&text), "after");
    assert!(text.contains("1 installed in"), "{text}");
}

/// A project with two tools; `moody` fails until there is a file `mended`.
fn moody() -> Sandbox {
    let sandbox = Sandbox::new().offers("biome", "2.3.4");
    let root = sandbox.root().display();
    let command = format!("test -e {root}/mended || {{ echo the cause; exit 1; }}");
    let archive = tgz(&[script("x/bin/moody", "1.0.0")]);
    let moody = sandbox.addressed("moody", &archive, &format!(", postinstall = \"{command}\""));
    sandbox.write("vx.toml", &format!("[tools]\nbiome = \"2.3.4\"\n{moody}"));
    sandbox
}

#[test]
fn after_a_failure_the_dashboard_stays_with_the_error_until_it_is_tried_again() {
    let sandbox = moody();
    let mut run = shell(&sandbox, "sync --tui");
    let screen = run.await_screen("it stays", |screen| screen.contains("all work is over"));
    assert!(screen.contains("[Error]") && screen.contains("the cause"), "{screen}");
    assert!(screen.contains("failed") && !screen.contains("running"), "{screen}");
    fs::write(sandbox.root().join("mended"), "").expect("a file");
    run.press("r");
    run.await_screen("it is there", |screen| screen.contains("2 of 2 in place") && !screen.contains("trying"));
    assert!(run.is_raw(), "a key was pressed, so it stays");
    run.press("q");
    run.await_screen("vx is gone", |screen| screen.contains("code=0"));
    run.press("after\n");
    let (_, text) = run.ends();
    assert_eq!(got(&text), "after");
    let slot = sandbox.slot("moody").expect("a slot");
    assert_eq!((slot["state"].as_str(), slot["attempt"].as_u64()), (Some("done"), Some(2)));
}

#[test]
fn enter_on_the_error_opens_the_editor_where_the_tool_is_declared() {
    let sandbox = moody();
    let editor = sandbox.root().join("editor");
    let noted = sandbox.root().join("edited");
    fs::write(&editor, format!("#!/bin/sh\necho \"$@\" > {}\n", noted.display())).expect("a file");
    fs::set_permissions(&editor, fs::Permissions::from_mode(0o755)).expect("it is ours");
    let sandbox = sandbox.variable("EDITOR", &editor.display().to_string()).variable("VISUAL", "");
    let mut run = shell(&sandbox, "sync --tui");
    run.await_screen("it stays", |screen| screen.contains("all work is over"));
    run.press("e");
    run.await_screen("the keys go to the error", |screen| screen.contains("Enter edit"));
    run.press("\r");
    let arguments = eventually("it is opened", || fs::read_to_string(&noted).ok().filter(|text| text.ends_with('\n')));
    assert_eq!(arguments.trim_end(), format!("+3 {}", sandbox.project().join("vx.toml").display()));
    eventually("the view is back", || run.is_raw().then_some(()));
    run.press("q");
    run.await_screen("vx is gone", |screen| screen.contains("code=1"));
    run.press("after\n");
    let (_, text) = run.ends();
    assert_eq!(got(&text), "after");
}
