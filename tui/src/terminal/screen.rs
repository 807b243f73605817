//! Taking the terminal over, drawing whole frames, and giving it back exactly once.
//!
//! A restore can come from any thread, in a panic. The pen is what makes it final: a frame is written with the pen in
//! hand and only while the screen is shown, so nothing is drawn after a restore.

use std::io::{self, IsTerminal, Write};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::Buffer;
use ratatui::crossterm::{Command, cursor, event, style, terminal};
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::{ScreenError, signs};
use crate::text::width;

static SHOWN: AtomicBool = AtomicBool::new(false);
static PEN: Mutex<()> = Mutex::new(());
/// While it is ours: whether it shows the other screen, rather than lines that stay.
static OTHER_SCREEN: AtomicBool = AtomicBool::new(false);
/// Whether it reports the mouse.
static MOUSE: AtomicBool = AtomicBool::new(false);

/// Buttons and the wheel, in the form that knows no largest column. Not the pointer's way: nobody asked for that.
const MOUSE_ON: &[u8] = b"\x1b[?1000h\x1b[?1006h";
const MOUSE_OFF: &[u8] = b"\x1b[?1006l\x1b[?1000l";

/// How long a restore waits for a frame that is being written. A panic of the writer itself never gets the pen.
const FRAME_WAIT: Duration = Duration::from_millis(200);

/// The terminal while it shows the full-screen view; given back when dropped.
///
/// It draws differences itself: ratatui's own `Terminal` asks for the cursor's position whenever it clears, and a
/// terminal that does not answer would hold the view up for two seconds and then end it.
pub(crate) struct Screen {
    /// What the terminal shows; `None` when that is not known.
    shown: Option<Buffer>,
    /// The picture before that, to draw the next one into: memory that is given back and taken anew with each frame costs
    /// more than the drawing.
    spare: Option<Buffer>,
    /// Whether the mouse is to be reported.
    mouse: bool,
}

impl Screen {
    /// Take the terminal over.
    pub(crate) fn enter(mouse: bool) -> Result<Self, ScreenError> {
        if !io::stdout().is_terminal() {
            return Err(ScreenError::NotATerminal);
        }
        restore_on_panic();
        let mut screen = Self { shown: None, spare: None, mouse };
        screen.take_over()?;
        Ok(screen)
    }

    /// One that never took a terminal over, and whose bytes are looked at instead.
    #[cfg(test)]
    pub(crate) fn on_paper() -> Self {
        Self { shown: None, spare: None, mouse: false }
    }

    /// The bytes of the next frame, as if they had been written.
    #[cfg(test)]
    pub(crate) fn bytes_of(&mut self, next: Buffer) -> Vec<u8> {
        let bytes = self.difference(&next).expect("a vector takes everything");
        self.shown = Some(next);
        bytes
    }

    /// Take the terminal over again after it was given back, or after others used it.
    pub(crate) fn enter_again(&mut self) -> Result<(), ScreenError> {
        restore();
        self.take_over()
    }

    fn take_over(&mut self) -> Result<(), ScreenError> {
        // From here on a failure or panic must undo what was done so far; a failure drops the screen, which does.
        SHOWN.store(true, Ordering::SeqCst);
        terminal::enable_raw_mode()?;
        let mut codes = String::new();
        OTHER_SCREEN.store(true, Ordering::SeqCst);
        add(&mut codes, terminal::EnterAlternateScreen);
        add(&mut codes, cursor::Hide);
        add(&mut codes, event::EnableBracketedPaste);
        self.shown = None;
        let mut bytes = codes.into_bytes();
        if self.mouse {
            MOUSE.store(true, Ordering::SeqCst);
            bytes.extend(MOUSE_ON);
        }
        Ok(write_out(&bytes)?)
    }

    /// Show the screen that was there before, for lines that stay on it; keys are still ours.
    pub(crate) fn show_lines(&mut self) -> Result<(), ScreenError> {
        let _pen = PEN.lock();
        if !shown() {
            return Err(ScreenError::Panicked);
        }
        Ok(leave_other_screen()?)
    }

    /// Write text or codes that move nothing, as they are. A new line needs its carriage return.
    pub(crate) fn write(&mut self, text: &str) -> Result<(), ScreenError> {
        let _pen = PEN.lock();
        if !shown() {
            return Err(ScreenError::Panicked);
        }
        Ok(write_out(text.as_bytes())?)
    }

    /// Columns and rows.
    pub(crate) fn size(&self) -> Result<(u16, u16), ScreenError> {
        Ok(terminal::size()?)
    }

    /// Draw a frame: what differs from the last one, in one synchronized write.
    pub(crate) fn draw(&mut self, picture: impl FnOnce(&mut Buffer)) -> Result<(), ScreenError> {
        let (width, height) = self.size()?;
        let area = Rect::new(0, 0, width, height);
        let mut next = match self.spare.take() {
            Some(mut spare) if spare.area == area => {
                spare.reset();
                spare
            }
            _ => Buffer::empty(area),
        };
        picture(&mut next);
        let bytes = self.difference(&next)?;
        let _pen = PEN.lock();
        if !shown() {
            return Err(ScreenError::Panicked);
        }
        if !bytes.is_empty() {
            write_out(&bytes)?;
        }
        self.spare = self.shown.replace(next);
        Ok(())
    }

