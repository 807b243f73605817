//! The views of services: lines above live rows, the dashboard of `vx up --tui`, and `vx top` beside it.

use std::process::Stdio;

use rustix::process::Signal;

use super::Services;
use crate::support::pty::OnTerminal;
use crate::support::sandbox::{eventually, send, text};

/// Two services that print; one gets ready only after the other.
const TALKING: &str = r#"
[services.front]
command = "echo front is up; exec sleep 621"
shell = true
ready = { log = "front is up" }
needs = ["back"]

[services.back]
command = "echo begins; sleep 0.3; echo back is up; exec sleep 622"
shell = true
ready = { log = "back is up" }
"#;

fn on_terminal(services: &Services, words: &str) -> OnTerminal {
    OnTerminal::start(services.0.command(words))
}

fn row<'s>(screen: &'s str, name: &str) -> &'s str {
    screen.lines().find(|line| line.split_whitespace().any(|word| word == name)).unwrap_or_default()
}

#[test]
fn on_a_terminal_lines_stand_above_a_row_for_each_service_and_control_c_stops_all() {
    let services = Services::of(TALKING);
    let up = on_terminal(&services, "up");
    let screen = up.await_screen("all are ready", |screen| {
        screen.contains("2 of 2 ready")
            && ["back  | back is up", "front | front is up"].iter().all(|line| screen.contains(line))
    });
    let place = |text: &str| screen.lines().position(|line| line.contains(text)).expect("it is shown");
    assert!(place("back  | begins") < place("back  | back is up"), "{screen}");
    assert!(place("front | front is up") < place("2 of 2 ready"), "{screen}");
    assert!(screen.lines().any(|line| line.contains("● front") && line.contains("ready")), "{screen}");
    assert!(!screen.contains(" left"), "{screen}");
    up.signal(Signal::INT);
    let (code, written) = up.ends();
    assert_eq!(code, Some(130));
    assert!(written.contains("stopped"), "{written}");
    services.are_gone();
}

#[test]
fn where_there_is_no_terminal_nothing_is_drawn() {
    let services = Services::of(TALKING);
    let up = services.0.start("up");
    eventually("its output is shown", || up.said().contains("front | front is up").then_some(()));
    assert_eq!(up.said().lines().collect::<Vec<_>>(), ["back  | begins", "back  | back is up", "front | front is up"]);
    up.signal(Signal::INT);
    let ended = up.finish().exits_with(130);
    assert!(!ended.stdout().contains('\u{1b}') && !ended.stderr().contains('\u{1b}'), "{ended:?}");
    services.are_gone();
    services.0.vx("up --tui").exits_with(2).says("`--tui` needs a terminal");
    let detached = services.0.vx("up --detach").succeeds();
    assert!(!detached.stdout().contains('\u{1b}') && !detached.stderr().contains('\u{1b}'), "{detached:?}");
    services.0.vx("down").succeeds();
}

#[test]
fn the_dashboard_shows_services_and_leaving_it_lets_them_go_on_or_stops_them() {
    let services = Services::of(TALKING);
    let mut up = on_terminal(&services, "up --tui");
    up.await_screen("all are ready", |screen| screen.contains("2 of 2 ready"));
    up.press("q");
    up.await_screen("it asks", |screen| screen.contains("2 services are at work"));
    up.press("d");
    let (code, written) = up.ends();
    assert_eq!(code, Some(0));
    assert!(written.contains("the services keep running"), "{written}");
    assert_eq!(services.state("front"), "ready");
    // No client owns them now, so a view of them that ends leaves them running.
    let mut again = on_terminal(&services, "up --tui");
    again.await_screen("it shows them", |screen| screen.contains("2 of 2 ready"));
    again.signal(Signal::KILL);
    eventually("the view is gone", || (!again.runs()).then_some(()));
    assert_eq!((services.state("front").as_str(), services.state("back").as_str()), ("ready", "ready"));
    services.0.vx("down").succeeds();
    services.are_gone();

    let mut up = on_terminal(&services, "up --tui");
    up.await_screen("all are ready", |screen| screen.contains("2 of 2 ready"));
    up.press("\u{3}");
    assert_eq!(up.ends_restored(), Some(130));
    services.are_gone();
}

#[test]
fn a_dashboard_that_dies_takes_its_services_with_it() {
    let services = Services::of(TALKING);
    let mut up = on_terminal(&services, "up --tui back");
    up.await_screen("it is ready", |screen| screen.contains("1 of 1 ready"));
    up.signal(Signal::KILL);
    eventually("the view is gone", || (!up.runs()).then_some(()));
    services.are_gone();
}

#[test]
fn a_terminal_that_takes_nothing_holds_up_neither_the_services_end_nor_the_commands() {
    let services = Services::of(TALKING);
    for words in ["up", "up --tui"] {
        let mut up = on_terminal(&services, words);
        up.await_screen("all are ready", |screen| screen.contains("2 of 2 ready"));
        up.take_nothing();
        up.signal(Signal::TERM);
        eventually("it has ended", || (!up.runs()).then_some(()));
        services.are_gone();
    }
}

