//! Typed keys, new sizes, the terminal's answers, and its loss.
//!
//! crossterm reads endlessly from a terminal that hung up and never returns, signals or not. So `poll` first checks
//! that the terminal is still there, and crossterm reads only input that is ready.

use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

use ratatui::crossterm::event::{self, Event};
use ratatui::crossterm::terminal;

use super::ground::{self, Answer, Ground, Taken};

/// The time to wait for an event of input that is there. With none at all, crossterm would not look.
const AT_ONCE: Duration = Duration::from_millis(1);

/// The longest time between two parts of the terminal's answer.
const BETWEEN_PARTS: Duration = Duration::from_millis(50);

/// The longest wait for an answer that a view has no more use for, from the question on.
const LAST_ANSWER: Duration = Duration::from_millis(100);

/// The result of waiting for input.
#[derive(Debug, PartialEq)]
pub(crate) enum Input {
    /// A key, a paste, or a new size.
    Event(Event),
    /// The terminal's answer about its background.
    Ground(Ground),
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
    /// Keys that may be the beginning of an answer.
    answer: Answer,
    /// Input that was read and not returned yet.
    due: VecDeque<Input>,
    asked_at: Option<Instant>,
}

impl Keyboard {
    /// A keyboard that reports a size once it differs from the present one.
    pub(crate) fn new() -> Self {
        let size = terminal::size().ok();
        Self { size, more: false, answer: Answer::default(), due: VecDeque::new(), asked_at: None }
    }

    /// Expect an answer to the question for the terminal's background.
    pub(crate) fn expect_ground(&mut self) {
        ground::expect_answer();
        self.asked_at = Some(Instant::now());
    }

    /// Wait a moment for an answer that is on its way, and drop all input until then: it would reach the next reader of
    /// the terminal.
    pub(crate) fn drop_answer(&mut self) {
        while let Some(asked_at) = self.asked_at.filter(|_| ground::is_awaited()) {
            let rest = LAST_ANSWER.saturating_sub(asked_at.elapsed());
            if rest.is_zero() || matches!(self.next(rest), Ok(Input::HungUp) | Err(_)) {
                return;
            }
        }
    }

    /// The next input, waiting at most `wait` for it, or a moment longer for the rest of an answer.
    pub(crate) fn next(&mut self, wait: Duration) -> io::Result<Input> {
        let mut wait = wait;
        loop {
            if let Some(due) = self.due.pop_front() {
                return Ok(due);
            }
            let begun = self.answer.is_begun();
            match self.read(wait)? {
                Input::Event(event) if begun || ground::is_awaited() => self.sort(event),
                // A wait may be cut short by a signal, so look again without any.
                Input::Nothing if begun && self.read_at_once()? => {}
                Input::Nothing if begun => self.due.extend(self.answer.release().into_iter().map(Input::Event)),
                input => return Ok(input),
            }
            wait = if self.answer.is_begun() { BETWEEN_PARTS } else { Duration::ZERO };
            if self.due.is_empty() && !self.answer.is_begun() {
                return Ok(Input::Nothing);
            }
        }
    }

    /// Read an event that is there already. Returns false if there is none.
    fn read_at_once(&mut self) -> io::Result<bool> {
        let input = self.read(Duration::ZERO)?;
        let is_there = input != Input::Nothing;
        match input {
            Input::Event(event) => self.sort(event),
            Input::Nothing => {}
            other => self.due.push_back(other),
        }
        Ok(is_there)
    }

    /// Sort an event: part of an answer, or input.
    fn sort(&mut self, event: Event) {
        match self.answer.take(event) {
            Taken::Held => {}
            Taken::Answer(found) => {
                ground::answered();
                self.due.extend(found.map(Input::Ground));
            }
            Taken::Events(events) => self.due.extend(events.into_iter().map(Input::Event)),
        }
    }

    /// The next event, waiting at most `wait` for it.
    fn read(&mut self, wait: Duration) -> io::Result<Input> {
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
