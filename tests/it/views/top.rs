//! `vx top` and `vx sync --tui` on a terminal: boards of every kind, and every way out.

use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;

use crate::support::pty::OnTerminal;
use crate::support::sandbox::{Sandbox, eventually, send};

/// Three tools, each of which takes seconds.
fn slow() -> Sandbox {
    let sandbox = Sandbox::new().config("[tools]\nbiome = \"2.3.4\"\nesbuild = \"0.27.0\"\nlefthook = \"2.0.1\"\n");
    for (tool, version) in [("biome", "2.3.4"), ("esbuild", "0.27.0"), ("lefthook", "2.0.1")] {
        sandbox.publish_slowly(tool, version, 3_200_000, 400_000);
    }
    sandbox
}

fn on_terminal(sandbox: &Sandbox, words: &str) -> OnTerminal {
    OnTerminal::start(sandbox.command(words))
}

/// The row of a tool in the table.
fn row<'s>(screen: &'s str, tool: &str) -> Option<&'s str> {
    screen.lines().find(|line| line.split_whitespace().any(|word| word == tool))
}

fn moves(screen: &str) -> bool {
    row(screen, "biome").is_some_and(|row| row.contains('%'))
}

#[test]
fn a_killed_parent_and_a_killed_child_leave_a_board_with_the_state_of_each() {
    let sandbox = slow();
    let mut running = sandbox.command("sync --plain").stderr(std::process::Stdio::null()).spawn().expect("vx starts");
    let half = |slot: &serde_json::Value| slot["done"].as_u64() > Some(1_600_000) && slot["step"] == "downloading";
    let child = sandbox.await_slot("biome", "is half there", half)["pid"].as_u64().expect("a process");
    let viewer = on_terminal(&sandbox, "top");
    viewer.await_screen("it moves", moves);
    send(u32::try_from(child).expect("a process"), Signal::KILL);
    // Kill the parent before it can record the child's end.
    send(running.id(), Signal::KILL);
    running.wait().expect("our child");

    let gone = |screen: &str| {
        screen.contains("its parent is gone")
            && row(screen, "biome").is_some_and(|row| row.contains("lost") || row.contains("died"))
    };
    let screen = viewer.await_screen("the living viewer sees it", gone);
    for tool in ["biome", "esbuild", "lefthook"] {
        let row = row(&screen, tool).unwrap_or_else(|| panic!("{tool}:\n{screen}"));
        assert!(row.contains("MB"), "{row}");
    }
    // A viewer that starts afterwards sees the same, and so does a dump.
    eventually("every child is gone", || {
        sandbox.processes().iter().all(|process| !process.command.contains("install")).then_some(())
    });
    let mut late = on_terminal(&sandbox, "top");
    let screen = late.await_screen("the late viewer sees it", gone);
    let sign = |screen: &str| {
        let line = screen.lines().find(|line| line.contains("last sign of life after ")).map(str::to_owned);
        line.unwrap_or_else(|| panic!("no sign of life:\n{screen}"))
    };
    let told = sign(&screen);
    // The kill came halfway through a download of eight seconds, so the last heartbeat was seconds after the start.
    let seconds = told.rsplit("after ").next().and_then(|after| after.split(' ').next()?.parse::<f64>().ok());
    assert!(seconds.is_some_and(|seconds| seconds > 2.0), "{told}");
    std::thread::sleep(Duration::from_millis(1_500));
    assert_eq!(sign(&late.screen()), told, "it does not go on");
    let dumped = sandbox.board().expect("the board reads");
    assert_eq!(
        (dumped["board"]["creator"]["alive"].clone(), dumped["slots"].as_array().map(Vec::len)),
        (false.into(), Some(3))
    );
    for slot in dumped["slots"].as_array().expect("slots") {
        let tool = slot["key"].as_str().expect("a tool");
        assert!(
            slot["done"].as_u64() > Some(0) && !slot["transitions"].as_array().expect("phases").is_empty(),
            "{slot}"
        );
        assert!(row(&screen, tool).is_some_and(|row| !row.contains("running")), "{screen}");
    }
    late.press("i");
    let phases = |screen: &str| {
        screen.contains("[Info]") && ["process", "queued", "downloading", "MB"].iter().all(|word| screen.contains(word))
    };
    late.await_screen("the phases of the first", phases);
    late.press("q");
    assert_eq!(late.ends_restored(), Some(0));
}

