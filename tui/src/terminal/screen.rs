//! The terminal under control of the full-screen view: taken over, drawn to in whole frames, restored exactly once.
//!
//! A restore can come from any thread, in a panic. The draw lock makes it final: a frame is written under the lock and
//! only while the screen is shown, so nothing is drawn after a restore.

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
use vx_text::width;

use super::background::{self, QUESTION};
use super::{ScreenError, input, progress_signs};

static SHOWN: AtomicBool = AtomicBool::new(false);
static DRAW_LOCK: Mutex<()> = Mutex::new(());
/// True while the terminal shows the alternate screen, false while it shows lines that stay.
static OTHER_SCREEN: AtomicBool = AtomicBool::new(false);
/// True while the terminal reports the mouse.
static MOUSE: AtomicBool = AtomicBool::new(false);

/// Report buttons and the wheel, in the encoding without a largest column. Movement alone has no meaning here, so don't
/// report it.
const MOUSE_ON: &[u8] = b"\x1b[?1000h\x1b[?1006h";
const MOUSE_OFF: &[u8] = b"\x1b[?1006l\x1b[?1000l";

/// Longest wait before a restore for a frame being written. After a panic inside that write, the lock is never
/// free.
const FRAME_WAIT: Duration = Duration::from_millis(200);

/// The terminal while it shows the full-screen view; given back when dropped.
///
/// It computes the differences itself: ratatui's own `Terminal` asks for the cursor's position at each clear, and a
/// terminal without an answer would block the view for two seconds and then end it.
pub(crate) struct FullScreenTerminal {
    /// Cells that the terminal shows; `None` while they are unknown.
    shown: Option<Buffer>,
    /// Buffer of the frame before, reused for the next: allocating and freeing one per frame costs more than
    /// drawing.
    spare: Option<Buffer>,
    /// The terminal is to report the mouse.
    mouse: bool,
}

impl FullScreenTerminal {
    /// Take the terminal over until the screen is dropped.
    pub(crate) fn enter(mouse: bool) -> Result<Self, ScreenError> {
        if !io::stdout().is_terminal() {
            return Err(ScreenError::NotATerminal);
        }
        restore_on_panic();
        let mut screen = Self { shown: None, spare: None, mouse };
        screen.take_over()?;
        Ok(screen)
    }

    /// A screen without a terminal, to test the bytes it would write.
    #[cfg(test)]
    pub(crate) fn unattached() -> Self {
        Self { shown: None, spare: None, mouse: false }
    }

    /// The bytes of the next frame, recorded as shown.
    #[cfg(test)]
    pub(crate) fn bytes_of(&mut self, next: Buffer) -> Vec<u8> {
        let bytes = self.difference(&next).expect("a vector takes everything");
        self.shown = Some(next);
        bytes
    }

    /// Take the terminal over again, after it was given back or used by another process.
    pub(crate) fn enter_again(&mut self) -> Result<(), ScreenError> {
        restore();
        self.take_over()
    }

    fn take_over(&mut self) -> Result<(), ScreenError> {
        // From here on, a failure or panic must undo the changes made so far; on a failure, dropping the screen does.
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

    /// Show the normal screen, for lines that stay on it; keys still go to this process.
    pub(crate) fn show_lines(&mut self) -> Result<(), ScreenError> {
        let _drawing = DRAW_LOCK.lock();
        if !shown() {
            return Err(ScreenError::Panicked);
        }
        Ok(leave_other_screen()?)
    }

    /// Write text or codes that move nothing, as they are. A new line needs its carriage return.
    pub(crate) fn write(&mut self, text: &str) -> Result<(), ScreenError> {
        let _drawing = DRAW_LOCK.lock();
        if !shown() {
            return Err(ScreenError::Panicked);
        }
        Ok(write_out(text.as_bytes())?)
    }

    /// Ask the terminal for its background. The keyboard returns the answer, if one comes.
    pub(crate) fn ask_ground(&mut self) -> Result<(), ScreenError> {
        if io::stdin().is_terminal() {
            background::expect_answer();
            self.write(QUESTION)?;
        }
        Ok(())
    }

    /// Columns and rows of the terminal.
    pub(crate) fn size(&self) -> Result<(u16, u16), ScreenError> {
        Ok(terminal::size()?)
    }

    /// Draw a frame: the differences from the last one, in one synchronized write.
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
        let _drawing = DRAW_LOCK.lock();
        if !shown() {
            return Err(ScreenError::Panicked);
        }
        if !bytes.is_empty() {
            write_out(&bytes)?;
        }
        self.spare = self.shown.replace(next);
        Ok(())
    }

    /// The bytes that turn the shown cells into `next`; empty if they are equal.
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

/// The shown cells, with those behind multi-character clusters (such as flags) marked as unknown. A terminal without
/// support for a cluster draws part of it into the next cell, so that cell must be written again. `None` if there are
/// no clusters.
fn with_forgotten_clusters(shown: &Buffer) -> Option<Buffer> {
    let of_several = |symbol: &str| symbol.chars().nth(1).is_some() && width(symbol) == 2;
    let last = shown.content.len().saturating_sub(1);
    let places: Vec<usize> = (0..last).filter(|place| of_several(shown.content[*place].symbol())).collect();
    if places.is_empty() {
        return None;
    }
    let mut forgotten = shown.clone();
    // No cell of a frame is ever hidden, so these cells differ from every frame.
    places.into_iter().for_each(|place| forgotten.content[place + 1].modifier.insert(Modifier::HIDDEN));
    Some(forgotten)
}

impl Drop for FullScreenTerminal {
    fn drop(&mut self) {
        restore();
    }
}

/// True while this process controls the terminal.
fn shown() -> bool {
    SHOWN.load(Ordering::SeqCst)
}

/// Restore the terminal, unless that was done already. Any thread may call this. Errors don't stop it: a terminal that
/// hung up can't be restored, and needn't be.
pub(crate) fn restore() {
    progress_signs::clear_signs();
    let _drawing = DRAW_LOCK.try_lock_for(FRAME_WAIT);
    if !SHOWN.swap(false, Ordering::SeqCst) {
        return;
    }
    let _ = leave_other_screen();
    let _ = terminal::disable_raw_mode();
}

/// [`restore`] for a view that was left: what was typed until now was meant for the view, and must not reach the next
/// program on the terminal.
///
/// The input is dropped last: a key that arrives while the terminal still has the view's modes is always dropped.
pub(crate) fn restore_without_input() {
    restore();
    input::drop_input();
}

/// Restore the terminal's modes without writing text, for a process that ends while a view still waits for the
/// terminal.
pub fn restore_modes() {
    if SHOWN.swap(false, Ordering::SeqCst) {
        let _ = terminal::disable_raw_mode();
    }
}

/// Undo the changes to the shown screen. The alternate screen is left only once: leaving it again would move the cursor
/// to its old place, over lines printed since.
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

/// Restore the terminal before any thread's panic message is printed.
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
        let mut screen = FullScreenTerminal { shown: None, spare: None, mouse: false };
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
        // This screen never took the terminal over, so there is nothing to give back.
        assert!(!shown());
    }
}
