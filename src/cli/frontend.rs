//! The command line as `work` sees it: it prints notices, and shows a run in a view, handles Ctrl-C, and reports the
//! end.

mod report;

use std::io;
use std::sync::Arc;

use parking_lot::Mutex;
use vx_base::trouble::{Trouble, TroubleKind};

use super::args::{OutputArguments, RunArguments};
use super::ask::ask;
use super::failure::CANCELLED;
use super::interrupts::{Forwarding, Interrupts};
use super::notices;
use super::screen;
use super::show::{Manner, Showing, TerminalBlocked};
use super::view::{View, choose_view};
use crate::work::frontend::{Answer, Frontend, Question, Refused, RunView};
use crate::work::notice::Notice;
use crate::work::run::{LiveRun, RunOutcome};
pub(super) use report::exit_code;
use report::report;

/// The command line, with the view that its arguments select.
#[derive(Default)]
pub(super) struct CommandLine {
    output: OutputArguments,
    no_mouse: bool,
    /// A notice from before the run that belongs on the screen, since a full-screen view hides the lines before it.
    remark: Arc<Mutex<Option<String>>>,
}

impl CommandLine {
    /// The command line with these arguments.
    pub(super) fn of(run: &RunArguments) -> Self {
        Self { output: run.output.clone(), no_mouse: run.mouse.no_mouse, ..Self::default() }
    }

    /// The command line with the full-screen view, or with the one that suits the output.
    pub(super) fn full_screen(tui: bool) -> Self {
        Self { output: OutputArguments { tui, ..OutputArguments::default() }, ..Self::default() }
    }

    /// The command line without a view.
    pub(super) fn headless(headless: bool) -> Self {
        Self { output: OutputArguments { headless, ..OutputArguments::default() }, ..Self::default() }
    }
}

impl Frontend for CommandLine {
    fn notice(&self, notice: Notice) {
        if let Notice::Strays(swept) = &notice {
            *self.remark.lock() = Some(notices::strays(swept));
        }
        notices::print(notice);
    }

    fn ask(&self, question: &Question) -> Answer {
        ask(question)
    }

    fn view(&self) -> Result<Box<dyn RunView>, Refused> {
        match choose_view(&self.output) {
            Ok(view) => {
                let (mouse, remark) = (!self.no_mouse, Arc::clone(&self.remark));
                Ok(Box::new(OnTerminal { view, mouse, remark, interrupts: None, shown: None }))
            }
            Err(failure) => {
                failure.report();
                Err(Refused)
            }
        }
    }
}

/// A run on the terminal.
struct OnTerminal {
    view: View,
    mouse: bool,
    remark: Arc<Mutex<Option<String>>>,
    interrupts: Option<Interrupts>,
    shown: Option<(Forwarding, Showing)>,
}

impl RunView for OnTerminal {
    fn starting(&mut self) -> io::Result<()> {
        self.interrupts = Some(Interrupts::take()?);
        Ok(())
    }

    fn started(&mut self, run: &LiveRun) -> io::Result<()> {
        if let Some(interrupts) = &self.interrupts {
            let forwarding = interrupts.forward(&run.handle)?;
            let manner = Manner { view: self.view, mouse: self.mouse, remark: self.remark.lock().take() };
            let showing = Showing::start(run, manner, forwarding.ends.clone())?;
            self.shown = Some((forwarding, showing));
        }
        Ok(())
    }

    fn ended(self: Box<Self>, outcome: &RunOutcome) -> Result<(), Trouble> {
        let shown = match self.interrupts.zip(self.shown) {
            Some((interrupts, (forwarding, showing))) => {
                let interrupted = forwarding.finish();
                match showing.finish(&interrupts, interrupted) {
                    Ok(shown) => shown.map_err(|failure| Trouble::new(TroubleKind::Board, failure)),
                    Err(TerminalBlocked) => leave_blocked(),
                }
            }
            None => Ok(()),
        };
        report(outcome, self.view, shown.as_ref().err());
        shown
    }
}

/// Exit at once. All work is done, and the terminal is blocked, so any further output would wait for it, too.
fn leave_blocked() -> ! {
    screen::restore_modes();
    std::process::exit(CANCELLED.into())
}
