//! The terminal is restored, whichever way the full-screen view ends. In each test, this program runs the view in a
//! child process on a pseudo-terminal, and checks the last bytes it wrote and the terminal's settings.
#![cfg(unix)]

use std::ffi::CStr;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::num::NonZero;
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Termios, Winsize, tcgetattr, tcsetwinsize};
use vx_shm::{BoardState, Liveness, SlotState, SlotView, Snapshot};
use vx_status::source::{Inputs, NoLogs, Snapshots, WorkControl};
use vx_status::vocabulary::Phase;
use vx_tui::{DashboardOptions, OutputOptions, Signs, dashboard, inline};

const ROLE: &str = "VX_TUI_TEST_ROLE";
/// Role of the example, before the board that it shows.
const EXAMPLE: &str = "example ";
const LONGEST_WAIT: Duration = Duration::from_secs(15);

const ENTER: &str = "\u{1b}[?1049h";
const LEAVE: &str = "\u{1b}[?1049l";
const SHOW_CURSOR: &str = "\u{1b}[?25h";
const HIDE_CURSOR: &str = "\u{1b}[?25l";
const SIGNS: Signs = Signs { progress: true, title: true };
const SAVE_TITLE: &str = "\u{1b}[22;0t";
const TITLE: &str = "\u{1b}]2;vx";
const RESTORE_TITLE: &str = "\u{1b}[23;0t";
const PROGRESS: &str = "\u{1b}]9;4;1;";
const NO_PROGRESS: &str = "\u{1b}]9;4;0;\u{1b}\\";
const BEGIN_FRAME: &str = "\u{1b}[?2026h";

#[path = "../examples/show.rs"]
#[allow(dead_code, reason = "its entry point reads the command line")]
mod show;

/// A board with one running download, or one that panics, according to the role.
struct Board {
    panics: bool,
    began: Instant,
}

impl Snapshots for Board {
    fn refresh(&mut self, into: &mut Snapshot) -> io::Result<bool> {
        assert!(!self.panics || self.began.elapsed() < Duration::from_millis(300), "the board's reader panicked");
        into.taken_at_ns = u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        into.slots = vec![SlotView {
            key: "node".to_owned(),
            state: SlotState::Live,
            liveness: Liveness::Alive,
            step: Phase::DOWNLOADING.step(),
            done: into.taken_at_ns / 1_000,
            total: Some(20_000_000),
            ..SlotView::default()
        }];
        Ok(true)
    }
}

struct ReportsCancel;

impl WorkControl for ReportsCancel {
    fn cancel(&mut self, _key: &str) {}

    fn retry(&mut self, _key: &str) {}

    fn cancel_all(&mut self) {
        io::stderr().write_all(b"CANCEL-ALL").expect("the terminal takes it");
    }
}

/// A finished board that never changes.
struct Over;

impl Snapshots for Over {
    fn refresh(&mut self, into: &mut Snapshot) -> io::Result<bool> {
        if !into.slots.is_empty() {
            return Ok(false);
        }
        let slot = |index| SlotView {
            index,
            key: format!("node-{index}"),
            state: SlotState::Done,
            ended_at_ns: Some(1),
            ..SlotView::default()
        };
        into.slots = (0..40).map(slot).collect();
        into.board.state = BoardState::Done;
        Ok(true)
    }
}

/// A board whose reads, once it is shown, block until the terminal is gone, so that the next frame meets the hang-up.
struct HangsUp(Board);

impl Snapshots for HangsUp {
    fn refresh(&mut self, into: &mut Snapshot) -> io::Result<bool> {
        let stdin = io::stdin();
        let mut polled = [PollFd::new(&stdin, PollFlags::empty())];
        while self.0.began.elapsed() > Duration::from_millis(300) && !polled[0].revents().contains(PollFlags::HUP) {
            poll(&mut polled, None)?;
        }
        self.0.refresh(into)
    }
}

