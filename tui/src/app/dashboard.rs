//! The full-screen loop: keys, signals and readings in, frames and wishes out.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crossbeam_channel::{Receiver, TryRecvError};
use ratatui::crossterm::event::{Event, MouseButton, MouseEvent, MouseEventKind};
use vx_shm::Snapshot;

use super::log::LogReader;
use super::stillness::Stillness;
use super::stream::Stream;
use super::{DashboardOptions, Inputs, Left, SIGHUP};
use crate::bindings::Action;
use crate::history::History;
use crate::keys;
use crate::message::{Effect, Message};
use crate::model::{Mode, Model, Pace, Row};
use crate::table;
use crate::terminal::{self, Arrived, Input, Keyboard, Lamp, Screen, ScreenError, Signals, restore};
use crate::theme::Theme;
use crate::update::update;
use crate::view;

/// How often the board is read and how long a key waits at most.
const POLL: Duration = Duration::from_millis(40);
/// The same, where nothing has happened for a while; a new size is noticed no later than this.
const POLL_QUIET: Duration = Duration::from_millis(250);
/// The same for who is in charge, and waits for the end of the run, too.
const POLL_IN_CHARGE: Duration = Duration::from_millis(100);
/// Between two frames, even while a key is held down.
const BETWEEN_FRAMES: Duration = Duration::from_millis(33);
/// After a failure to read the board.
const BETWEEN_TRIES: Duration = Duration::from_secs(1);

/// Show the full-screen view until the work is over, somebody leaves, or a signal ends it.
///
/// `finished` fires or closes when the work is over; give a viewer [`crossbeam_channel::never`]. With a control, `q`
/// asks whether to detach or to cancel, and Ctrl-C (a key, in this mode) cancels all.
///
/// # Errors
///
/// When standard output is no terminal, when the terminal fails, or when some thread panicked. The work behind the
/// board is not touched by any of these.
pub fn dashboard(inputs: &mut Inputs, options: &DashboardOptions, finished: Receiver<()>) -> Result<Left, ScreenError> {
    let mut signals = Signals::listen()?;
    let screen = Screen::enter(options.mouse)?;
    let mut running = Running::new(screen, options, inputs.control.is_some())?;
    running.model.expectations = Arc::new(inputs.snapshots.expectations());
    let left = running.run(inputs, &mut signals, &finished);
    let left = left.or_else(|error| ended_by(error, inputs, &mut signals));
    let latest = running.latest;
    // The table goes to the screen that was there before.
    restore();
    let left = left?;
    if matches!(left, Left::Finished | Left::Closed) {
        let table = table::render(&latest, inputs.logs.as_mut(), options.look, terminal::stderr_columns());
        let mut stderr = io::stderr().lock();
        stderr.write_all(table.as_bytes()).and_then(|()| stderr.flush())?;
    }
    Ok(left)
}

/// The process is to end by this signal: everything is asked to stop.
fn end_by(number: i32, inputs: &mut Inputs) -> Left {
    if let Some(control) = &mut inputs.control {
        control.end();
    }
    Left::Signal(number)
}

/// The terminal is gone.
fn hang_up(inputs: &mut Inputs) -> Left {
    end_by(SIGHUP, inputs)
}

/// What failed because the terminal hung up, or met a signal to end, is the end that those ask for.
fn ended_by(error: ScreenError, inputs: &mut Inputs, signals: &mut Signals) -> Result<Left, ScreenError> {
    /// What a terminal that was hung up answers.
    const EIO: i32 = 5;
    match (signals.end(), error) {
        (Some(number), _) => Ok(end_by(number, inputs)),
        (None, ScreenError::Terminal(error)) if error.raw_os_error() == Some(EIO) => Ok(hang_up(inputs)),
        (None, error) => Err(error),
    }
}

