//! The views that need a terminal: the dashboard, and lines that are redrawn.

use std::io::{self, IsTerminal};

use crossbeam_channel::Receiver;
use vx_project::Ui;
use vx_status::source::Inputs;
use vx_tui::{DashboardExit, DashboardOptions, OutputOptions, Signs};
pub(in crate::doors::cli) use vx_tui::{restore_modes, stderr_columns};

use super::style;
use crate::doors::cli::output::failure::{CommandFailure, unless_closed};
use crate::doors::cli::output::print;
use crate::workspace::look::{asks_ground, keys};

/// Lines can be redrawn.
pub(in crate::doors::cli) const DRAWS: bool = true;

/// Find mistakes in the settings of the dashboard.
pub(in crate::doors::cli) fn check(ui: &Ui) -> Result<(), CommandFailure> {
    options(ui, true, true).map(drop)
}

/// The dashboard's options for this user. If `mouse` is false, the dashboard ignores the mouse, whatever the settings
/// are.
pub(in crate::doors::cli) fn options(ui: &Ui, terminal: bool, mouse: bool) -> Result<DashboardOptions, CommandFailure> {
    let standard = DashboardOptions::default();
    let look = style::output_style(ui, terminal);
    let environment = |name: &str| std::env::var(name).ok();
    Ok(DashboardOptions {
        look,
        asks_ground: asks_ground(ui, environment).filter(|_| look.colour && terminal),
        signs: Signs::supported(terminal),
        keys: keys(ui).map_err(style::wrong)?,
        mouse: mouse && ui.mouse.unwrap_or(standard.mouse),
        refresh_hz: ui.refresh_hz.unwrap_or(standard.refresh_hz),
        list: false,
        notice: None,
    })
}

/// The dashboard, then lines if it was left before the end: by detaching, by a signal (which also cancels the run), or
/// because the terminal failed. The installs continue in any case.
pub(in crate::doors::cli) fn dashboard(
    inputs: &mut Inputs,
    ui: &Ui,
    (mouse, remark): (bool, Option<String>),
    finished: Receiver<()>,
) -> Result<(), CommandFailure> {
    let options = options(ui, io::stdout().is_terminal(), mouse)?;
    let options = DashboardOptions { notice: remark, ..options };
    match vx_tui::dashboard(inputs, &options, finished.clone()) {
        // A view of a run has no list of boards to go back to.
        Ok(DashboardExit::Finished | DashboardExit::Closed | DashboardExit::Boards) => return Ok(()),
        Ok(DashboardExit::Detached | DashboardExit::Signal(_)) => {}
        Err(error) => print::warning(format_args!("the dashboard ended: {error}")),
    }
    // Without a control, the lines don't hold the run open after its last piece of work.
    inputs.control = None;
    inline(inputs, ui, finished)
}

/// How the dashboard of services was left.
pub(in crate::doors::cli) enum ServicesDashboardExit {
    /// The services have ended.
    Ended,
    /// The services go on without this process.
    Detached,
    /// A signal ends this process, and the services with it.
    Signal,
}

/// The dashboard of services that belong to this process.
pub(in crate::doors::cli) fn services(
    inputs: &mut Inputs,
    ui: &Ui,
    mouse: bool,
    finished: Receiver<()>,
) -> Result<ServicesDashboardExit, CommandFailure> {
    let options = options(ui, io::stdout().is_terminal(), mouse)?;
    match vx_tui::dashboard(inputs, &options, finished) {
        Ok(DashboardExit::Finished | DashboardExit::Closed | DashboardExit::Boards) => Ok(ServicesDashboardExit::Ended),
        Ok(DashboardExit::Detached) => Ok(ServicesDashboardExit::Detached),
        Ok(DashboardExit::Signal(_)) => Ok(ServicesDashboardExit::Signal),
        // The services end with this process.
        Err(error) => Err(CommandFailure::failed(&error).hint(error.hint())),
    }
}

/// Lines that are redrawn, below the finished lines.
pub(in crate::doors::cli) fn inline(
    inputs: &mut Inputs,
    ui: &Ui,
    finished: Receiver<()>,
) -> Result<(), CommandFailure> {
    let terminal = io::stderr().is_terminal();
    let options = OutputOptions { look: style::output_style(ui, terminal), signs: Signs::supported(terminal) };
    unless_closed(vx_tui::inline(inputs, &options, finished))
}
