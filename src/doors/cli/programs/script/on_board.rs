//! The scripts of `vx run` as work on a board: in a dashboard, or in the foreground with the board beside.

use std::io;
use std::process::ExitCode;

use vx_base::trouble::Trouble;
use vx_process::{end_alike, shares_terminal};

use crate::doors::cli::args::RunScriptArguments;
use crate::doors::cli::interrupts::{InterruptForwarder, Interrupts};
use crate::doors::cli::output::failure::{CANCELLED, CommandFailure, CommandResult, FAILED};
use crate::doors::cli::output::print;
use crate::doors::cli::screens::frontend::CommandLineFrontend;
use crate::doors::cli::workspace;
use crate::running::scripts::{Joined, ScriptBoardOptions, ScriptRunError, ScriptStep, StepsEnd, run_on_board};
use crate::workspace::frontend::run::{LiveRun, RunOutcome};
use crate::workspace::frontend::{Frontend, RunView};
use crate::workspace::project::ProjectPlace;

/// The board that these arguments and the environment ask for; `None` to run the scripts without one.
pub(super) fn wanted(asked: &RunScriptArguments) -> Option<ScriptBoardOptions> {
    let at_once = asked.jobs.map_or(1, usize::from);
    let own = asked.tui || asked.record.is_some();
    let joined = if own { None } else { Joined::from_environment() };
    let joined = joined.and_then(|joined| {
        let doubt = |trouble: Trouble| {
            let text = format!("the scripts are not put on the board of VX_BOARD: {}", trouble.text);
            print::doubt(&Trouble { text, ..trouble });
        };
        joined.map_err(doubt).ok()
    });
    let wanted = own || at_once > 1 || joined.is_some();
    wanted.then(|| ScriptBoardOptions { record: asked.record.clone(), at_once, hidden: asked.tui, joined })
}

/// Run these steps on a board; the exit code is that of the script.
pub(super) fn run(
    project: &ProjectPlace,
    steps: &[ScriptStep],
    how: &ScriptBoardOptions,
    command_line: &CommandLineFrontend,
) -> CommandResult {
    let view = match how.hidden {
        true => command_line.view().map_err(|_| CommandFailure::silent(crate::doors::cli::output::failure::USAGE))?,
        false => Box::new(ForegroundScriptView::default()),
    };
    let StepsEnd { failed, cancelled, troubles } =
        run_on_board(steps, (project, &workspace::home()?), how, view, command_line)?;
    for trouble in troubles.iter().filter(|_| !how.hidden) {
        print::trouble(trouble);
    }
    // A script that was cancelled in the dashboard was stopped by the user: that is not a failure of the script.
    let Some((name, exit)) = failed.filter(|_| !(how.hidden && cancelled)) else {
        let code = if cancelled { CANCELLED } else { FAILED };
        let good = !cancelled && troubles.is_empty();
        return Ok(if good { ExitCode::SUCCESS } else { ExitCode::from(code) });
    };
    if !cancelled && steps.last().is_some_and(|last| last.name != name) {
        let error = ScriptRunError::Failed { name, exit };
        print::trouble(&Trouble::from_error(&error));
    }
    Ok(ExitCode::from(end_alike(exit)))
}

/// No view, since the scripts have the terminal; only forwards requests to stop to the run.
#[derive(Default)]
struct ForegroundScriptView {
    interrupts: Option<Interrupts>,
    forwarding: Option<InterruptForwarder>,
}

impl RunView for ForegroundScriptView {
    fn starting(&mut self) -> io::Result<()> {
        self.interrupts = Some(Interrupts::intercept()?);
        if shares_terminal() {
            Interrupts::leave_typed();
        }
        Ok(())
    }

    fn started(&mut self, run: &LiveRun) -> io::Result<()> {
        self.forwarding = self.interrupts.as_ref().map(|interrupts| interrupts.forward(&run.handle)).transpose()?;
        Ok(())
    }

    fn ended(self: Box<Self>, _: &RunOutcome) -> Result<(), Trouble> {
        if let Some(forwarding) = self.forwarding {
            forwarding.finish();
        }
        Ok(())
    }
}