/// What the mouse did, where it means something.
fn pointed(mouse: MouseEvent) -> Option<Message> {
    let at = (mouse.column, mouse.row);
    match mouse.kind {
        MouseEventKind::Down(MouseButton::Left) => Some(Message::Click(at.0, at.1)),
        MouseEventKind::ScrollUp => Some(Message::Wheel { at, up: true }),
        MouseEventKind::ScrollDown => Some(Message::Wheel { at, up: false }),
        _ => None,
    }
}

/// The view between taking the terminal over and giving it back.
struct Running {
    screen: Screen,
    keyboard: Keyboard,
    theme: Theme,
    /// Between two frames that only show new data.
    between_data: Duration,
    model: Model,
    lamp: Lamp,
    history: History,
    paces: Vec<Pace>,
    latest: Snapshot,
    /// The last reading has news that the model does not know.
    news: bool,
    /// The model has news that the screen does not show.
    redraw: bool,
    told_at: Option<Instant>,
    position_told_at: Option<Instant>,
    drawn_at: Option<Instant>,
    log: LogReader,
    stream: Stream,
    began: Instant,
    try_again_at: Option<Instant>,
    stillness: Stillness,
}

impl Running {
    fn new(screen: Screen, options: &DashboardOptions, in_charge: bool) -> Result<Self, ScreenError> {
        let size = screen.size()?;
        Ok(Self {
            screen,
            keyboard: Keyboard::new(),
            theme: Theme::new(options.look),
            between_data: Duration::from_secs(1) / u32::from(options.refresh_hz.clamp(1, 30)),
            model: Model { size, in_charge, keys: Arc::new(options.keys.clone()), ..Model::default() },
            lamp: Lamp::new(options.signs, terminal::Stream::Stdout),
            history: History::default(),
            paces: Vec::new(),
            latest: Snapshot::default(),
            news: true,
            redraw: true,
            told_at: None,
            position_told_at: None,
            drawn_at: None,
            log: LogReader::default(),
            stream: Stream::new(),
            began: Instant::now(),
            try_again_at: None,
            stillness: Stillness::new(),
        })
    }

    fn run(
        &mut self,
        inputs: &mut Inputs,
        signals: &mut Signals,
        finished: &Receiver<()>,
    ) -> Result<Left, ScreenError> {
        loop {
            self.read_board(inputs);
            if !matches!(finished.try_recv(), Err(TryRecvError::Empty)) {
                self.read_board(inputs);
                self.print_lines(inputs)?;
                if self.model.mode == Mode::Streaming {
                    self.screen.write(&self.stream.rest(inputs.logs.as_mut()))?;
                }
                return Ok(Left::Finished);
            }
            self.tell_data();
            self.tell_position(inputs);
            self.take_answers(inputs);
            self.redraw |= self.log.step(&mut self.model, inputs.logs.as_mut());
            match self.model.mode {
                Mode::Streaming => self.print_lines(inputs)?,
                _ => self.draw()?,
            }
            for arrived in signals.arrived() {
                match arrived {
                    Arrived::End(number) => return Ok(end_by(number, inputs)),
                    Arrived::Stop => {
                        if let Some(left) = self.pause(inputs, signals, false)? {
                            return Ok(left);
                        }
                    }
                    Arrived::Continued => self.take_over_again()?,
                }
            }
            if let Some(left) = self.take_events(inputs, signals)? {
                return Ok(left);
            }
        }
    }

    /// Wait a moment for what is typed, and take in a bounded number of events, so that a held key cannot starve the
    /// board.
    fn take_events(&mut self, inputs: &mut Inputs, signals: &mut Signals) -> Result<Option<Left>, ScreenError> {
        let mut wait = self.patience();
        for _ in 0..64 {
            let message = match self.keyboard.next(wait)? {
                Input::Event(Event::Key(key)) => keys::message(&key, &self.model),
                Input::Event(Event::Resize(width, height)) => Some(Message::Resized(width, height)),
                Input::Event(Event::Paste(text)) => Some(Message::Paste(text)),
                Input::Event(Event::Mouse(mouse)) => pointed(mouse),
                Input::Event(_) => None,
                Input::Nothing => break,
                Input::HungUp => return Ok(Some(hang_up(inputs))),
            };
            if let Some(message) = message
                && let Some(left) = self.take(message, inputs, signals)?
            {
                return Ok(Some(left));
            }
            wait = Duration::ZERO;
        }
        Ok(None)
    }

