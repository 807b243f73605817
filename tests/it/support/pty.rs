//! Running a program on its own pseudo-terminal: its output, the screen that it draws, and the state in which it leaves
//! the terminal.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::num::NonZero;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Termios, Winsize, tcgetattr, tcsetwinsize};

use crate::support::sandbox::{PATIENCE, eventually};

const ENTER: &str = "\u{1b}[?1049h";
const LEAVE: &str = "\u{1b}[?1049l";
const SHOW_CURSOR: &str = "\u{1b}[?25h";
const HIDE_CURSOR: &str = "\u{1b}[?25l";

/// The rows and columns of the terminal.
const SIZE: (u16, u16) = (30, 100);

/// The bytes written to the terminal, in order, and the screen that they draw.
struct Shown {
    /// The terminal accepts output.
    takes: bool,
    bytes: Vec<u8>,
    screen: vt100::Parser,
}

/// A program on its terminal; killed when dropped.
pub(crate) struct OnTerminal {
    child: Child,
    keyboard: File,
    terminal: File,
    before: Termios,
    shown: Arc<Mutex<Shown>>,
}

impl OnTerminal {
    /// Start this command on a terminal of 100 × 30 that shows UTF-8.
    pub(crate) fn start(command: Command) -> Self {
        Self::sized(command, SIZE)
    }

