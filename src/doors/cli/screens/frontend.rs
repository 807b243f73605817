//! The command line as a frontend for the rooms below: prints notices, shows a run in a view, handles Ctrl-C, and
//! reports the end.

mod report;

use std::io;
use std::sync::Arc;

use parking_lot::Mutex;
use vx_base::trouble::{Trouble, TroubleKind};

use super::ask::ask;
use super::screen;
use super::show::{RunViewOptions, Showing, TerminalBlocked};
use super::view::{RunViewKind, choose_view};
use crate::doors::cli::args::{OutputArguments, RunArguments};
use crate::doors::cli::interrupts::{InterruptForwarder, Interrupts};
use crate::doors::cli::output::failure::CANCELLED;
use crate::doors::cli::output::notices;
use crate::workspace::frontend::notice::Notice;
use crate::workspace::frontend::run::{LiveRun, RunOutcome};
use crate::workspace::frontend::{Frontend, Question, Refused, RunView, UserAnswer};
pub(in crate::doors::cli) use report::exit_code;
use report::report;

/// The command line, with the view that its arguments select.
#[derive(Default)]
pub(in crate::doors::cli) struct CommandLineFrontend {
    output: OutputArguments,
    no_mouse: bool,
    /// A notice from before the run that belongs on the screen, since a full-screen view hides the lines before it.
    remark: Arc<Mutex<Option<String>>>,
}

impl CommandLineFrontend {
    /// The command line with these arguments.
    pub(in crate::doors::cli) fn from_arguments(run: &RunArguments) -> Self {
        Self { output: run.output.clone(), no_mouse: run.mouse.no_mouse, ..Self::default() }
    }

    /// The command line with the full-screen view, or with the view that suits the output.
    pub(in crate::doors::cli) fn full_screen(tui: bool) -> Self {
        Self { output: OutputArguments { tui, ..OutputArguments::default() }, ..Self::default() }
    }

    /// The command line without a view.
    pub(in crate::doors::cli) fn headless(headless: bool) -> Self {
        Self { output: OutputArguments { headless, ..OutputArguments::default() }, ..Self::default() }
    }
}

impl Frontend for CommandLineFrontend {
    fn notice(&self, notice: Notice) {
        if let Notice::Strays(swept) = &notice {
            *self.remark.lock() = Some(notices::strays(swept));
        }
        notices::print(notice);
    }

    fn ask(&self, question: &Question) -> UserAnswer {
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
    view: RunViewKind,
    mouse: bool,
    remark: Arc<Mutex<Option<String>>>,
    interrupts: Option<Interrupts>,
    shown: Option<(InterruptForwarder, Showing)>,
}

impl RunView for OnTerminal {
    fn starting(&mut self) -> io::Result<()> {
        self.interrupts = Some(Interrupts::intercept()?);
        Ok(())
    }

    fn started(&mut self, run: &LiveRun) -> io::Result<()> {
        if let Some(interrupts) = &self.interrupts {
            let forwarding = interrupts.forward(&run.handle)?;
            let manner = RunViewOptions { view: self.view, mouse: self.mouse, remark: self.remark.lock().take() };
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

/// Exit at once: all work is done, and any further output would wait for the blocked terminal, too.
fn leave_blocked() -> ! {
    screen::restore_modes();
    std::process::exit(CANCELLED.into())
}
