//! The views that need a terminal, in a vx that was built without them: everything is shown in plain lines.

use std::io;

use crossbeam_channel::Receiver;
use vx_project::Ui;
use vx_status::lines::{PlainForm, PlainOptions, plain};
use vx_status::source::Inputs;

use super::style;
use crate::doors::cli::output::failure::{CommandFailure, unless_closed};

/// No line is redrawn.
pub(in crate::doors::cli) const DRAWS: bool = false;

/// Plain lines have no settings to check.
pub(in crate::doors::cli) fn check(_: &Ui) -> Result<(), CommandFailure> {
    Ok(())
}

/// A dashboard is refused before anything is shown.
pub(in crate::doors::cli) fn dashboard(
    inputs: &mut Inputs,
    ui: &Ui,
    _: (bool, Option<String>),
    finished: Receiver<()>,
) -> Result<(), CommandFailure> {
    inline(inputs, ui, finished)
}

/// How the dashboard of services was left.
#[cfg(feature = "control")]
pub(in crate::doors::cli) enum ServicesDashboardExit {
    /// The services have ended.
    Ended,
    /// The services go on without this process.
    #[expect(dead_code, reason = "only a dashboard is left so")]
    Detached,
    /// A signal ends this process, and the services with it.
    #[expect(dead_code, reason = "only a dashboard is left so")]
    Signal,
}

/// A dashboard is refused before anything is shown.
#[cfg(feature = "control")]
pub(in crate::doors::cli) fn services(
    inputs: &mut Inputs,
    ui: &Ui,
    _: bool,
    finished: Receiver<()>,
) -> Result<ServicesDashboardExit, CommandFailure> {
    inline(inputs, ui, finished).map(|()| ServicesDashboardExit::Ended)
}

/// Plain lines.
pub(in crate::doors::cli) fn inline(
    inputs: &mut Inputs,
    ui: &Ui,
    finished: Receiver<()>,
) -> Result<(), CommandFailure> {
    let options = PlainOptions { look: style::output_style(ui, false), form: PlainForm::Lines, columns: None };
    unless_closed(plain(inputs, &options, &mut io::stderr(), finished))
}

/// Lines are not cut.
pub(in crate::doors::cli) fn stderr_columns() -> Option<u16> {
    None
}

/// No modes were changed.
pub(in crate::doors::cli) fn restore_modes() {}
