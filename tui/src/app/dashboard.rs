//! The full-screen loop: keys, signals and readings in, frames and effects out.

mod external;

use std::io::{self, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crossbeam_channel::{Receiver, TryRecvError};
use ratatui::crossterm::event::{Event, MouseButton, MouseEvent, MouseEventKind};
use vx_shm::Snapshot;
use vx_status::final_table;
use vx_status::pace::SlotRate;
use vx_status::rates::Rates;
use vx_status::slot::SlotId;
use vx_status::source::{Inputs, Settled, SlotProcessUsage, WorkControl};

use super::activity::BoardActivity;
use super::log::LogReader;
use super::stream::StreamPrinter;
use super::{DashboardExit, DashboardOptions, SIGHUP};
use crate::bindings::KeyAction;
use crate::keys;
use crate::message::{Effect, UpdateMessage};
use crate::model::{Mode, Model, SlotRow};
use crate::terminal::restore_without_input;
use crate::terminal::{
    self, Arrived, FullScreenTerminal, Keyboard, ScreenError, Signals, SignsGuard, TerminalInput, restore,
};
use crate::theme::Theme;
use crate::update::update;
use crate::view;

/// Interval between two reads of the board, and the longest wait for a key.
const POLL: Duration = Duration::from_millis(40);
/// Interval between two reads of an idle board; a new size is noticed no later than this.
const POLL_IDLE: Duration = Duration::from_millis(250);
/// Interval for an idle board under control: the end of the run is noticed no later than this.
const POLL_WITH_CONTROL: Duration = Duration::from_millis(100);
/// Least interval between two frames, even while a key is held down.
const BETWEEN_FRAMES: Duration = Duration::from_millis(33);
/// The view stays for this long after the last end even if nobody needs it.
const LINGER: Duration = Duration::from_millis(300);
/// Interval between two measurements of what processes use.
const BETWEEN_MEASURES: Duration = Duration::from_secs(3);
/// Interval between two checks of which processes take requests.
const BETWEEN_REACHES: Duration = Duration::from_millis(500);
/// Interval between reads of a board that cannot be read.
const BETWEEN_TRIES: Duration = Duration::from_secs(1);

/// Show the full-screen view until the work is over, the user leaves, or a signal ends it.
///
/// `finished` fires or closes when the work is over; give a viewer [`crossbeam_channel::never`]. If the view's control
/// owns the work, `q` asks whether to detach or to cancel, and Ctrl-C (a key, in this mode) cancels all; a guest just
/// leaves.
///
/// # Errors
///
/// If standard output is not a terminal, the terminal fails, or some thread panicked. None of these affects the work
/// behind the board.
pub fn dashboard(
    inputs: &mut Inputs,
    options: &DashboardOptions,
    finished: Receiver<()>,
) -> Result<DashboardExit, ScreenError> {
    let mut signals = Signals::listen()?;
    let screen = FullScreenTerminal::enter(options.mouse)?;
    let mut running = RunningDashboard::new(screen, options)?;
    running.model.has_control = inputs.control.is_some();
    running.model.is_guest = inputs.control.as_ref().is_some_and(|control| control.is_guest());
    running.model.can_open = inputs.opener.is_some();
    running.model.has_list = options.list;
    running.model.notice.clone_from(&options.notice);
    running.model.expectations = Arc::new(inputs.snapshots.expectations());
    running.rates = Rates::expecting((*running.model.expectations).clone());
    if options.asks_ground.is_some() {
        running.screen.ask_ground()?;
    }
    let left = running.run(inputs, &mut signals, &finished);
    let left = left.or_else(|error| ended_by(error, inputs, &mut signals));
    // The table goes to the normal screen, and keys typed before it are dropped.
    match left {
        // Keys typed from here on are for the list of boards.
        Ok(DashboardExit::Signal(_) | DashboardExit::Boards) | Err(_) => restore(),
        Ok(_) => {
            running.keyboard.drop_answer();
            restore_without_input();
        }
    }
    let latest = running.latest;
    let left = left?;
    if matches!(left, DashboardExit::Finished | DashboardExit::Closed) {
        let table = final_table::render(&latest, inputs.logs.as_mut(), options.look, terminal::stderr_columns());
        let mut stderr = io::stderr().lock();
        stderr.write_all(table.as_bytes()).and_then(|()| stderr.flush())?;
    }
    Ok(left)
}

/// Ask everything to stop, because the process is to end by this signal.
fn end_by(number: i32, inputs: &mut Inputs) -> DashboardExit {
    ask(inputs, |control| control.end());
    DashboardExit::Signal(number)
}

/// Pass a request on, if the run takes any.
fn ask(inputs: &mut Inputs, request: impl FnOnce(&mut dyn WorkControl)) {
    if let Some(control) = &mut inputs.control {
        request(control.as_mut());
    }
}

/// End as by SIGHUP: the terminal is gone.
fn hang_up(inputs: &mut Inputs) -> DashboardExit {
    end_by(SIGHUP, inputs)
}

/// A failure caused by a lost terminal or a signal to end is returned as that signal, any other as the error.
fn ended_by(error: ScreenError, inputs: &mut Inputs, signals: &mut Signals) -> Result<DashboardExit, ScreenError> {
    /// Error number for a terminal that was hung up.
    const EIO: i32 = 5;
    match (signals.end(), error) {
        (Some(number), _) => Ok(end_by(number, inputs)),
        (None, ScreenError::Terminal(error)) if error.raw_os_error() == Some(EIO) => Ok(hang_up(inputs)),
        (None, error) => Err(error),
    }
}

/// The message of a mouse event; `None` if it has no meaning.
fn pointed(mouse: MouseEvent) -> Option<UpdateMessage> {
    let at = (mouse.column, mouse.row);
    match mouse.kind {
        MouseEventKind::Down(MouseButton::Left) => Some(UpdateMessage::Click(at.0, at.1)),
        MouseEventKind::ScrollUp => Some(UpdateMessage::Wheel { at, up: true }),
        MouseEventKind::ScrollDown => Some(UpdateMessage::Wheel { at, up: false }),
        _ => None,
    }
}

/// The view between taking the terminal over and giving it back.
struct RunningDashboard<'a> {
    options: &'a DashboardOptions,
    screen: FullScreenTerminal,
    keyboard: Keyboard,
    theme: Theme,
    /// Least interval between two frames that only show new data.
    between_data: Duration,
    model: Model,
    signs_guard: SignsGuard,
    rates: Rates,
    paces: Vec<SlotRate>,
    latest: Snapshot,
    /// The last reading differs from the one in the model.
    news: bool,
    /// The model differs from the screen.
    redraw: bool,
    data_updated_at: Option<Instant>,
    position_updated_at: Option<Instant>,
    measured_at: Option<Instant>,
    reached_at: Option<Instant>,
    drawn_at: Option<Instant>,
    log: LogReader,
    stream: StreamPrinter,
    began: Instant,
    try_again_at: Option<Instant>,
    settled_at: Option<Instant>,
    activity: BoardActivity,
}