    /// Start this command on a terminal of this size. The command may set another terminal type.
    pub(crate) fn sized(mut command: Command, (rows, columns): (u16, u16)) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect("a pseudo-terminal");
        grantpt(&master).and_then(|()| unlockpt(&master)).expect("it opens");
        let name = ptsname(&master, Vec::new()).expect("it has a name");
        let name = name.to_str().expect("a terminal's name is ASCII");
        let terminal = OpenOptions::new().read(true).write(true).open(name).expect("the terminal opens");
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&terminal, size).expect("it takes a size");
        let before = tcgetattr(&terminal).expect("it has settings");
        let ours = || Stdio::from(terminal.try_clone().expect("a second handle"));
        if !command.get_envs().any(|(name, _)| name == "TERM") {
            command.env("TERM", "xterm-256color");
        }
        command.env("LANG", "C.UTF-8");
        let child = command.stdin(ours()).stdout(ours()).stderr(ours()).spawn().expect("it starts");
        let cells = |count: u16| NonZero::new(count.max(1)).expect("a screen has cells");
        let screen = vt100::Parser::new(cells(rows), cells(columns), 0);
        let shown = Arc::new(Mutex::new(Shown { takes: true, bytes: Vec::new(), screen }));
        let into = Arc::clone(&shown);
        let mut from = File::from(master.try_clone().expect("a second handle"));
        std::thread::spawn(move || {
            let mut chunk = [0; 1 << 16];
            loop {
                let ready = await_output(&from);
                let mut shown = into.lock().expect("no reader panics");
                if !ready || !shown.takes {
                    drop(shown);
                    std::thread::sleep(Duration::from_millis(5));
                    continue;
                }
                // A closed terminal ends the reading with an error.
                let Ok(count @ 1..) = from.read(&mut chunk) else { return };
                shown.bytes.extend_from_slice(&chunk[..count]);
                shown.screen.process(&chunk[..count]);
            }
        });
        Self { child, keyboard: File::from(master), terminal, before, shown }
    }

    /// Stop accepting output: a program that writes to the terminal waits from now on.
    pub(crate) fn take_nothing(&self) {
        self.shown.lock().expect("no reader panics").takes = false;
        let path = rustix::termios::ttyname(&self.terminal, Vec::new()).expect("it has a name");
        let without_wait = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::WRONLY;
        let mut filled = File::from(rustix::fs::open(path, without_wait, rustix::fs::Mode::empty()).expect("it opens"));
        // The system moves written bytes on, which makes room again, so fill the terminal several times.
        for _ in 0..10 {
            while filled.write_all(b" ").is_ok() {}
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Accept output again, beginning with the bytes that waited.
    pub(crate) fn take_all(&self) {
        self.shown.lock().expect("no reader panics").takes = true;
    }

    /// Everything it has written.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.shown.lock().expect("no reader panics").bytes).into_owned()
    }

    /// The text on the terminal's screen.
    pub(crate) fn screen(&self) -> String {
        self.shown.lock().expect("no reader panics").screen.screen().contents()
    }

    /// Inspect the screen cell by cell. Returns the closure's result.
    pub(crate) fn read_screen<T>(&self, at: impl FnOnce(&vt100::Screen) -> T) -> T {
        at(self.shown.lock().expect("no reader panics").screen.screen())
    }

    /// Wait until the screen is as wanted.
    pub(crate) fn await_screen(&self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let screen = self.screen();
            if wanted(&screen) {
                return screen;
            }
            assert!(Instant::now() < deadline, "in vain, {what}:\n{screen}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    pub(crate) fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).expect("the terminal takes keys");
    }

    /// Returns whether a full-screen view has set the terminal's modes.
    pub(crate) fn is_raw(&self) -> bool {
        let modes = tcgetattr(&self.terminal).expect("it has settings").local_modes;
        !modes.contains(rustix::termios::LocalModes::ICANON)
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("it is there");
    }

    /// Returns whether its process is stopped.
    pub(crate) fn is_stopped(&self) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        stat.rsplit(')').next().is_some_and(|after| after.trim_start().starts_with('T'))
    }

    /// Returns whether its process has not ended.
    pub(crate) fn runs(&mut self) -> bool {
        self.child.try_wait().expect("our child").is_none()
    }

    /// Wait for its end, and assert that the whole terminal is as before. Returns the exit code.
    pub(crate) fn ends_restored(mut self) -> Option<i32> {
        let code = self.ends_with_modes_restored();
        // The program's last bytes may arrive after its end.
        let patience = Instant::now() + Duration::from_secs(2);
        while !self.is_restored() && Instant::now() < patience {
            std::thread::sleep(Duration::from_millis(5));
        }
        self.assert_restored();
        code
    }

    /// Wait for its end, and assert that the terminal's modes are as before, whatever its screen shows. Returns the
    /// exit code.
    pub(crate) fn ends_with_modes_restored(&mut self) -> Option<i32> {
        let status = self.end();
        self.assert_modes_restored();
        status.code()
    }

    fn end(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("our child") {
                return status;
            }
            assert!(Instant::now() < deadline, "it does not end:\n{}", self.screen());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Wait for its end. Returns its exit code, and everything it has written.
    pub(crate) fn ends(mut self) -> (Option<i32>, String) {
        const MARK: &str = "-- everything before this has arrived --";
        let status = self.end();
        // A mark written now arrives after the program's last bytes.
        write!(self.terminal, "{MARK}").expect("the terminal takes it");
        let text = eventually("all of it arrives", || self.text().split_once(MARK).map(|(text, _)| text.to_owned()));
        (status.code(), text)
    }

    fn assert_modes_restored(&self) {
        assert_eq!(stty(&tcgetattr(&self.terminal).expect("it has settings")), stty(&self.before));
    }

    fn is_restored(&self) -> bool {
        let text = self.text();
        text.rfind(LEAVE) > text.rfind(ENTER) && text.rfind(SHOW_CURSOR) > text.rfind(HIDE_CURSOR)
    }

    /// Assert that the terminal is as it was before anything was started on it.
    pub(crate) fn assert_restored(&self) {
        let text = self.text();
        assert!(text.contains(ENTER), "it was never taken over: {text:?}");
        assert!(self.is_restored(), "the screen or the cursor is not back: {text:?}");
        // Further lines may follow in frames, but none of them sets the cursor's position.
        let after = text.rsplit(LEAVE).next().unwrap_or_default();
        let placed = |code: &str| {
            let parameters = |letter: char| letter == ';' || letter.is_ascii_digit();
            code.strip_prefix('[').is_some_and(|code| code.trim_start_matches(parameters).starts_with('H'))
        };
        assert!(!after.split('\u{1b}').any(placed), "something was drawn after that: {after:?}");
        for (on, off) in [
            ("\u{1b}[?7l", "\u{1b}[?7h"),
            ("\u{1b}[?2026h", "\u{1b}[?2026l"),
            ("\u{1b}[?2004h", "\u{1b}[?2004l"),
            ("\u{1b}[?1000h", "\u{1b}[?1000l"),
            ("\u{1b}[?1006h", "\u{1b}[?1006l"),
        ] {
            assert!(text.rfind(on).is_none() || text.rfind(off) > text.rfind(on), "{on:?} is still on: {text:?}");
        }
        self.assert_modes_restored();
    }
}

/// Wait a moment for output to read; the end of the output counts, too.
fn await_output(from: &File) -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let moment = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };
    poll(&mut [PollFd::new(from, PollFlags::IN)], Some(&moment)).is_ok_and(|ready| ready > 0)
}

/// The settings as `stty -a` would print them.
fn stty(settings: &Termios) -> String {
    format!(
        "{:?} {:?} {:?} {:?} {:?}",
        settings.input_modes,
        settings.output_modes,
        settings.control_modes,
        settings.local_modes,
        settings.special_codes
    )
}

impl Drop for OnTerminal {
    fn drop(&mut self) {
        // The program may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
