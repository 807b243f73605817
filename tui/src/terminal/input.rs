//! Typed keys, new sizes, and the loss of the terminal.
//!
//! crossterm reads endlessly from a terminal that hung up and never returns, signals or not. So `poll` first checks
//! that the terminal is still there, and crossterm reads only input that is ready.

use std::io;
use std::time::Duration;

use ratatui::crossterm::event::{self, Event};
use ratatui::crossterm::terminal;

/// The time to wait for an event of input that is there. With none at all, crossterm would not look.
const AT_ONCE: Duration = Duration::from_millis(1);

/// The result of waiting for input.
#[derive(Debug, PartialEq)]
pub(crate) enum Input {
    /// A key, a paste, or a new size.
    Event(Event),
    /// No input in the given time.
    Nothing,
    /// No input, now or later: the terminal is gone.
    HungUp,
}

/// Reads the terminal of standard input.
pub(crate) struct Keyboard {
    size: Option<(u16, u16)>,
    /// More events may be buffered, read together with the last one.
    more: bool,
}

impl Keyboard {
    /// A keyboard that reports a size once it differs from the present one.
    pub(crate) fn new() -> Self {
        Self { size: terminal::size().ok(), more: false }
    }

    /// The next event, waiting at most `wait` for it.
    pub(crate) fn next(&mut self, wait: Duration) -> io::Result<Input> {
        let size = terminal::size().ok();
        if let Some((width, height)) = size.filter(|_| size != self.size) {
            self.size = size;
            return Ok(Input::Event(Event::Resize(width, height)));
        }
        if !self.more {
            match ready(wait)? {
                Readiness::Ready => {}
                Readiness::Not => return Ok(Input::Nothing),
                Readiness::HungUp => return Ok(Input::HungUp),
            }
        }
        self.more = event::poll(AT_ONCE)?;
        if self.more { event::read().map(Input::Event) } else { Ok(Input::Nothing) }
    }
}

/// Drop everything that was typed and not read yet.
#[cfg(unix)]
pub(super) fn drop_input() {
    // The keys of a terminal that is gone reach no program anyway.
    let _ = rustix::termios::tcflush(io::stdin(), rustix::termios::QueueSelector::IFlush);
}

#[cfg(not(unix))]
pub(super) fn drop_input() {
    while event::poll(AT_ONCE).unwrap_or(false) && event::read().is_ok() {}
}

enum Readiness {
    Ready,
    Not,
    HungUp,
}

#[cfg(unix)]
fn ready(wait: Duration) -> io::Result<Readiness> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let stdin = io::stdin();
    let mut polled = [PollFd::new(&stdin, PollFlags::IN)];
    let wait = Timespec { tv_sec: wait.as_secs().cast_signed(), tv_nsec: wait.subsec_nanos().into() };
    match poll(&mut polled, Some(&wait)) {
        Ok(0) | Err(rustix::io::Errno::INTR) => return Ok(Readiness::Not),
        Ok(_) => {}
        Err(error) => return Err(error.into()),
    }
    let gone = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
    Ok(if polled[0].revents().intersects(gone) { Readiness::HungUp } else { Readiness::Ready })
}

#[cfg(not(unix))]
fn ready(wait: Duration) -> io::Result<Readiness> {
    Ok(if event::poll(wait)? { Readiness::Ready } else { Readiness::Not })
}