impl<'a> RunningDashboard<'a> {
    fn new(screen: FullScreenTerminal, options: &'a DashboardOptions) -> Result<Self, ScreenError> {
        let size = screen.size()?;
        Ok(Self {
            options,
            screen,
            keyboard: Keyboard::new(),
            theme: Theme::new(options.look),
            between_data: Duration::from_secs(1) / u32::from(options.refresh_hz.clamp(1, 30)),
            model: Model { size, keys: Arc::new(options.keys.clone()), ..Model::default() },
            signs_guard: SignsGuard::new(options.signs, terminal::TerminalStream::Stdout),
            rates: Rates::default(),
            paces: Vec::new(),
            latest: Snapshot::default(),
            news: true,
            redraw: true,
            data_updated_at: None,
            position_updated_at: None,
            measured_at: None,
            reached_at: None,
            drawn_at: None,
            log: LogReader::default(),
            stream: StreamPrinter::new(),
            began: Instant::now(),
            try_again_at: None,
            settled_at: None,
            activity: BoardActivity::new(),
        })
    }

    fn run(
        &mut self,
        inputs: &mut Inputs,
        signals: &mut Signals,
        finished: &Receiver<()>,
    ) -> Result<DashboardExit, ScreenError> {
        loop {
            self.read_board(inputs);
            let finished = !matches!(finished.try_recv(), Err(TryRecvError::Empty));
            if finished || self.is_left_alone(inputs)? {
                self.read_board(inputs);
                self.print_lines(inputs)?;
                if self.model.mode == Mode::Streaming {
                    self.screen.write(&self.stream.rest(inputs.logs.as_mut()))?;
                }
                return Ok(DashboardExit::Finished);
            }
            self.update_data();
            self.note_unreached(inputs);
            self.measure(inputs);
            self.update_position(inputs);
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

    /// Returns whether all work has ended well and nobody needs the view. Turns true only after a moment, since a key
    /// may be on its way.
    fn is_left_alone(&mut self, inputs: &mut Inputs) -> Result<bool, ScreenError> {
        let settled = inputs.control.as_ref().and_then(|control| control.settled());
        if settled != self.model.settled {
            self.settled_at = settled.map(|_| Instant::now());
            // The board may have changed since the model's last reading.
            self.read_board(inputs);
            (self.news, self.data_updated_at) = (true, None);
            self.update_data();
            if settled.is_some() && self.model.mode == Mode::Streaming {
                self.print_lines(inputs)?;
                if settled == Some(Settled::Badly) {
                    self.model.mode = Mode::Browsing;
                    self.take_over_again()?;
                }
            }
            self.redraw |= update(&mut self.model, UpdateMessage::Settled(settled)).redraw;
        }
        let needed = self.model.touched && self.model.mode != Mode::Streaming;
        let lingered = self.settled_at.is_some_and(|at| at.elapsed() >= LINGER);
        Ok(settled == Some(Settled::Well) && !needed && lingered)
    }

    /// Wait a moment for input, and handle a bounded number of events, so that a held key cannot starve the board.
    fn take_events(
        &mut self,
        inputs: &mut Inputs,
        signals: &mut Signals,
    ) -> Result<Option<DashboardExit>, ScreenError> {
        let mut wait = self.key_wait();
        for _ in 0..64 {
            let input = self.keyboard.next(wait)?;
            // Any key keeps the view open, even one without a meaning.
            if matches!(input, TerminalInput::Event(Event::Key(_) | Event::Paste(_))) && !self.model.touched {
                self.model.touched = true;
                ask(inputs, |control| control.stay());
            }
            let message = match input {
                TerminalInput::Event(Event::Key(key)) => keys::message(&key, &self.model),
                TerminalInput::Event(Event::Resize(width, height)) => Some(UpdateMessage::Resized(width, height)),
                TerminalInput::Event(Event::Paste(text)) => Some(UpdateMessage::Paste(text)),
                TerminalInput::Event(Event::Mouse(mouse)) => pointed(mouse),
                TerminalInput::Ground(ground) => {
                    self.theme = self.options.theme_on(ground).unwrap_or(self.theme);
                    self.redraw = true;
                    None
                }
                TerminalInput::Event(_) => None,
                TerminalInput::Nothing => break,
                TerminalInput::HungUp => return Ok(Some(hang_up(inputs))),
            };
            if let Some(message) = message
                && let Some(left) = self.handle_message(message, inputs, signals)?
            {
                return Ok(Some(left));
            }
            wait = Duration::ZERO;
        }
        Ok(None)
    }

    /// The longest wait for keys before the board is read again; nothing wakes the loop for invisible changes.
    fn key_wait(&self) -> Duration {
        // The stream of lines has no frames.
        let frame = self.drawn_at.filter(|_| self.redraw && self.model.mode != Mode::Streaming);
        match frame.map(|at| BETWEEN_FRAMES.saturating_sub(at.elapsed())) {
            _ if self.log.goes_on() => Duration::ZERO,
            Some(rest) => rest.min(self.idle_wait()),
            None => self.idle_wait(),
        }
    }

    /// The longest wait for keys if no frame is due.
    fn idle_wait(&self) -> Duration {
        match self.activity.is_idle() {
            false => POLL,
            true if self.model.owns_work() => POLL_WITH_CONTROL,
            true => POLL_IDLE,
        }
    }

    fn handle_message(
        &mut self,
        message: UpdateMessage,
        inputs: &mut Inputs,
        signals: &mut Signals,
    ) -> Result<Option<DashboardExit>, ScreenError> {
        let outcome = update(&mut self.model, message);
        self.redraw |= outcome.redraw;
        match outcome.effect {
            Some(Effect::Leave) => return Ok(Some(DashboardExit::Closed)),
            Some(Effect::Boards) => return Ok(Some(DashboardExit::Boards)),
            Some(Effect::Detach) => return Ok(Some(DashboardExit::Detached)),
            Some(Effect::Playback(command)) => {
                if let Some(playback) = inputs.snapshots.playback() {
                    playback.control(command);
                }
                // The user waits for the result of a playback command; show it at once.
                (self.news, self.data_updated_at, self.position_updated_at) = (true, None, None);
            }
            Some(Effect::Suspend) => return self.pause(inputs, signals, true),
            Some(Effect::Cancel(key)) => {
                ask(inputs, |control| control.cancel(&key));
                self.news = true;
            }
            Some(Effect::CancelAll) => {
                ask(inputs, |control| control.cancel_all());
                self.news = true;
            }
            Some(Effect::Retry(keys)) => keys.iter().for_each(|key| ask(inputs, |control| control.retry(key))),
            Some(Effect::Restart(key)) => ask(inputs, |control| control.restart(&key)),
            Some(Effect::Rebuild(key)) => ask(inputs, |control| control.rebuild(&key)),
            Some(Effect::OpenEditor { key, places }) => return self.edit(&key, &places, inputs, signals),
            Some(Effect::OpenAddress(address)) => self.open_address(&address, inputs),
            Some(Effect::Page(key)) => return self.page(&key, inputs, signals),
            Some(Effect::Save(key)) => self.save(&key, inputs),
            // The terminal decides whether the text reaches the clipboard (OSC 52).
            Some(Effect::Copy(text)) => self.screen.write(&format!("\x1b]52;c;{}\x07", STANDARD.encode(text)))?,
            Some(Effect::Stream(of)) => {
                self.screen.show_lines()?;
                let back = self.model.keys.first(KeyAction::Stream);
                let heading = self.stream.begin(of, &back);
                self.screen.write(&heading)?;
            }
            Some(Effect::EndStream) => self.take_over_again()?,
            None => {}
        }
        Ok(None)
    }

    /// Show the answers to earlier requests.
    fn take_answers(&mut self, inputs: &mut Inputs) {
        while let Some(failure) = inputs.control.as_mut().and_then(|control| control.request_failure()) {
            self.redraw |= update(&mut self.model, UpdateMessage::RequestFailed(failure)).redraw;
            // An answer may change the standing of a row.
            self.news = true;
        }
        if let Some(why) = inputs.opener.as_mut().and_then(|opener| opener.address_failure()) {
            self.redraw |= update(&mut self.model, UpdateMessage::Notice(why)).redraw;
        }
    }

    /// In streaming mode, print the new lines.
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
                let happened = changed && self.activity.observe(&self.latest);
                // Durations on the screen change every second even if nothing else does. The piece of an indeterminate
                // bar also moves, but only on a board that is not idle.
                let wanders = |row: &SlotRow| row.standing.at_work() && row.permille.is_none();
                let wandered = !self.activity.is_idle() && self.model.rows.iter().any(wanders);
                self.news |= happened || wandered || second != self.latest.taken_at_ns / 1_000_000_000;
                self.try_again_at = None;
            }
            Err(error) => {
                let trouble = format!("the board can no longer be read: {error}");
                self.redraw |= update(&mut self.model, UpdateMessage::Trouble(trouble)).redraw;
                self.try_again_at = Some(Instant::now() + BETWEEN_TRIES);
            }
        }
    }

    /// Update the model with the last reading, at most as often as requested.
    fn update_data(&mut self) {
        let now = Instant::now();
        if !self.news
            || self.try_again_at.is_some()
            || self.data_updated_at.is_some_and(|at| now - at < self.between_data)
        {
            return;
        }
        self.paces = self.rates.update(&self.latest);
        let data = UpdateMessage::Data { snapshot: Arc::new(self.latest.clone()), paces: self.paces.clone() };
        self.redraw |= update(&mut self.model, data).redraw;
        self.news = false;
        self.data_updated_at = Some(now);
    }

    /// Record which processes take no requests any more after their work ended: many end with it.
    fn note_unreached(&mut self, inputs: &Inputs) {
        let Some(control) = inputs.control.as_ref().filter(|control| control.is_guest()) else { return };
        let early = self.reached_at.is_some_and(|at| at.elapsed() < BETWEEN_REACHES);
        if early {
            return;
        }
        self.reached_at = Some(Instant::now());
        let ended = self.latest.slots.iter().filter(|slot| slot.state.ended());
        let mut runners: Vec<u32> = ended.filter_map(|slot| slot.runner).collect();
        runners.sort_unstable();
        runners.dedup();
        runners.retain(|runner| !control.reaches(*runner));
        self.redraw |= update(&mut self.model, UpdateMessage::Unreached(runners)).redraw;
    }

    /// Measure every few seconds what the processes of services use. Only views measure this.
    fn measure(&mut self, inputs: &mut Inputs) {
        let early = self.measured_at.is_some_and(|at| at.elapsed() < BETWEEN_MEASURES);
        if early || !self.model.rows.iter().any(|row| row.is_service && row.standing.at_work()) {
            return;
        }
        self.measured_at = Some(Instant::now());
        let usage = inputs.snapshots.usage(&self.latest);
        let slots = self.latest.slots.iter().map(SlotId::from_slot).zip(usage);
        let usage: Vec<(SlotId, SlotProcessUsage)> = slots.filter_map(|(id, usage)| Some((id, usage?))).collect();
        if usage != self.model.usage {
            self.redraw |= update(&mut self.model, UpdateMessage::Usage(usage)).redraw;
        }
    }

    /// Update the model with the position of the recording, at most as often as with readings.
    fn update_position(&mut self, inputs: &mut Inputs) {
        let now = Instant::now();
        if self.position_updated_at.is_some_and(|at| now - at < self.between_data) {
            return;
        }
        if let Some(playback) = inputs.snapshots.playback() {
            self.redraw |= update(&mut self.model, UpdateMessage::At(playback.position())).redraw;
            self.position_updated_at = Some(now);
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
        Ok(self.signs_guard.show(&self.model.snapshot.board.title, &self.model.totals)?)
    }

    /// Give the terminal back, stop until continued, and take it over again. Returns the exit, if a signal to end
    /// arrived.
    fn pause(
        &mut self,
        inputs: &mut Inputs,
        signals: &mut Signals,
        group: bool,
    ) -> Result<Option<DashboardExit>, ScreenError> {
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
        self.signs_guard.again();
        let (width, height) = self.screen.size()?;
        update(&mut self.model, UpdateMessage::Resized(width, height));
        self.redraw = true;
        Ok(())
    }
}
