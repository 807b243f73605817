//! Typed keys, new sizes, the terminal's answers, and its loss.
//!
//! From a terminal that hung up, crossterm reads forever and never returns, not even on a signal. So `poll` first
//! checks that the terminal is still there, and crossterm reads only input that is ready.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use parking_lot::Mutex;
use ratatui::crossterm::event::{self, Event};
use ratatui::crossterm::terminal;

use super::background::{self, BackgroundAnswerParser, Taken, TerminalBackground};

/// The time to wait for an event when input is ready. With a wait of zero, crossterm would not read at all.
const AT_ONCE: Duration = Duration::from_millis(1);

/// Longest time between two parts of the terminal's answer.
const BETWEEN_PARTS: Duration = Duration::from_millis(50);

/// Longest wait at a view's end for an answer that it no longer needs, counted from the query. Over a slow
/// connection an answer takes hundreds of milliseconds; a view that was open for longer than this ends without a wait.
const LAST_ANSWER: Duration = Duration::from_secs(1);

/// After this many polls without an event, crossterm holds no more of them. One is not enough: a poll during which this
/// process is suspended for longer than [`AT_ONCE`] finds nothing, even if events are there.
const LOOKS: u8 = 3;

/// Input that an earlier view of this process had read, but not handled.
static LEFT_OVER: Mutex<VecDeque<TerminalInput>> = Mutex::new(VecDeque::new());

/// The result of waiting for input.
#[derive(Debug, PartialEq)]
pub(crate) enum TerminalInput {
    /// A key, a paste, or a new size.
    Event(Event),
    /// The terminal's answer about its background.
    Ground(TerminalBackground),
    /// No input in the given time.
    Nothing,
    /// No input, now or later: the terminal is gone.
    HungUp,
}

/// Reads the terminal of standard input.
pub(crate) struct Keyboard {
    size: Option<(u16, u16)>,
    /// Number of polls still to make for events that crossterm has read together with an earlier one.
    looks: u8,
    /// Keys that may be the beginning of an answer.
    answer: BackgroundAnswerParser,
    /// Input that was read and not returned yet.
    due: VecDeque<TerminalInput>,
}

impl Keyboard {
    /// A keyboard that first returns the input left over by the keyboard before it, and reports a size once it differs
    /// from the present one.
    pub(crate) fn new() -> Self {
        let size = terminal::size().ok();
        let due = std::mem::take(&mut *LEFT_OVER.lock());
        Self { size, looks: LOOKS, answer: BackgroundAnswerParser::default(), due }
    }

    /// Wait a moment for an answer that is on its way, and drop all input until then; otherwise the next reader of the
    /// terminal would get the answer.
    pub(crate) fn drop_answer(&mut self) {
        while let Some(waited) = background::awaited_for() {
            let rest = LAST_ANSWER.saturating_sub(waited);
            if rest.is_zero() || matches!(self.next(rest), Ok(TerminalInput::HungUp) | Err(_)) {
                break;
            }
        }
        self.answer.release();
        self.due.clear();
    }

    /// The next input, waiting at most `wait` for it, or a moment longer for the rest of an answer.
    pub(crate) fn next(&mut self, wait: Duration) -> io::Result<TerminalInput> {
        let mut wait = wait;
        loop {
            if let Some(due) = self.due.pop_front() {
                return Ok(due);
            }
            let begun = self.answer.is_begun();
            match self.read(wait)? {
                TerminalInput::Event(event) if begun || background::is_awaited() => self.sort(event),
                // A signal may have cut the wait short, so poll again without waiting.
                TerminalInput::Nothing if begun && self.read_at_once()? => {}
                TerminalInput::Nothing if begun => {
                    self.due.extend(self.answer.release().into_iter().map(TerminalInput::Event))
                }
                input => return Ok(input),
            }
            wait = if self.answer.is_begun() { BETWEEN_PARTS } else { Duration::ZERO };
            if self.due.is_empty() && !self.answer.is_begun() {
                return Ok(TerminalInput::Nothing);
            }
        }
    }

    /// Read an event that is there already. Returns whether there was one.
    fn read_at_once(&mut self) -> io::Result<bool> {
        let input = self.read(Duration::ZERO)?;
        let is_there = input != TerminalInput::Nothing;
        match input {
            TerminalInput::Event(event) => self.sort(event),
            TerminalInput::Nothing => {}
            other => self.due.push_back(other),
        }
        Ok(is_there)
    }

    /// Sort an event: part of an answer, or input.
    fn sort(&mut self, event: Event) {
        match self.answer.feed(event) {
            Taken::Held => {}
            Taken::Answer(found) => {
                background::answered();
                self.due.extend(found.map(TerminalInput::Ground));
            }
            Taken::Events(events) => self.due.extend(events.into_iter().map(TerminalInput::Event)),
        }
    }

    /// The next event, waiting at most `wait` for it.
    fn read(&mut self, wait: Duration) -> io::Result<TerminalInput> {
        let size = terminal::size().ok();
        if let Some((width, height)) = size.filter(|_| size != self.size) {
            self.size = size;
            return Ok(TerminalInput::Event(Event::Resize(width, height)));
        }
        while self.looks > 0 {
            if let Some(event) = self.poll_event()? {
                return Ok(TerminalInput::Event(event));
            }
        }
        match ready(wait)? {
            TerminalReadiness::Ready => Ok(self.poll_event()?.map_or(TerminalInput::Nothing, TerminalInput::Event)),
            TerminalReadiness::Not => Ok(TerminalInput::Nothing),
            TerminalReadiness::HungUp => Ok(TerminalInput::HungUp),
        }
    }

    /// Poll for an event that crossterm holds or can read now.
    fn poll_event(&mut self) -> io::Result<Option<Event>> {
        let found = event::poll(AT_ONCE)?;
        self.looks = if found { LOOKS } else { self.looks.saturating_sub(1) };
        if found { event::read().map(Some) } else { Ok(None) }
    }
}

impl Drop for Keyboard {
    /// Leave input that was not returned to the next view of this process.
    fn drop(&mut self) {
        self.due.extend(self.answer.release().into_iter().map(TerminalInput::Event));
        LEFT_OVER.lock().append(&mut self.due);
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

enum TerminalReadiness {
    Ready,
    Not,
    HungUp,
}

#[cfg(unix)]
fn ready(wait: Duration) -> io::Result<TerminalReadiness> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let stdin = io::stdin();
    let mut polled = [PollFd::new(&stdin, PollFlags::IN)];
    let wait = Timespec { tv_sec: wait.as_secs().cast_signed(), tv_nsec: wait.subsec_nanos().into() };
    match poll(&mut polled, Some(&wait)) {
        Ok(0) | Err(rustix::io::Errno::INTR) => return Ok(TerminalReadiness::Not),
        Ok(_) => {}
        Err(error) => return Err(error.into()),
    }
    let gone = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
    Ok(if polled[0].revents().intersects(gone) { TerminalReadiness::HungUp } else { TerminalReadiness::Ready })
}

#[cfg(not(unix))]
fn ready(wait: Duration) -> io::Result<TerminalReadiness> {
    Ok(if event::poll(wait)? { TerminalReadiness::Ready } else { TerminalReadiness::Not })
}
