//! Answers about services refer to their present life, and running services are known without the file that declared
//! them.

use std::os::unix::fs::DirBuilderExt;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Sender, TryRecvError, bounded};
use rustix::process::Signal;
use serde_json::json;

use super::manager::connected;
use super::{Services, free_port};
use crate::running::turns::playing;
use crate::support::sandbox::{PATIENCE, Sandbox, eventually, send};

/// The rounds of a race: `VX_LIVES`, or as many as continuous integration has time for.
fn rounds(usual: u64) -> u64 {
    std::env::var("VX_LIVES").ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

const TWO: &str = "[services.plain]\ncommand = \"sleep 641\"\n\
    [services.leaves]\ncommand = \"setsid sleep 642 & exec sleep 643\"\nshell = true\n";

#[test]
fn a_start_right_after_all_of_vx_was_killed_makes_no_second_copies() {
    let services = Services::of(TWO);
    for round in 0..rounds(8) {
        services.0.vx("up --detach").succeeds();
        let killed: Vec<_> = services.supervisors().into_iter().chain(services.guards()).collect();
        killed.iter().for_each(|process| send(process.pid, Signal::KILL));
        services.0.vx("up --detach").succeeds();
        for sleep in ["sleep 641", "sleep 642", "sleep 643"] {
            let found =
                services.running(sleep).into_iter().filter(|process| process.command.starts_with(sleep)).count();
            assert_eq!(found, 1, "{sleep} in round {round}");
        }
    }
    services.0.vx("down").succeeds();
    assert_eq!(services.0.processes(), []);
}

#[test]
fn a_start_beside_a_restart_follows_the_service_into_its_next_life() {
    let port = free_port();
    let services = Services::of(&format!(
        "[services.web]\ncommand = \"python3 -u -m http.server {{port}} --bind 127.0.0.1\"\nport = {port}\nready = {{ tcp = true }}\n"
    ));
    services.0.vx("up web").succeeds();
    for round in 0..rounds(8) {
        let restart = services.0.start("restart web");
        thread::sleep(Duration::from_millis(round * 13 % 60));
        let start = services.0.start("up web");
        restart.finish().succeeds();
        start.finish().succeeds();
    }
    services.0.vx("down").succeeds();
    assert_eq!(services.0.processes(), []);
}

#[test]
fn a_start_beside_the_death_of_a_guard_follows_the_service_into_its_next_life() {
    let services = Services::of(TWO);
    services.0.vx("up plain").succeeds();
    // Only three rounds: a service whose guard dies five times within a minute is left alone.
    for _ in 0..3 {
        let guard = services.guards().first().expect("a guard").pid;
        let start = services.0.start("up plain");
        send(guard, Signal::KILL);
        start.finish().succeeds();
        eventually("it is there again", || {
            let others = services.guards().iter().any(|other| other.pid != guard);
            (others && services.state("plain") == "running").then_some(())
        });
    }
    services.0.vx("down").succeeds();
}

#[test]
fn a_supervisor_that_is_killed_while_it_starts_is_followed_by_another_one() {
    let services = Services::of(TWO);
    for _ in 0..rounds(3) {
        let start = services.0.start("up --detach plain");
        let supervisor = eventually("a supervisor begins", || services.supervisors().first().map(|found| found.pid));
        send(supervisor, Signal::KILL);
        let finished = start.finish();
        // A start that had already reached the supervisor fails with it.
        if finished.code() != Some(0) {
            services.0.vx("up plain").succeeds();
        }
        assert_eq!(services.running("sleep 641").iter().filter(|it| it.command.starts_with("sleep")).count(), 1);
        services.0.vx("down").succeeds();
    }
    assert_eq!(services.0.processes(), []);
}

#[test]
fn a_directory_of_boards_that_is_full_is_the_reason_of_a_start_in_vain() {
    let Some(sandbox) = Sandbox::new().on_a_disk("size=256k") else { return };
    let runtime = sandbox.root().join("disk/runtime");
    let services = Services(sandbox.config(TWO).variable("VX_RUNTIME_DIR", &runtime.to_string_lossy()));
    let seen = services.0.disk();
    std::fs::DirBuilder::new().mode(0o700).create(seen.join("runtime")).expect("a directory");
    // Fill the disk.
    std::fs::write(seen.join("ballast"), vec![1; 300_000]).expect_err("it is full");
    let finished = services.0.vx("up --detach").exits_with(1);
    assert!(finished.stderr().contains("space"), "{}", finished.stderr());
    assert_eq!(services.0.processes(), []);
}

#[test]
fn two_projects_whose_long_paths_begin_alike_have_services_of_their_own() {
    let sandbox = Sandbox::new();
    let long = "x".repeat(120);
    let projects = ["one", "two"].map(|name| sandbox.project().join(&long).join(name));
    for project in &projects {
        std::fs::create_dir_all(project).expect("a directory");
        std::fs::write(project.join("vx.toml"), "[services.web]\ncommand = \"sleep 651\"\n").expect("a file");
    }
    let [one, two] = projects.map(|project| project.to_string_lossy().into_owned());
    let vx = |words: &str, project: &str| {
        let mut command = sandbox.command(words);
        command.arg("--project").arg(project);
        sandbox.run(words, command).finish()
    };
    vx("up --detach", &one).succeeds();
    assert_eq!(vx("ps --json", &two).succeeds().stdout().trim(), "[]");
    vx("down", &two).succeeds().says("no service was running");
    vx("up --detach", &two).succeeds();
    let all: serde_json::Value =
        serde_json::from_str(&sandbox.vx("ps --all --json").succeeds().stdout()).expect("JSON");
    let mut shown: Vec<&str> =
        all.as_array().expect("a list").iter().filter_map(|row| row["project"].as_str()).collect();
    shown.sort_unstable();
    assert_eq!(shown, [one.as_str(), two.as_str()]);
    for project in [&one, &two] {
        vx("down", project).succeeds().says("all services are stopped");
    }
    // The boards of ended supervisors have the keys of their projects, too.
    for project in [&one, &two] {
        let rows: serde_json::Value =
            serde_json::from_str(&vx("ps --long --json", project).succeeds().stdout()).expect("JSON");
        let shown: Vec<&str> =
            rows.as_array().expect("a list").iter().filter_map(|row| row["project"].as_str()).collect();
        assert_eq!(shown, [project.as_str()]);
        let board = rows[0]["board"].as_str().expect("a file");
        let dumped: serde_json::Value =
            serde_json::from_str(&sandbox.vx(&format!("board dump {board} --json")).succeeds().stdout()).expect("JSON");
        assert_eq!(
            (&dumped["board"]["kind"], &dumped["board"]["project"]),
            (&"service".into(), &project.as_str().into())
        );
    }
    assert_eq!(sandbox.processes(), []);
}

#[test]
fn services_are_listed_logged_and_stopped_without_a_readable_file() {
    let services = Services::of("[services.web]\ncommand = \"echo hello; exec sleep 652\"\nshell = true\n");
    services.0.vx("up --detach").succeeds();
    eventually("it has printed", || services.0.vx("logs web").stdout().contains("hello").then_some(()));
    services.0.write("vx.toml", "garbage [");
    services.0.vx("ps").succeeds().prints("web");
    services.0.vx("logs web").succeeds().prints("hello");
    services.0.vx("stop web").succeeds();
    services.0.vx("down").succeeds();
    assert_eq!(services.0.processes(), []);
    services.0.write("vx.toml", "[services.web]\ncommand = \"exec sleep 652\"\nshell = true\n");
    services.0.vx("up --detach").succeeds();
    std::fs::remove_file(services.0.project().join("vx.toml")).expect("a file");
    services.0.vx("ps").succeeds().prints("web");
    services.0.vx("down").succeeds();
    assert_eq!(services.0.processes(), []);
}

#[test]
fn a_service_that_a_turn_starts_lives_on_when_the_runner_of_the_turn_is_killed() {
    let script = format!("{} up web >up 2>&1; : > begun; exec sleep 600", env!("CARGO_BIN_EXE_vx"));
    let config = "[services.web]\ncommand = \"sleep 653\"\n[services.other]\ncommand = \"sleep 657\"\n";
    let services = Services(playing(&script).config(config));
    // Start the supervisor first, so that it doesn't belong to the turn's processes.
    services.0.vx("up other").succeeds();
    let turn = services.0.start("turn -p hi");
    eventually("it has started the service", || services.0.project().join("begun").exists().then_some(()));
    let pid = services.pid("web");
    let runner = services.running("--run-tree").into_iter().find(|process| process.parent == turn.pid());
    send(runner.expect("a runner").pid, Signal::KILL);
    turn.finish().exits_with(1);
    assert_eq!((services.state("web").as_str(), services.pid("web")), ("running", pid), "{}", services.0.read("up"));
    services.0.vx("down").succeeds();
    assert_eq!(services.0.processes(), []);
}

/// Stops a process again and again until this is dropped, so that the process can't act on a signal.
struct Frozen {
    pid: u32,
    sender: Option<Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Frozen {
    fn begin(pid: u32) -> Self {
        let (sender, over) = bounded::<()>(0);
        let stop = move || {
            while over.try_recv() == Err(TryRecvError::Empty) {
                send(pid, Signal::STOP);
            }
        };
        Self { pid, sender: Some(sender), thread: Some(thread::spawn(stop)) }
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        drop(self.sender.take());
        self.thread.take().map(thread::JoinHandle::join);
        send(self.pid, Signal::CONT);
    }
}

#[test]
fn a_life_that_was_asked_to_end_is_no_answer_to_a_call_that_waits_for_its_service() {
    let services = Services::of("[services.web]\ncommand = \"sleep 654\"\n");
    services.0.vx("up web").succeeds();
    let again = json!({ "name": "web", "verb": "restart", "read_at": 1 });
    for (method, request, call) in [
        ("up/again", &again, "up web"),
        ("up/again", &again, "board wait --for web=ready"),
        ("work/stop", &json!({ "key": "web" }), "up web"),
    ] {
        let (before, mut client) = (services.pid("web"), connected(&services));
        let frozen = Frozen::begin(services.guards()[0].pid);
        client.call(method, request, PATIENCE).expect("it is accepted");
        let waiting = services.0.start(call);
        thread::sleep(Duration::from_secs(1));
        // The guard may have acted before the signal stopped it.
        if services.running(&format!("vx {call}")).is_empty() {
            assert_ne!(services.pid("web"), before, "`vx {call}` has ended");
        }
        drop(frozen);
        waiting.finish().succeeds();
        assert_ne!(services.pid("web"), before);
    }
    services.0.vx("down").succeeds();
    assert_eq!(services.0.processes(), []);
}

#[test]
fn a_start_during_a_slow_stop_of_all_services_says_that_it_waits_and_does_so_quietly() {
    let services = Services::of(
        "[services.slow]\ncommand = \"trap 'sleep 6; exit' TERM; sleep 655 & while :; do wait; done\"\nshell = true\n\
         [services.web]\ncommand = \"sleep 656\"\n",
    );
    services.0.vx("up --detach").succeeds();
    let (down, before) = (services.0.start("down"), services.supervisors()[0].pid);
    eventually("it is stopping", || (services.state("slow") == "stopping").then_some(()));
    let up = services.0.start("up web");
    eventually("it says so", || up.said().contains("waiting for the services to stop").then_some(()));
    let (ticks, begun) = (ticks_of(up.pid()), Instant::now());
    thread::sleep(Duration::from_secs(1));
    let used = ticks_of(up.pid()).saturating_sub(ticks);
    assert!(used < 20, "{used} ticks of the processor in {:?}", begun.elapsed());
    down.finish().succeeds();
    up.finish().succeeds();
    assert_eq!(services.state("web"), "running");
    assert_ne!(services.supervisors()[0].pid, before);
    services.0.vx("down").succeeds();
    assert_eq!(services.0.processes(), []);
}

/// The processor time that this process has used, in hundredths of a second; 0 once it has ended.
fn ticks_of(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum()
}