    /// How long to wait for keys before the board is looked at again: what nobody could see is not worth waking up for.
    fn patience(&self) -> Duration {
        // Lines in place of the view have no frames.
        let frame = self.drawn_at.filter(|_| self.redraw && self.model.mode != Mode::Streaming);
        match frame.map(|at| BETWEEN_FRAMES.saturating_sub(at.elapsed())) {
            _ if self.log.goes_on() => Duration::ZERO,
            Some(rest) => rest.min(self.quiet_patience()),
            None => self.quiet_patience(),
        }
    }

    /// The same, where nothing waits to be drawn.
    fn quiet_patience(&self) -> Duration {
        match self.stillness.is_still() {
            false => POLL,
            true if self.model.in_charge => POLL_IN_CHARGE,
            true => POLL_QUIET,
        }
    }

    fn take(
        &mut self,
        message: Message,
        inputs: &mut Inputs,
        signals: &mut Signals,
    ) -> Result<Option<Left>, ScreenError> {
        let outcome = update(&mut self.model, message);
        self.redraw |= outcome.redraw;
        match outcome.effect {
            Some(Effect::Leave) => return Ok(Some(Left::Closed)),
            Some(Effect::Detach) => return Ok(Some(Left::Detached)),
            Some(Effect::Turn(turn)) => {
                if let Some(playback) = inputs.snapshots.playback() {
                    playback.turn(turn);
                }
                // Who turns the time looks at what it does, and wants to see it at once.
                (self.news, self.told_at, self.position_told_at) = (true, None, None);
            }
            Some(Effect::Suspend) => return self.pause(inputs, signals, true),
            Some(Effect::Cancel(key)) => {
                if let Some(control) = &mut inputs.control {
                    control.cancel(&key);
                }
                self.news = true;
            }
            Some(Effect::CancelAll) => {
                if let Some(control) = &mut inputs.control {
                    control.cancel_all();
                }
                self.news = true;
            }
            Some(Effect::Retry(key)) => {
                if let Some(control) = &mut inputs.control {
                    control.retry(&key);
                }
            }
            Some(Effect::Page(key)) => return self.page(&key, inputs, signals),
            Some(Effect::Save(key)) => {
                let told = match inputs.logs.save(&key) {
                    Ok(name) => format!("saved the log of {key} as {name}"),
                    Err(why) => format!("cannot save the log of {key}: {why}"),
                };
                update(&mut self.model, Message::Told(told));
            }
            // The terminal passes on what it may (OSC 52).
            Some(Effect::Copy(text)) => self.screen.write(&format!("\x1b]52;c;{}\x07", STANDARD.encode(text)))?,
            Some(Effect::Stream(of)) => {
                self.screen.show_lines()?;
                let back = self.model.keys.first(Action::Stream);
                let heading = self.stream.begin(of, &back);
                self.screen.write(&heading)?;
            }
            Some(Effect::EndStream) => self.take_over_again()?,
            None => {}
        }
        Ok(None)
    }

    /// Lend the terminal to a pager.
    fn page(&mut self, key: &str, inputs: &mut Inputs, signals: &mut Signals) -> Result<Option<Left>, ScreenError> {
        restore();
        let (came, arrived) = signals.aside(|| inputs.logs.page(key));
        if let Some(Arrived::End(number)) = arrived.first() {
            return Ok(Some(end_by(*number, inputs)));
        }
        self.take_over_again()?;
        if let Err(why) = came {
            update(&mut self.model, Message::Told(why));
        }
        Ok(None)
    }

