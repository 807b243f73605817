//! Scripts on a board under the job control of a shell: they have the terminal while they run, and the shell has it
//! while they are stopped.

use super::Tmux;
use crate::support::sandbox::{Sandbox, eventually, send};
use crate::support::skipped::skipped;

/// A bash with job control, in a project with the scripts.
struct Bash {
    /// Dropped before the sandbox, which asserts that no process is left in it.
    tmux: Tmux,
    sandbox: Sandbox,
}

impl Bash {
    fn start(scripts: &str) -> Option<Self> {
        if !std::path::Path::new("/bin/bash").exists() {
            skipped("there is no bash on this machine");
            return None;
        }
        let sandbox = Sandbox::new().config(&format!("[scripts]\n{scripts}"));
        let tmux = Tmux::start(&sandbox)?;
        tmux.session(&sandbox, "bash");
        tmux.type_line(
            "bash",
            &format!("VX={} PS1='bash$ ' exec /bin/bash --norc --noprofile -i", env!("CARGO_BIN_EXE_vx")),
        );
        let bash = Self { tmux, sandbox };
        bash.sees("bash prompts", |screen| screen.contains("bash$"));
        Some(bash)
    }

    fn sees(&self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        self.tmux.await_screen("bash", what, wanted)
    }

    fn types(&self, line: &str) {
        self.tmux.type_line("bash", line);
    }

    fn press(&self, key: &str) {
        self.tmux.press("bash", key);
    }

    /// Wait until bash prompts, then have it write the last exit code to this file.
    fn prompts(&self, name: &str) {
        self.sees("bash prompts", |screen| screen.trim_end().ends_with("bash$"));
        self.types(&format!("echo $? > {name}"));
        self.awaits(name);
    }

    fn awaits(&self, name: &str) -> String {
        eventually(name, || {
            let path = self.sandbox.project().join(name);
            std::fs::read_to_string(path).ok().filter(|text| text.ends_with('\n'))
        })
    }

    /// The states of the processes whose command line has this text.
    fn states(&self, of: &str) -> Vec<char> {
        let ours = self.sandbox.processes().into_iter().filter(|process| process.command.contains(of));
        let state = |pid: u32| {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            stat.rsplit_once(") ")?.1.chars().next()
        };
        ours.filter_map(|process| state(process.pid)).collect()
    }

    fn await_all(&self, of: &str, stopped: bool) {
        let what = format!("every `{of}` is {}", if stopped { "stopped" } else { "continued" });
        eventually(&what, || {
            let states = self.states(of);
            (!states.is_empty() && states.iter().all(|state| (*state == 'T') == stopped)).then_some(())
        });
    }
}

#[test]
fn ctrl_z_stops_the_whole_job_and_fg_continues_it_with_the_settings_it_had() {
    // The script reads single keys, without echo.
    let script = "raw = \"stty -icanon -echo; touch begun; for n in 1 2; do key=$(dd bs=1 count=1 2>/dev/null); \
                  echo got $key; done; stty sane; exit 3\"\n";
    let Some(bash) = Bash::start(script) else { return };
    bash.types("$VX run --record r.vxr raw");
    eventually("it runs", || bash.sandbox.project().join("begun").exists().then_some(()));
    bash.press("x");
    bash.sees("a key arrives at once", |screen| screen.contains("got x"));
    for round in 0..2 {
        bash.press("C-z");
        bash.sees("bash has a stopped job", |screen| screen.matches("Stopped").count() == round + 1);
        bash.await_all("run --record", true);
        bash.await_all("bs=1", true);
        bash.prompts(&format!("stopped-{round}"));
        assert_eq!(bash.awaits(&format!("stopped-{round}")), "148\n", "as a program that was stopped by Ctrl-Z");
        bash.types("fg");
        bash.await_all("run --record", false);
        bash.await_all("bs=1", false);
    }
    bash.press("y");
    bash.sees("without a line's end, too", |screen| screen.contains("got y"));
    bash.prompts("code");
    assert_eq!(bash.awaits("code"), "3\n");
}

#[test]
fn ctrl_c_ends_the_script_and_vx_alike_and_the_shell_has_its_terminal_back() {
    // The script uses `exec`: a shell whose program happens to end well at the moment of Ctrl-C would go on.
    let Some(bash) = Bash::start("wait = \": > begun; exec sleep 640\"\n") else { return };
    bash.types("$VX run --record r.vxr wait");
    eventually("it runs", || bash.sandbox.project().join("begun").exists().then_some(()));
    bash.press("C-c");
    bash.prompts("code");
    assert_eq!(bash.awaits("code"), "130\n");
    assert!(bash.states("sleep 640").is_empty());
}