#[test]
fn several_boards_are_listed_first_and_the_chosen_one_is_shown() {
    let sandbox = Sandbox::new();
    for name in ["day", "night"] {
        sandbox.vx(&format!("board create {name} --title {name}-work")).succeeds();
        sandbox.vx(&format!("board put --board {name} {name}-key --phase downloading --done 3 --total 12")).succeeds();
    }
    let mut viewer = on_terminal(&sandbox, "top");
    let list = viewer.await_screen("the list", |screen| screen.contains("Which board?"));
    let place =
        |name: &str| list.lines().position(|line| line.contains(name)).unwrap_or_else(|| panic!("{name}:\n{list}"));
    let second = if place("day-work") > place("night-work") { "day" } else { "night" };
    viewer.press("j\r");
    viewer.await_screen("the second of them", |screen| {
        row(screen, &format!("{second}-key")).is_some_and(|row| row.contains("25 %"))
    });
    viewer.press("q");
    assert_eq!(viewer.ends_restored(), Some(0));
    let mut viewer = on_terminal(&sandbox, "top");
    viewer.await_screen("the list", |screen| screen.contains("Which board?"));
    viewer.press("q");
    assert_eq!(viewer.ends_restored(), Some(0));
}

#[test]
fn the_one_that_runs_is_shown_before_newer_ones_that_are_over() {
    let sandbox = Sandbox::new();
    for name in ["old", "new", "newest"] {
        sandbox.vx(&format!("board create {name} --title {name}-work")).succeeds();
        sandbox.vx(&format!("board put --board {name} {name}-key --phase downloading --done 3 --total 12")).succeeds();
    }
    sandbox.vx("board close new").succeeds();
    sandbox.vx("board close newest").succeeds();
    let viewer = on_terminal(&sandbox, "top");
    viewer.await_screen("the one that runs", |screen| row(screen, "old-key").is_some());
    drop(viewer);
    sandbox.vx("board close old").succeeds();
    let viewer = on_terminal(&sandbox, "top");
    let list = viewer.await_screen("all are over", |screen| screen.contains("Which board?"));
    assert!(["old-work", "new-work", "newest-work"].iter().all(|name| list.contains(name)), "{list}");
}