    /// What the work says to what was asked of it.
    fn take_answers(&mut self, inputs: &mut Inputs) {
        while let Some(answer) = inputs.control.as_mut().and_then(|control| control.answer()) {
            self.redraw |= update(&mut self.model, Message::Answered(answer)).redraw;
            // A row may stand otherwise than it was said to.
            self.news = true;
        }
    }

    /// While lines are shown in place of the view: those that are new.
    fn print_lines(&mut self, inputs: &mut Inputs) -> Result<(), ScreenError> {
        if self.model.mode != Mode::Streaming {
            return Ok(());
        }
        let now_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let text = self.stream.step(&self.latest, &self.paces, self.model.totals.left, now_ms, inputs.logs.as_mut());
        if text.is_empty() { Ok(()) } else { self.screen.write(&text) }
    }

    fn read_board(&mut self, inputs: &mut Inputs) {
        if self.try_again_at.is_some_and(|at| Instant::now() < at) {
            return;
        }
        let second = self.latest.taken_at_ns / 1_000_000_000;
        match inputs.snapshots.refresh(&mut self.latest) {
            Ok(changed) => {
                let happened = changed && self.stillness.note(&self.latest);
                // Times go on by the second even where nothing else does; so does the piece in a bar without end, which
                // wanders while there is something to see.
                let wanders = |row: &Row| row.standing.at_work() && row.permille.is_none();
                let wandered = !self.stillness.is_still() && self.model.rows.iter().any(wanders);
                self.news |= happened || wandered || second != self.latest.taken_at_ns / 1_000_000_000;
                self.try_again_at = None;
            }
            Err(error) => {
                let trouble = format!("the board can no longer be read: {error}");
                self.redraw |= update(&mut self.model, Message::Trouble(trouble)).redraw;
                self.try_again_at = Some(Instant::now() + BETWEEN_TRIES);
            }
        }
    }

    /// Tell the model what the board says, as often as was asked for.
    fn tell_data(&mut self) {
        let now = Instant::now();
        if !self.news || self.try_again_at.is_some() || self.told_at.is_some_and(|at| now - at < self.between_data) {
            return;
        }
        self.paces = self.history.note(&self.latest);
        let data = Message::Data { snapshot: Arc::new(self.latest.clone()), paces: self.paces.clone() };
        self.redraw |= update(&mut self.model, data).redraw;
        self.news = false;
        self.told_at = Some(now);
    }

    /// Tell the model where the recording is, as often as data.
    fn tell_position(&mut self, inputs: &mut Inputs) {
        let now = Instant::now();
        if self.position_told_at.is_some_and(|at| now - at < self.between_data) {
            return;
        }
        if let Some(playback) = inputs.snapshots.playback() {
            self.redraw |= update(&mut self.model, Message::At(playback.position())).redraw;
            self.position_told_at = Some(now);
        }
    }

    fn draw(&mut self) -> Result<(), ScreenError> {
        let now = Instant::now();
        if !self.redraw || self.drawn_at.is_some_and(|at| now - at < BETWEEN_FRAMES) {
            return Ok(());
        }
        self.redraw = false;
        self.drawn_at = Some(now);
        self.screen.draw(|buffer| view::draw(&self.model, &self.theme, buffer))?;
        Ok(self.lamp.show(&self.model.snapshot.board.title, &self.model.totals)?)
    }

    /// Give the terminal back, stop until continued, take it over again; unless it was continued to end.
    fn pause(&mut self, inputs: &mut Inputs, signals: &mut Signals, group: bool) -> Result<Option<Left>, ScreenError> {
        restore();
        if let Some(number) = signals.pause(group) {
            return Ok(Some(end_by(number, inputs)));
        }
        self.take_over_again()?;
        Ok(None)
    }

    fn take_over_again(&mut self) -> Result<(), ScreenError> {
        self.screen.enter_again()?;
        if self.model.mode == Mode::Streaming {
            self.screen.show_lines()?;
        }
        self.lamp.again();
        let (width, height) = self.screen.size()?;
        update(&mut self.model, Message::Resized(width, height));
        self.redraw = true;
        Ok(())
    }
}
