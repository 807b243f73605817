//! Shows a run in the view that was chosen for it.

use std::io::{self, IsTerminal};
use std::path::Path;

use crossbeam_channel::Receiver;
use vx_process::TreeMeter;
use vx_shm::Reader;
use vx_status::lines::{PlainForm, PlainOptions, json, plain};
use vx_status::source::{Expectations, Inputs, StepPage, WorkControl};

use super::RunViewOptions;
use super::step_page::StepPageFile;
use crate::doors::cli::output::failure::{CommandFailure, unless_closed};
use crate::doors::cli::output::terminal;
use crate::doors::cli::screens::view::RunViewKind;
use crate::doors::cli::screens::views::{BoardLogs, BoardSnapshots, RunControl, UserPrograms};
use crate::doors::cli::screens::{screen, style};

/// Show the run in this view until it is over.
pub(super) fn show(
    board: &Path,
    manner: RunViewOptions,
    control: RunControl,
    finished: Receiver<()>,
    expectations: Expectations,
) -> Result<(), CommandFailure> {
    let view = manner.view;
    if view == RunViewKind::Headless {
        return Ok(());
    }
    let mut inputs = inputs(board, Some(Box::new(control)), expectations)?;
    let ui = style::settings().unwrap_or_default();
    match view {
        RunViewKind::Dashboard => screen::dashboard(&mut inputs, &ui, (manner.mouse, manner.remark), finished),
        RunViewKind::Inline => screen::inline(&mut inputs, &ui, finished),
        RunViewKind::Plain => {
            let look = style::output_style(&ui, io::stderr().is_terminal());
            let options = PlainOptions { look, form: plain_form(), columns: screen::stderr_columns() };
            unless_closed(plain(&mut inputs, &options, &mut io::stderr(), finished))
        }
        RunViewKind::Json | RunViewKind::Headless => unless_closed(json(&mut inputs, &mut io::stdout(), finished)),
    }
}

/// The inputs of a view: the board, its expected course, the logs beside it, and a control over the work.
pub(in crate::doors::cli) fn inputs(
    board: &Path,
    control: Option<Box<dyn WorkControl>>,
    expectations: Expectations,
) -> Result<Inputs, CommandFailure> {
    let reader = Reader::open(board).map_err(CommandFailure::failed)?;
    Ok(Inputs {
        snapshots: Box::new(BoardSnapshots { reader, expectations, meter: TreeMeter::default() }),
        logs: Box::new(BoardLogs::beside(board)),
        control,
        opener: Some(Box::new(UserPrograms::here())),
    })
}

fn plain_form() -> PlainForm {
    if terminal::accessible() {
        return PlainForm::Accessible;
    }
    if terminal::github_actions() {
        let page = terminal::github_step_summary().map(StepPageFile);
        return PlainForm::GithubActions { step_summary: page.map(|page| Box::new(page) as Box<dyn StepPage>) };
    }
    PlainForm::Lines
}