#[test]
fn a_job_in_the_background_gets_the_terminal_once_it_reads_and_is_in_the_foreground() {
    let Some(bash) = Bash::start("ask = \"touch begun; read answer; echo heard $answer\"\n") else { return };
    bash.types("$VX run --record r.vxr ask &");
    eventually("it runs", || bash.sandbox.project().join("begun").exists().then_some(()));
    bash.await_all("run --record", true);
    bash.prompts("prompted");
    bash.types("fg");
    bash.await_all("run --record", false);
    bash.types("me");
    bash.sees("the script reads", |screen| screen.contains("heard me"));
    bash.prompts("code");
    assert_eq!(bash.awaits("code"), "0\n");
}

#[test]
fn a_stopped_script_goes_on_in_the_background_and_comes_back() {
    let script = "count = \"touch begun; until test -e enough; do sleep 0.05; done; echo counted\"\n";
    let Some(bash) = Bash::start(script) else { return };
    bash.types("$VX run --record r.vxr count");
    eventually("it runs", || bash.sandbox.project().join("begun").exists().then_some(()));
    bash.press("C-z");
    bash.sees("bash has a stopped job", |screen| screen.contains("Stopped") && screen.trim_end().ends_with("bash$"));
    bash.types("bg");
    bash.await_all("run --record", false);
    bash.prompts("prompted");
    bash.types("fg");
    bash.sandbox.write("enough", "");
    bash.sees("the script ends", |screen| screen.contains("counted"));
    bash.prompts("code");
    assert_eq!(bash.awaits("code"), "0\n");
}

#[test]
fn a_stop_by_a_signal_of_another_process_is_followed_too() {
    let Some(bash) = Bash::start("wait = \"echo $$ > pid; exec sleep 650\"\n") else { return };
    bash.types("$VX run --record r.vxr wait");
    let pid: u32 = bash.awaits("pid").trim().parse().expect("a process id");
    // During an exec, a process briefly has no command line.
    let of_pid = || bash.sandbox.processes().into_iter().find(|process| process.pid == pid);
    let group = eventually("it is there", of_pid).group;
    send(group, rustix::process::Signal::TSTP);
    bash.sees("bash has a stopped job", |screen| screen.contains("Stopped") && screen.trim_end().ends_with("bash$"));
    bash.types("fg");
    bash.await_all("run --record", false);
    bash.press("C-c");
    bash.prompts("code");
    assert_eq!(bash.awaits("code"), "130\n");
}

#[test]
fn the_size_of_the_terminal_follows_into_the_script() {
    // Ask standard error, which is its own terminal.
    let script = "size = \"until test -e enough; do stty size <&2 > size; sleep 0.05; done\"\n";
    let Some(bash) = Bash::start(script) else { return };
    bash.types("$VX run --record r.vxr size");
    eventually("it sees the size", || (bash.awaits("size") == "30 100\n").then_some(()));
    bash.tmux.resize("bash", 70, 20);
    eventually("it sees another size", || (bash.awaits("size") == "20 70\n").then_some(()));
    bash.sandbox.write("enough", "");
    bash.prompts("code");
    assert_eq!(bash.awaits("code"), "0\n");
}

#[test]
fn in_a_pipeline_the_terminal_stays_with_all_of_it() {
    let script = "ask = \"touch begun; read answer; echo heard $answer; touch heard; sleep 660\"\n";
    let Some(bash) = Bash::start(script) else { return };
    bash.types("$VX run --record r.vxr ask | sed 's/heard/piped/'");
    eventually("it runs", || bash.sandbox.project().join("begun").exists().then_some(()));
    bash.press("C-z");
    bash.sees("bash has a stopped job", |screen| screen.contains("Stopped") && screen.trim_end().ends_with("bash$"));
    bash.await_all("run --record", true);
    bash.types("fg");
    bash.await_all("run --record", false);
    bash.types("me");
    eventually("the script reads", || bash.sandbox.project().join("heard").exists().then_some(()));
    // Ctrl-C also ends the reader of the pipe, so wait until that has read.
    bash.sees("the other end of the pipe has read it", |screen| screen.contains("piped me"));
    bash.press("C-c");
    bash.prompts("code");
    assert_eq!(bash.states("sleep 660"), []);
}