#[test]
fn a_finished_board_and_a_dump_of_it_look_alike() {
    let sandbox = Sandbox::new().config("[tools]\nbiome = \"2.3.4\"\n").offers("biome", "2.3.4");
    sandbox.vx("sync --headless --dump dumps").succeeds();
    let seen = |words: &str| {
        let mut viewer = on_terminal(&sandbox, words);
        let screen =
            viewer.await_screen("it is done", |screen| row(screen, "biome").is_some_and(|row| row.contains('✓')));
        viewer.press("q");
        assert_eq!(viewer.ends_restored(), Some(0));
        let lines = screen.lines().filter(|line| line.contains("biome"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(seen("top"), seen("top dumps/final.vxb"));
}

#[test]
fn the_terminal_is_given_back_however_a_viewer_ends() {
    let sandbox = Sandbox::new();
    sandbox.vx("board create work").succeeds();
    sandbox.vx("board put biome --phase downloading --done 3 --total 12").succeeds();
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::INT, 130)] {
        let viewer = on_terminal(&sandbox, "top");
        viewer.await_screen("it is there", moves);
        viewer.signal(signal);
        assert_eq!(viewer.ends_restored(), Some(code), "{signal:?}");
    }
    let mut viewer = on_terminal(&sandbox, "top");
    viewer.await_screen("it is there", moves);
    viewer.signal(Signal::TSTP);
    eventually("it gives the terminal back", || viewer.text().contains("\u{1b}[?1049l").then_some(()));
    std::thread::sleep(Duration::from_millis(100));
    viewer.assert_restored();
    viewer.signal(Signal::CONT);
    eventually("it takes it again", || (viewer.text().matches("\u{1b}[?1049h").count() == 2).then_some(()));
    viewer.await_screen("it is there again", moves);
    viewer.press("\u{3}");
    assert_eq!(viewer.ends_restored(), Some(0));
}

#[test]
fn the_terminal_is_given_back_however_a_run_ends() {
    for signal in [None, Some(Signal::TERM), Some(Signal::HUP), Some(Signal::INT)] {
        let sandbox = Sandbox::new().config("[tools]\nbiome = \"2.3.4\"\n");
        let bytes = if signal.is_some() { 4_000_000 } else { 300_000 };
        sandbox.publish_slowly("biome", "2.3.4", bytes, 400_000);
        let run = on_terminal(&sandbox, "sync --tui");
        run.await_screen("it moves", moves);
        if let Some(signal) = signal {
            run.signal(signal);
        }
        let code = run.ends_restored();
        assert_eq!(code, Some(if signal.is_some() { 130 } else { 0 }), "{signal:?}");
    }
}

#[test]
fn a_stopped_view_that_is_continued_to_end_gives_the_terminal_back_and_ends() {
    let sandbox = Sandbox::new().config("[tools]\nbiome = \"2.3.4\"\n");
    sandbox.publish_slowly("biome", "2.3.4", 4_000_000, 400_000);
    for (words, signal, code) in
        [("sync --tui", Signal::TERM, 130), ("sync --tui", Signal::HUP, 130), ("top", Signal::TERM, 143)]
    {
        if words == "top" {
            sandbox.vx("board create work").succeeds();
            sandbox.vx("board put biome --phase downloading --done 3 --total 12").succeeds();
        }
        let view = on_terminal(&sandbox, words);
        view.await_screen("it is there", moves);
        view.signal(Signal::TSTP);
        eventually("it is stopped", || view.is_stopped().then_some(()));
        // A shell sends SIGTERM to a stopped job that it has to kill, and the system sends SIGHUP if the terminal is
        // closed.
        view.signal(signal);
        view.signal(Signal::CONT);
        assert_eq!(view.ends_restored(), Some(code), "{words} {signal:?}");
    }
}

#[test]
fn the_list_of_boards_is_kept_up_to_date_and_left_like_the_view() {
    let sandbox = Sandbox::new();
    for name in ["day", "night"] {
        sandbox.vx(&format!("board create {name} --title {name}-work")).succeeds();
        sandbox.vx(&format!("board put --board {name} {name}-key --phase downloading --done 3 --total 12")).succeeds();
    }
    std::fs::write(sandbox.home().join("vx.toml"), "[ui.keys]\ndown = [\"v\"]\n").expect("a file");
    let mut viewer = on_terminal(&sandbox, "top");
    let list = viewer.await_screen("the list", |screen| screen.contains("Which board?"));
    assert!(list.contains("v k move"), "{list}");
    let selected = |screen: &str| screen.lines().find(|line| line.starts_with('▌')).map(str::to_owned);
    let named = |line: &str| ["day", "night"].into_iter().find(|name| line.contains(name)).expect("a board");
    viewer.press("v");
    let first = selected(&list).expect("one is selected");
    let moved = |screen: &str| selected(screen).is_some_and(|line| named(&line) != named(&first));
    let second = selected(&viewer.await_screen("the second is selected", moved)).expect("one is selected");
    sandbox.vx("board create newer --title newer-work").succeeds();
    let newer = viewer.await_screen("the new one is listed", |screen| screen.contains("newer-work"));
    assert_eq!(selected(&newer).as_deref().map(named), Some(named(&second)), "{newer}");
    sandbox.vx(&format!("board close {}", named(&second))).succeeds();
    let closed = |screen: &str| selected(screen).is_some_and(|line| line.contains("failed"));
    viewer.await_screen("it is closed", closed);
    viewer.press("\r");
    viewer.await_screen("it is shown", |screen| row(screen, &format!("{}-key", named(&second))).is_some());
    viewer.press("q");
    assert_eq!(viewer.ends_restored(), Some(0));
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::INT, 130)] {
        let viewer = on_terminal(&sandbox, "top");
        viewer.await_screen("the list", |screen| screen.contains("Which board?"));
        viewer.signal(signal);
        assert_eq!(viewer.ends_restored(), Some(code), "{signal:?}");
    }
    let viewer = on_terminal(&sandbox, "top");
    viewer.await_screen("the list", |screen| screen.contains("Which board?"));
    viewer.signal(Signal::TSTP);
    eventually("it is stopped", || viewer.is_stopped().then_some(()));
    viewer.signal(Signal::TERM);
    viewer.signal(Signal::CONT);
    assert_eq!(viewer.ends_restored(), Some(143));
}