/// The child's part: show the view until its role ends it. Does nothing in an ordinary run.
#[test]
fn plays_its_part() {
    let Ok(role) = std::env::var(ROLE) else { return };
    if let Some(board) = role.strip_prefix(EXAMPLE) {
        println!("LEFT {:?}", show::show(board.as_ref()));
        return;
    }
    let control: Option<Box<dyn WorkControl>> = role.starts_with("in charge").then(|| Box::new(ReportsCancel) as _);
    let board = Board { panics: role.ends_with("own panic"), began: Instant::now() };
    let snapshots: Box<dyn Snapshots> = match role.as_str() {
        "over" => Box::new(Over),
        "in charge of a terminal that hangs up" => Box::new(HangsUp(board)),
        _ => Box::new(board),
    };
    let mut inputs = Inputs { snapshots, logs: Box::new(NoLogs), control, opener: None };
    let (send, mut finished) = crossbeam_channel::bounded::<()>(0);
    match role.as_str() {
        "finishes" | "inline finishes" => drop(thread::spawn(move || {
            thread::sleep(Duration::from_millis(300));
            drop(send);
        })),
        "other panic" | "inline other panic" => drop(thread::spawn(|| {
            thread::sleep(Duration::from_millis(300));
            panic!("another thread panicked");
        })),
        _ => finished = crossbeam_channel::never(),
    }
    if role.starts_with("inline") {
        let shown = inline(&mut inputs, &OutputOptions { signs: SIGNS, ..OutputOptions::default() }, finished);
        println!("LEFT {shown:?}");
        return;
    }
    let left = dashboard(&mut inputs, &DashboardOptions { signs: SIGNS, ..DashboardOptions::default() }, finished);
    println!("LEFT {left:?}");
}

/// A child on its own terminal.
struct OnTerminal {
    child: Child,
    keyboard: File,
    terminal: OwnedFd,
    before: Termios,
    written: Arc<Mutex<Vec<u8>>>,
}

impl OnTerminal {
    fn playing(role: &str) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pseudo-terminal");
        grantpt(&master).and_then(|()| unlockpt(&master)).expect("it opens");
        let name = ptsname(&master, Vec::new()).expect("it has a name");
        let slave = open(&name);
        let size = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&slave, size).expect("it takes a size");
        let before = tcgetattr(&slave).expect("it has settings");
        let child = start(role, &slave);
        let written = Arc::new(Mutex::new(Vec::new()));
        let into = Arc::clone(&written);
        let mut screen = File::from(master.try_clone().expect("a second handle"));
        thread::spawn(move || {
            let mut chunk = [0; 4096];
            // A closed terminal ends the reading with an error.
            while let Ok(count @ 1..) = screen.read(&mut chunk) {
                into.lock().expect("no reader panics").extend_from_slice(&chunk[..count]);
            }
        });
        Self { child, keyboard: File::from(master), terminal: slave.into(), before, written }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.written.lock().expect("no reader panics")).into_owned()
    }

    /// The text on the terminal.
    fn screen(&self) -> String {
        let cells = |count| NonZero::new(count).expect("a screen has cells");
        let mut terminal = vt100::Parser::new(cells(24), cells(80), 0);
        terminal.process(&self.written.lock().expect("no reader panics"));
        terminal.screen().contents()
    }

    /// Wait until the terminal's output satisfies `seen`.
    fn wait_until(&self, what: &str, seen: impl Fn(&str) -> bool) {
        let began = Instant::now();
        while !seen(&self.text()) {
            assert!(began.elapsed() < LONGEST_WAIT, "waited for {what} in vain:\n{}", self.screen());
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn shown(self) -> Self {
        self.wait_until("the view", |text| text.contains("node"));
        self
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("the child is there");
    }

    fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).expect("the terminal takes keys");
    }

    fn settings_are_back(&self) -> bool {
        let now = tcgetattr(&self.terminal).expect("it has settings");
        now.local_modes == self.before.local_modes
            && now.input_modes == self.before.input_modes
            && now.output_modes == self.before.output_modes
            && now.control_modes == self.before.control_modes
            && format!("{:?}", now.special_codes) == format!("{:?}", self.before.special_codes)
    }

    fn assert_restored(&self) {
        let text = self.text();
        let last = |code: &str| text.rfind(code);
        assert!(last(ENTER).is_some() && last(LEAVE) > last(ENTER), "left the other screen: {text:?}");
        assert!(last(SHOW_CURSOR) > last(HIDE_CURSOR), "the cursor is back: {text:?}");
        assert!(last(BEGIN_FRAME) < last(LEAVE), "nothing is drawn after that: {text:?}");
        assert_eq!(text.matches(ENTER).count(), text.matches(LEAVE).count(), "{text:?}");
        assert!(self.settings_are_back(), "the settings are as before");
        self.assert_no_signs();
    }

    /// Check that progress and title were shown, and that both were removed at the end.
    fn assert_no_signs(&self) {
        let text = self.text();
        let last = |code: &str| text.rfind(code);
        assert!(last(PROGRESS).is_some() && last(NO_PROGRESS) > last(PROGRESS), "{text:?}");
        assert!(last(TITLE).is_some() && last(RESTORE_TITLE) > last(TITLE), "{text:?}");
        assert_eq!(text.matches(SAVE_TITLE).count(), text.matches(RESTORE_TITLE).count(), "{text:?}");
    }

    /// Wait for the child's end; everything must be as before, and the view must have returned `expected`.
    fn ends_restored(mut self, expected: &str) {
        let began = Instant::now();
        while self.child.try_wait().expect("the child was started here").is_none() {
            assert!(began.elapsed() < LONGEST_WAIT, "it does not end:\n{}", self.screen());
            thread::sleep(Duration::from_millis(10));
        }
        self.wait_until(expected, |text| text.contains(expected));
        self.assert_restored();
    }
}