    /// The bytes that turn what is shown into `next`; none where they are alike.
    fn difference(&self, next: &Buffer) -> io::Result<Vec<u8>> {
        let mut codes = String::new();
        add(&mut codes, terminal::BeginSynchronizedUpdate);
        let blank;
        let known = self.shown.as_ref().is_some_and(|shown| shown.area == next.area);
        let before = match &self.shown {
            Some(shown) if shown.area == next.area => shown,
            _ => {
                add(&mut codes, style::ResetColor);
                add(&mut codes, terminal::Clear(terminal::ClearType::All));
                blank = Buffer::empty(next.area);
                &blank
            }
        };
        let clusters = with_forgotten_clusters(before);
        let before = clusters.as_ref().unwrap_or(before);
        let changes = before.diff(next);
        if changes.is_empty() && known {
            return Ok(Vec::new());
        }
        let mut bytes = codes.into_bytes();
        CrosstermBackend::new(&mut bytes).draw(changes.into_iter())?;
        let mut codes = String::new();
        add(&mut codes, terminal::EndSynchronizedUpdate);
        bytes.extend(codes.into_bytes());
        Ok(bytes)
    }
}

/// What is shown, without the cells behind characters that are made of several, such as flags: a terminal that does not
/// know them shows a part of them there, so these cells are written again. `None` where there are no such characters.
fn with_forgotten_clusters(shown: &Buffer) -> Option<Buffer> {
    let of_several = |symbol: &str| symbol.chars().nth(1).is_some() && width(symbol) == 2;
    let last = shown.content.len().saturating_sub(1);
    let places: Vec<usize> = (0..last).filter(|place| of_several(shown.content[*place].symbol())).collect();
    if places.is_empty() {
        return None;
    }
    let mut forgotten = shown.clone();
    // No cell of a picture is ever hidden, so none is like these.
    places.into_iter().for_each(|place| forgotten.content[place + 1].modifier.insert(Modifier::HIDDEN));
    Some(forgotten)
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

/// Whether the terminal is ours at the moment.
fn shown() -> bool {
    SHOWN.load(Ordering::SeqCst)
}

/// Give the terminal back, if it is not given back yet. May be called from any thread; keeps going past errors,
/// since a terminal that hung up cannot be restored and need not be.
pub(crate) fn restore() {
    signs::take_back();
    let _pen = PEN.try_lock_for(FRAME_WAIT);
    if !SHOWN.swap(false, Ordering::SeqCst) {
        return;
    }
    let _ = leave_other_screen();
    let _ = terminal::disable_raw_mode();
}

/// Give back what a terminal takes that takes no text: its modes. For a process that ends while a view still waits for the
/// terminal.
pub fn restore_modes() {
    if SHOWN.swap(false, Ordering::SeqCst) {
        let _ = terminal::disable_raw_mode();
    }
}

/// Undo what taking over did to what is shown. The other screen is left only once: leaving it again would put the cursor
/// where it stood before, over lines printed since.
fn leave_other_screen() -> io::Result<()> {
    let mut bytes = Vec::new();
    if MOUSE.swap(false, Ordering::SeqCst) {
        bytes.extend(MOUSE_OFF);
    }
    if OTHER_SCREEN.swap(false, Ordering::SeqCst) {
        let mut codes = String::new();
        add(&mut codes, terminal::EndSynchronizedUpdate);
        add(&mut codes, event::DisableBracketedPaste);
        add(&mut codes, style::ResetColor);
        add(&mut codes, terminal::LeaveAlternateScreen);
        add(&mut codes, cursor::Show);
        bytes.extend(codes.into_bytes());
    }
    write_out(&bytes)
}

fn add(codes: &mut String, command: impl Command) {
    // Writing to a string cannot fail.
    let _ = command.write_ansi(codes);
}

fn write_out(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()
}

/// Before the message of any thread's panic is printed, give the terminal back.
pub(crate) fn restore_on_panic() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            restore();
            before(panic);
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::style::{Color, Style};
    use std::num::NonZero;

    fn picture(lines: &[&str]) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 20, 4));
        for (y, line) in (0..).zip(lines) {
            buffer.set_string(0, y, line, Style::new().fg(Color::Red));
        }
        buffer
    }

    #[test]
    fn the_bytes_of_a_frame_make_the_terminal_show_it() {
        let cells = |count| NonZero::new(count).expect("a screen has cells");
        let mut terminal = vt100::Parser::new(cells(4), cells(20), 0);
        terminal.process(b"left over");
        let mut screen = Screen { shown: None, spare: None, mouse: false };
        for lines in [&["日本語 tools", "two"][..], &["日本", "two", "three"], &["", "x"]] {
            let next = picture(lines);
            terminal.process(&screen.difference(&next).expect("a vector takes everything"));
            let rows: Vec<String> = terminal.screen().rows(0, 20).map(|row| row.trim_end().to_owned()).collect();
            let mut expected: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
            expected.resize(4, String::new());
            assert_eq!(rows, expected);
            screen.shown = Some(next);
        }
        assert!(screen.difference(&picture(&["", "x"])).expect("nothing to write").is_empty());
        // This one never took the terminal over, so there is nothing to give back.
        assert!(!shown());
    }
}
