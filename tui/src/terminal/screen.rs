//! Taking the terminal over, drawing whole frames, and giving it back exactly once.
//!
//! A restore can come from any thread, in a panic. The pen is what makes it final: a frame is written with the pen in
//! hand and only while the screen is shown, so nothing is drawn after a restore.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Once};
use std::time::Duration;

use parking_lot::Mutex;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::buffer::Buffer;
use ratatui::crossterm::{Command, cursor, event, style, terminal};

use super::ScreenError;

static SHOWN: AtomicBool = AtomicBool::new(false);
static PEN: Mutex<()> = Mutex::new(());

/// How long a restore waits for a frame that is being written. A panic of the writer itself never gets the pen.
const FRAME_WAIT: Duration = Duration::from_millis(200);

/// The terminal while it shows the full-screen view; given back when dropped.
pub(crate) struct Screen {
    terminal: Terminal<CrosstermBackend<Frame>>,
    frame: Frame,
}

/// A frame's bytes, collected to be written at once.
#[derive(Clone, Default)]
struct Frame(Arc<Mutex<Vec<u8>>>);

impl Write for Frame {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Screen {
    /// Take the terminal over.
    pub(crate) fn enter() -> Result<Self, ScreenError> {
        if !io::stdout().is_terminal() {
            return Err(ScreenError::NotATerminal);
        }
        restore_on_panic();
        let frame = Frame::default();
        let terminal = Terminal::new(CrosstermBackend::new(frame.clone()))?;
        let mut screen = Self { terminal, frame };
        screen.take_over()?;
        Ok(screen)
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
        add(&mut codes, terminal::EnterAlternateScreen);
        add(&mut codes, cursor::Hide);
        add(&mut codes, event::EnableBracketedPaste);
        write_out(codes.as_bytes())?;
        // Nothing of what was drawn before is still there.
        self.terminal.clear()?;
        Ok(())
    }

    /// Columns and rows.
    pub(crate) fn size(&self) -> Result<(u16, u16), ScreenError> {
        Ok(terminal::size()?)
    }

    /// Draw a frame: what differs from the last one, in one synchronized write.
    pub(crate) fn draw(&mut self, picture: impl FnOnce(&mut Buffer)) -> Result<(), ScreenError> {
        self.terminal.draw(|frame| picture(frame.buffer_mut()))?;
        let body = std::mem::take(&mut *self.frame.0.lock());
        if body.is_empty() {
            return Ok(());
        }
        let mut codes = String::new();
        add(&mut codes, terminal::BeginSynchronizedUpdate);
        let mut bytes = codes.into_bytes();
        bytes.extend(body);
        let mut codes = String::new();
        add(&mut codes, terminal::EndSynchronizedUpdate);
        bytes.extend(codes.into_bytes());
        let _pen = PEN.lock();
        if !shown() {
            return Err(ScreenError::Panicked);
        }
        Ok(write_out(&bytes)?)
    }
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
    let _pen = PEN.try_lock_for(FRAME_WAIT);
    if !SHOWN.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut codes = String::new();
    add(&mut codes, terminal::EndSynchronizedUpdate);
    add(&mut codes, event::DisableBracketedPaste);
    add(&mut codes, style::ResetColor);
    add(&mut codes, terminal::LeaveAlternateScreen);
    add(&mut codes, cursor::Show);
    let _ = write_out(codes.as_bytes());
    let _ = terminal::disable_raw_mode();
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
fn restore_on_panic() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            restore();
            before(panic);
        }));
    });
}