impl Drop for OnTerminal {
    fn drop(&mut self) {
        // A child that has already ended is fine.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Start this program again as the child, in this role and on that terminal.
fn start(role: &str, terminal: &File) -> Child {
    start_with_stderr(role, terminal, Stdio::from(terminal.try_clone().expect("a second handle")))
}

/// Start such a child with its standard error in `stderr`.
fn start_with_stderr(role: &str, terminal: &File, stderr: Stdio) -> Child {
    let ours = || Stdio::from(terminal.try_clone().expect("a second handle"));
    Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "plays_its_part", "--nocapture", "--test-threads=1"])
        .env(ROLE, role)
        .env_remove("RUST_BACKTRACE")
        .env("TERM", "xterm-256color")
        .stdin(ours())
        .stdout(ours())
        .stderr(stderr)
        .spawn()
        .expect("the child starts")
}

fn open(name: &CStr) -> File {
    let path = name.to_str().expect("a terminal's name is ASCII");
    OpenOptions::new().read(true).write(true).open(path).expect("the terminal opens")
}

#[test]
fn it_is_restored_when_the_work_is_over() {
    OnTerminal::playing("finishes").shown().ends_restored("LEFT Ok(Finished)");
}

#[test]
fn it_is_restored_when_a_viewer_leaves() {
    let mut viewer = OnTerminal::playing("watches").shown();
    viewer.press("q");
    viewer.ends_restored("LEFT Ok(Closed)");
}

#[test]
fn the_example_shows_a_board_until_its_viewer_leaves() {
    let directory = tempfile::tempdir().expect("a directory");
    let board = vx_shm::Board::create(&directory.path().join("b.board"), "any", 1).expect("a board");
    board.reserve("node", "22.1", vx_shm::Kind::Install).expect("a slot");
    let mut viewer = OnTerminal::playing(&format!("{EXAMPLE}{}", board.path().display())).shown();
    viewer.press("q");
    viewer.wait_until("its end", |text| text.contains("LEFT Ok(())") && text.contains(LEAVE));
    assert!(viewer.settings_are_back());
}

#[test]
fn it_is_restored_when_the_view_itself_panics() {
    OnTerminal::playing("own panic").shown().ends_restored("the board's reader panicked");
}