/// A sandbox with shims for its programs, whose next sync takes seconds to install another tool.
fn linked_and_slow() -> Sandbox {
    let sandbox = Sandbox::new().config("[tools]\nbiome = \"2.3.4\"\n").offers("biome", "2.3.4");
    sandbox.vx("sync --headless").succeeds();
    sandbox.vx("shims").succeeds();
    sandbox.publish_slowly("esbuild", "0.27.0", 600_000, 400_000);
    sandbox.config("[tools]\nbiome = \"2.3.4\"\nesbuild = \"0.27.0\"\n")
}

/// Start a run on a terminal that accepts no more output once the run is shown, and wait until everything but the
/// output is done.
fn done_unseen(sandbox: &Sandbox, words: &str) -> OnTerminal {
    let run = on_terminal(sandbox, words);
    run.await_screen("it moves", |screen| row(screen, "esbuild").is_some_and(|row| row.contains('%')));
    run.take_nothing();
    eventually("the links are made anew", || sandbox.home().join("shims/esbuild").is_symlink().then_some(()));
    let history = std::fs::read_to_string(sandbox.home().join("cache/history.json")).expect("a history");
    assert!(history.contains("esbuild"), "{history}");
    let recording = vx_shm::recording::Recording::open(&sandbox.project().join("run.vxr")).expect("a recording");
    assert!(recording.complete());
    run
}

#[test]
fn a_terminal_that_takes_nothing_delays_only_what_is_shown_on_it() {
    for words in ["sync --tui --record run.vxr", "sync --record run.vxr"] {
        let sandbox = linked_and_slow();
        let mut run = done_unseen(&sandbox, words);
        // The run goes on, since its end has still to be shown.
        std::thread::sleep(Duration::from_millis(300));
        assert!(run.runs());
        run.take_all();
        run.await_screen("the final table", |screen| screen.contains("installed"));
        assert_eq!(run.ends_with_modes_restored(), Some(0), "{words}");
        let sandbox = linked_and_slow();
        let mut run = done_unseen(&sandbox, words);
        run.signal(Signal::TERM);
        assert_eq!(run.ends_with_modes_restored(), Some(130), "{words}");
    }
}

#[test]
fn a_run_is_cancelled_and_ends_behind_a_terminal_that_takes_nothing() {
    for (words, signal) in [("sync --tui", Signal::TERM), ("sync --tui", Signal::HUP), ("sync", Signal::INT)] {
        let sandbox = Sandbox::new().config("[tools]\nbiome = \"2.3.4\"\n");
        sandbox.publish_slowly("biome", "2.3.4", 8_000_000, 400_000);
        let mut run = on_terminal(&sandbox, words);
        run.await_screen("it moves", moves);
        run.take_nothing();
        // After this time the view is blocked by the terminal.
        std::thread::sleep(Duration::from_millis(500));
        run.signal(signal);
        sandbox.await_slot("biome", "is cancelled", |slot| slot["state"] == "cancelled");
        assert_eq!(run.ends_with_modes_restored(), Some(130), "{words} {signal:?}");
    }
}

#[test]
fn a_row_of_another_process_is_not_asked_to_stop() {
    let sandbox = Sandbox::new().config("[tools]\nbiome = \"2.3.4\"\n");
    sandbox.publish_slowly("biome", "2.3.4", 8_000_000, 400_000);
    let mut run = on_terminal(&sandbox, "sync --tui");
    run.await_screen("it moves", moves);
    let board = sandbox.board().expect("a board")["board"]["creator"]["pid"].clone();
    sandbox.vx(&format!("board put notes --board {board} --phase extracting --done 1 --total 4")).succeeds();
    run.await_screen("it is beside it", |screen| row(screen, "notes").is_some());
    run.press("Gx");
    let refused = "notes is not stopped: it is no part of this run";
    let screen = run.await_screen("it is refused", |screen| screen.contains(refused));
    let goes_on = |screen: &str| row(screen, "notes").is_some_and(|row| row.contains('●'));
    if !goes_on(&screen) {
        run.await_screen("it goes on", goes_on);
    }
    run.press("\u{3}");
    assert_eq!(run.ends_restored(), Some(130));
}

