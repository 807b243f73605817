//! The choice of the view that shows a run.

use std::io::{self, IsTerminal};

use super::{screen, style};
use crate::doors::cli::args::OutputArguments;
use crate::doors::cli::output::failure::CommandFailure;
use crate::doors::cli::output::{print, terminal};

/// A view of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::doors::cli) enum RunViewKind {
    /// A full-screen dashboard.
    Dashboard,
    /// A few lines that are redrawn below the finished ones.
    Inline,
    /// Lines, nothing redrawn.
    Plain,
    /// JSON events.
    Json,
    /// Nothing but errors.
    Headless,
}

/// The requested view, or else the view that suits where the output goes. With a headless view, only errors are printed
/// from then on.
pub(in crate::doors::cli) fn choose_view(asked: &OutputArguments) -> Result<RunViewKind, CommandFailure> {
    let view = match asked {
        OutputArguments { tui: true, .. } => RunViewKind::Dashboard,
        OutputArguments { plain: true, .. } => RunViewKind::Plain,
        OutputArguments { json: true, .. } => RunViewKind::Json,
        OutputArguments { headless: true, .. } => RunViewKind::Headless,
        // A terminal without a size has no rows to redraw.
        _ if terminal::redraws(io::stderr().is_terminal()) && screen::stderr_columns().is_some() => RunViewKind::Inline,
        _ => RunViewKind::Plain,
    };
    if view == RunViewKind::Dashboard && !screen::DRAWS {
        return Err(CommandFailure::usage("`--tui` needs the dashboard, and this vx was built without it")
            .hint("leave `--tui` out, or install a vx with its feature `tui`"));
    }
    if view == RunViewKind::Dashboard && !(io::stdout().is_terminal() && io::stdin().is_terminal()) {
        return Err(CommandFailure::usage("`--tui` needs a terminal, and standard input or output is not a terminal")
            .hint("leave `--tui` out, or use `--plain`, `--json` or `--headless --dump DIR`"));
    }
    if view == RunViewKind::Headless {
        print::errors_only();
    } else if view != RunViewKind::Json {
        // Report a wrong setting before any work.
        screen::check(&style::checked_settings()?)?;
    }
    Ok(view)
}