#[test]
fn it_is_restored_when_another_thread_panics_and_nothing_is_drawn_after() {
    OnTerminal::playing("other panic").shown().ends_restored("LEFT Err(Panicked)");
}

#[test]
fn it_is_restored_by_signals_that_end_the_process() {
    for (signal, number) in [(Signal::TERM, 15), (Signal::HUP, 1), (Signal::INT, 2)] {
        let viewer = OnTerminal::playing("watches").shown();
        viewer.signal(signal);
        viewer.ends_restored(&format!("LEFT Ok(Signal({number}))"));
    }
}

#[test]
fn signs_outside_the_inline_rows_are_removed_at_the_end_and_by_a_panic() {
    for (role, expected) in [
        ("inline finishes", "LEFT Ok(())"),
        ("inline own panic", "the board's reader panicked"),
        ("inline other panic", "another thread panicked"),
    ] {
        let view = OnTerminal::playing(role).shown();
        view.wait_until("the task bar", |text| text.contains(PROGRESS));
        view.wait_until(expected, |text| text.contains(expected));
        let written = view.text().find(expected).expect("it was written");
        thread::sleep(Duration::from_millis(600));
        view.assert_no_signs();
        assert!(view.text()[written..].matches(PROGRESS).count() == 0, "nothing is shown after that: {}", view.text());
    }
}

#[test]
fn a_signal_that_ends_the_parent_of_the_work_cancels_it() {
    let parent = OnTerminal::playing("in charge").shown();
    parent.signal(Signal::TERM);
    parent.wait_until("the request", |text| text.contains("CANCEL-ALL"));
    parent.ends_restored("LEFT Ok(Signal(15))");
}

#[test]
fn detaching_gives_the_terminal_back_and_cancels_nothing() {
    let mut parent = OnTerminal::playing("in charge").shown();
    parent.press("q");
    parent.wait_until("the question", |text| text.contains("detach"));
    parent.press("d");
    parent.wait_until("the end", |text| text.contains("LEFT Ok(Detached)"));
    assert!(!parent.text().contains("CANCEL-ALL"));
    parent.ends_restored("LEFT Ok(Detached)");
}

#[test]
fn a_view_whose_terminal_is_gone_ends_without_a_signal() {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect("a pseudo-terminal");
    grantpt(&master).and_then(|()| unlockpt(&master)).expect("it opens");
    let slave = open(&ptsname(&master, Vec::new()).expect("it has a name"));
    tcsetwinsize(&slave, Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 }).expect("it takes a size");
    let mut child = start("watches", &slave);
    drop(slave);
    let (mut screen, mut text, mut chunk) = (File::from(master), String::new(), [0; 4096]);
    while !text.contains("node") {
        let count = screen.read(&mut chunk).expect("the child draws");
        text.push_str(&String::from_utf8_lossy(&chunk[..count]));
    }
    drop(screen);
    let began = Instant::now();
    while child.try_wait().expect("the child was started here").is_none() {
        if began.elapsed() > LONGEST_WAIT {
            let _ = child.kill();
            let _ = child.wait();
            panic!("it goes on without a terminal");
        }
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_hang_up_that_a_frame_meets_cancels_the_work_like_any_other() {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect("a pseudo-terminal");
    grantpt(&master).and_then(|()| unlockpt(&master)).expect("it opens");
    let slave = open(&ptsname(&master, Vec::new()).expect("it has a name"));
    tcsetwinsize(&slave, Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 }).expect("it takes a size");
    let (reader, writer) = io::pipe().expect("a pipe");
    let mut child = start_with_stderr("in charge of a terminal that hangs up", &slave, Stdio::from(writer));
    drop(slave);
    let (mut screen, mut text, mut chunk) = (File::from(master), String::new(), [0; 4096]);
    let began = Instant::now();
    while !text.contains("node") || began.elapsed() < Duration::from_millis(600) {
        let mut polled = [PollFd::new(&screen, PollFlags::IN)];
        if poll(&mut polled, Some(&Timespec { tv_sec: 0, tv_nsec: 50_000_000 })).expect("it polls") > 0 {
            let count = screen.read(&mut chunk).expect("the child draws");
            text.push_str(&String::from_utf8_lossy(&chunk[..count]));
        }
    }
    drop(screen);
    let output = io::read_to_string(reader).expect("it ends");
    child.wait().expect("the child was started here");
    assert_eq!(output.matches("CANCEL-ALL").count(), 1, "{output}");
}

