//! `vx top` on its own pseudo-terminal.

use std::fs::{self, File, OpenOptions};
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// Last bytes of a whole frame.
const FRAME_ENDS: &[u8] = b"\x1b[?2026l";
const PATIENCE: Duration = Duration::from_secs(20);

/// A viewer, ended when dropped.
pub(crate) struct Viewer {
    child: Child,
    first_frame: Receiver<Duration>,
    terminal: File,
}

impl Viewer {
    /// Watch the board in this file on a terminal of this size.
    pub(crate) fn start(board: &Path, (columns, rows): (u16, u16)) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect("a pseudo-terminal");
        grantpt(&master).and_then(|()| unlockpt(&master)).expect("it opens");
        let name = ptsname(&master, Vec::new()).expect("it has a name");
        let terminal = OpenOptions::new().read(true).write(true).open(name.to_str().expect("ASCII")).expect("it opens");
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&terminal, size).expect("it takes a size");
        let ours = || Stdio::from(terminal.try_clone().expect("a second handle"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_vx"));
        command
            .arg("top")
            .arg(board)
            .env("TERM", "xterm-256color")
            .env("LANG", "C.UTF-8")
            .env("COLORTERM", "truecolor");
        command.stdin(ours()).stdout(ours()).stderr(ours());
        let (send, first_frame) = channel();
        let began = Instant::now();
        let child = command.spawn().expect("vx starts");
        std::thread::spawn(move || {
            let (mut screen, mut chunk, mut seen) = (File::from(master), [0; 1 << 16], Some(Vec::new()));
            // Once no process has the terminal open any more, reading ends with an error.
            while let Ok(count @ 1..) = screen.read(&mut chunk) {
                if let Some(bytes) = &mut seen {
                    bytes.extend_from_slice(&chunk[..count]);
                    if bytes.windows(FRAME_ENDS.len()).any(|window| window == FRAME_ENDS) {
                        let _ = send.send(began.elapsed());
                        seen = None;
                    }
                }
            }
        });
        Self { child, first_frame, terminal }
    }

    /// Wait for the first whole frame. Returns the time from the start until it was there.
    pub(crate) fn first_frame(&self) -> Duration {
        self.first_frame.recv_timeout(PATIENCE).expect("a frame")
    }

    /// Stop it with SIGSTOP.
    pub(crate) fn freeze(&self) {
        kill_process(Pid::from_child(&self.child), Signal::STOP).expect("it is there");
    }

    /// The processor time that all of its threads have used.
    pub(crate) fn processor_time(&self) -> Duration {
        let threads = fs::read_dir(format!("/proc/{}/task", self.child.id())).expect("it runs").flatten();
        let used = threads.filter_map(|thread| fs::read_to_string(thread.path().join("schedstat")).ok());
        let nanoseconds = used.filter_map(|used| used.split(' ').next()?.parse::<u64>().ok()).sum();
        Duration::from_nanos(nanoseconds)
    }
}

impl Drop for Viewer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        // The handle keeps the terminal open until here.
        let _ = &self.terminal;
    }
}