/// A run on a terminal, with a tool whose command runs this script, which prints harmful text, and a tool that prints
/// nothing.
fn printing(script: &str) -> (Sandbox, OnTerminal) {
    let sandbox = Sandbox::new();
    let archive = |name: &str| {
        crate::support::registry::archive::tgz(&[crate::support::registry::archive::script(
            &format!("x/bin/{name}"),
            "1.0.0",
        )])
    };
    let calm = sandbox.addressed("calm", &archive("calm"), ", postinstall = \"sleep 30\"");
    sandbox.write("harm.sh", script);
    let path = sandbox.project().join("harm.sh");
    let harm = sandbox.addressed("harm", &archive("harm"), &format!(", postinstall = \"sh {}\"", path.display()));
    sandbox.write("vx.toml", &format!("[tools]\n{calm}{harm}"));
    let mut command: Command = sandbox.command("sync --tui");
    command.args(["--jobs", "4"]);
    let run = OnTerminal::start(command);
    (sandbox, run)
}

/// The highest peak memory of any process of the sandbox, in KiB.
fn most_memory(sandbox: &Sandbox) -> u64 {
    let peak = |pid: u32| -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.split_whitespace().next()?.parse().ok()
    };
    let ours = sandbox.processes().into_iter().filter(|process| process.command.contains("vx"));
    ours.filter_map(|process| peak(process.pid)).max().unwrap_or_default()
}

#[test]
fn the_output_of_a_child_changes_nothing_but_its_own_cell() {
    let script = r"printf '\033[2J\033[H\033]0;gone\007\033[?1049l\033c\033[31m\n'
        printf '\033]52;c;AAAA\007\033P1$r\033\\\n\0\0NUL\0\n\377\376\200broken\n'
        printf '\342\200\256gnp.exe\n\033[6n\033[c\n'
        printf 'the end of harm\n'
        exit 7";
    let (_sandbox, mut run) = printing(script);
    let calm = |screen: &str| row(screen, "calm").is_some_and(|row| row.contains('●'));
    run.await_screen("the harmful one fails", |screen| row(screen, "harm").is_some_and(|row| row.contains('✗')));
    run.press("Ge");
    let seen = |screen: &str| screen.contains("[Error]") && screen.contains("the end of harm") && calm(screen);
    let screen = run.await_screen("what it said last", seen);
    for kept in ["NUL", "broken", "gnp.exe"] {
        assert!(screen.contains(kept), "{screen}");
    }
    let forbidden = ["\u{1b}]0;", "\u{1b}]52;", "\u{1b}c", "\u{1b}P", "\u{1b}[6n", "\u{1b}[c", "\u{202e}", "\0"];
    let nothing_came_through = |text: &str| forbidden.iter().for_each(|code| assert!(!text.contains(code), "{code:?}"));
    let text = run.text();
    nothing_came_through(&text);
    assert_eq!(text.matches("\u{1b}[2J").count(), 1, "the screen is cleared once, by the view itself");
    assert!(!text.contains("\u{1b}[?1049l"), "the other screen is not left");
    run.press("\u{3}");
    eventually("it ends", || (run.text().contains("\u{1b}[?1049l")).then_some(()));
    std::thread::sleep(Duration::from_millis(500));
    nothing_came_through(&run.text());
    assert_eq!(run.ends_restored(), Some(130));
}

#[test]
fn a_flood_and_an_endless_line_keep_memory_bounded_and_the_view_alive() {
    // A line of 100 MB, then lines as fast as the machine can print them.
    let script = "head -c 100000000 /dev/zero | tr '\\0' x; echo; timeout 3 yes 'a line of the flood that never ends'; echo the end of harm; sleep 30";
    let (sandbox, mut run) = printing(script);
    for tool in ["calm", "harm"] {
        sandbox.await_slot(tool, "runs its command", |slot| slot["step"] == "post-install");
    }
    run.press("G");
    let (mut most, deadline) = (0, std::time::Instant::now() + Duration::from_secs(6));
    while std::time::Instant::now() < deadline {
        most = most.max(most_memory(&sandbox));
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(most > 0 && most < 64 * 1024, "{most} KiB");
    // The view still responds.
    run.press("?");
    run.await_screen("the help", |screen| screen.contains("this list"));
    run.press("?\u{3}");
    assert_eq!(run.ends_restored(), Some(130));
}