#[test]
fn the_last_step_of_a_held_key_is_shown_as_soon_as_a_frame_may_follow_the_last() {
    let mut viewer = OnTerminal::playing("over");
    viewer.wait_until("the view", |text| text.contains("node-0"));
    // From now on the view wakes up four times a second by itself.
    thread::sleep(Duration::from_millis(1_300));
    let mut best = LONGEST_WAIT;
    for turn in 0..8 {
        // Back and forth, since a step beyond an end would need no frame.
        let key = if turn % 2 == 0 { "j" } else { "k" };
        let frames = viewer.text().matches(BEGIN_FRAME).count();
        viewer.press(key);
        viewer.wait_until("the first step", |text| text.matches(BEGIN_FRAME).count() > frames);
        let pressed = Instant::now();
        viewer.press(key);
        viewer.wait_until("the last step", |text| text.matches(BEGIN_FRAME).count() > frames + 1);
        best = best.min(pressed.elapsed());
    }
    assert!(best < Duration::from_millis(120), "{best:?}");
    viewer.press("q");
    viewer.wait_until("the end", |text| text.contains("LEFT Ok(Closed)"));
}

#[test]
fn the_signs_of_inline_rows_are_removed_while_they_are_stopped() {
    let view = OnTerminal::playing("inline watches").shown();
    view.wait_until("the task bar", |text| text.contains(PROGRESS));
    view.signal(Signal::TSTP);
    view.wait_until("the stop", |text| text.contains(NO_PROGRESS) && text.contains(RESTORE_TITLE));
    view.assert_no_signs();
    let written = view.text().len();
    thread::sleep(Duration::from_millis(300));
    assert_eq!(view.text().len(), written, "a stopped view writes nothing");
    view.signal(Signal::CONT);
    view.wait_until("it goes on", |text| {
        let after = &text[written..];
        after.contains(PROGRESS) && after.contains(SAVE_TITLE) && after.contains("node")
    });
}

#[test]
fn control_c_is_a_key_that_cancels_all_and_stays() {
    let mut parent = OnTerminal::playing("in charge").shown();
    parent.press("\u{3}");
    parent.wait_until("the request", |text| text.contains("CANCEL-ALL"));
    let began = Instant::now();
    while !parent.screen().contains("asked all to stop; Ctrl-C again kills them") {
        assert!(began.elapsed() < LONGEST_WAIT, "{}", parent.screen());
        thread::sleep(Duration::from_millis(10));
    }
    assert!(!parent.text().contains(LEAVE));
}

#[test]
fn a_stopped_view_gives_the_terminal_back_and_takes_it_again_when_continued() {
    let mut viewer = OnTerminal::playing("watches").shown();
    viewer.signal(Signal::TSTP);
    viewer.wait_until("the stop", |text| text.contains(LEAVE));
    let began = Instant::now();
    while !viewer.settings_are_back() {
        assert!(began.elapsed() < LONGEST_WAIT, "the settings of a stopped view's terminal are not back");
        thread::sleep(Duration::from_millis(10));
    }
    viewer.assert_restored();
    let written = viewer.text().len();
    thread::sleep(Duration::from_millis(300));
    assert_eq!(viewer.text().len(), written, "a stopped view draws nothing");
    viewer.signal(Signal::CONT);
    viewer.wait_until("the view again", |text| text[written..].contains(ENTER) && text[written..].contains("node"));
    viewer.press("q");
    viewer.ends_restored("LEFT Ok(Closed)");
}