#[test]
fn a_pipe_that_takes_nothing_holds_up_no_end_either() {
    let services = Services::of("[services.flood]\ncommand = \"yes much\"\n");
    let (unread, output) = std::io::pipe().expect("a pipe");
    let mut up = services.0.command("up").stdin(Stdio::null()).stdout(output).spawn().expect("it starts");
    let full = || rustix::io::ioctl_fionread(&unread).is_ok_and(|bytes| bytes >= 60_000).then_some(());
    eventually("nothing more can be printed", full);
    send(up.id(), Signal::TERM);
    let status = eventually("it has ended", || up.try_wait().expect("its end"));
    assert_eq!(status.code(), Some(130));
    services.are_gone();
}

#[test]
fn what_ended_in_a_dashboard_of_its_own_can_be_started_again_from_it() {
    let services = Services::of(
        "[services.a]\ncommand = \"echo run >> runs; test -e mended && exec sleep 623; exit 3\"\nshell = true\nrestart = \"never\"\n",
    );
    let mut up = on_terminal(&services, "up --tui");
    up.await_screen("it has failed", |screen| screen.contains("1 failed") && screen.contains("exit code 3"));
    services.0.write("mended", "");
    up.press("r");
    up.await_screen("it is at work", |screen| screen.contains("1 of 1 ready"));
    assert_eq!(services.0.read("runs"), "run\nrun\n");
    up.press("\u{3}");
    assert_eq!(up.ends_restored(), Some(130));
    services.are_gone();
}

#[test]
fn top_beside_it_stops_one_and_shows_the_logs_of_all_as_one() {
    let services = Services::of(TALKING);
    services.0.vx("up --detach").succeeds();
    let mut top = on_terminal(&services, "top");
    top.await_screen("it shows them", |screen| screen.contains("2 of 2 ready"));
    top.press("a");
    let screen = top.await_screen("all lines are there", |screen| screen.contains("front | front is up"));
    let lines: Vec<&str> = screen.lines().filter(|line| line.contains(" | ")).collect();
    let order: Vec<bool> = ["back  | begins", "back  | back is up", "front | front is up"]
        .iter()
        .zip(&lines)
        .map(|(wanted, line)| line.contains(wanted))
        .collect();
    assert_eq!(order, [true; 3], "{screen}");
    top.press("gx");
    top.await_screen("it is stopped", |screen| row(screen, "front").contains("stopped"));
    eventually("its process is gone", || services.running("sleep 621").is_empty().then_some(()));
    assert_eq!(services.state("back"), "ready");
    top.press("q");
    assert_eq!(top.ends_restored(), Some(0));
    assert_eq!(services.state("back"), "ready");
    services.0.vx("down").succeeds();
    services.are_gone();
}

#[test]
fn logs_of_several_are_in_the_order_of_their_times_also_as_they_come() {
    let services = Services::of(
        r#"
[services.one]
command = "for n in 1 3 5; do until test -e $n; do sleep 0.02; done; echo says $n; touch done$n; done; exec sleep 624"
shell = true

[services.two]
command = "for n in 2 4; do until test -e $n; do sleep 0.02; done; echo says $n; touch done$n; done; exec sleep 625"
shell = true
"#,
    );
    services.0.vx("up --detach").succeeds();
    let say = |number: u32| {
        services.0.write(&number.to_string(), "");
        eventually("it has said it", || services.0.project().join(format!("done{number}")).exists().then_some(()));
        // Wait until the line is in its file before the next is printed.
        let name = if number % 2 == 1 { "one" } else { "two" };
        eventually("the line is kept", || {
            services.0.vx(&format!("logs {name}")).stdout().contains(&format!("says {number}")).then_some(())
        });
    };
    (1..=3).for_each(say);
    let follower = services.0.start("logs --follow");
    eventually("what was there is shown", || follower.said().contains("says 3").then_some(()));
    (4..=5).for_each(say);
    eventually("what comes is shown", || follower.said().contains("says 5").then_some(()));
    let expected = ["one | says 1", "two | says 2", "one | says 3", "two | says 4", "one | says 5"];
    assert_eq!(follower.said().lines().collect::<Vec<_>>(), expected);
    follower.signal(Signal::TERM);
    follower.finish();
    let two = services.0.vx("logs two").succeeds().stdout();
    assert_eq!(two.lines().collect::<Vec<_>>(), ["two | says 2", "two | says 4"]);
    let first = services.0.vx("logs --json -n 1").succeeds().stdout();
    let entry: serde_json::Value = serde_json::from_str(&first).expect("JSON");
    assert_eq!((text(&entry["source"]), text(&entry["message"])), ("one", "says 5"));
    services.0.vx("down").succeeds();
}
