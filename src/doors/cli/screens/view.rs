//! The choice of the view that shows a run.

use std::io::{self, IsTerminal};

use super::{look, screen};
use crate::doors::cli::args::OutputArguments;
use crate::doors::cli::output::failure::Failure;
use crate::doors::cli::output::{print, terminal};

/// A view of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::doors::cli) enum View {
    /// A full-screen dashboard.
    Dashboard,
    /// A few lines that are redrawn below those that are finished.
    Inline,
    /// Lines, nothing redrawn.
    Plain,
    /// JSON events.
    Json,
    /// Nothing but errors.
    Headless,
}

/// The requested view, or else the one that suits the destination of this program's output. With a headless view, only
/// errors are printed from then on.
pub(in crate::doors::cli) fn choose_view(asked: &OutputArguments) -> Result<View, Failure> {
    let view = match asked {
        OutputArguments { tui: true, .. } => View::Dashboard,
        OutputArguments { plain: true, .. } => View::Plain,
        OutputArguments { json: true, .. } => View::Json,
        OutputArguments { headless: true, .. } => View::Headless,
        // A terminal without a size has no rows to draw over.
        _ if terminal::redraws(io::stderr().is_terminal()) && screen::stderr_columns().is_some() => View::Inline,
        _ => View::Plain,
    };
    if view == View::Dashboard && !screen::DRAWS {
        return Err(Failure::usage("`--tui` needs a dashboard, and this vx was built without it")
            .hint("leave `--tui` out, or install a vx with its feature `tui`"));
    }
    if view == View::Dashboard && !(io::stdout().is_terminal() && io::stdin().is_terminal()) {
        return Err(Failure::usage("`--tui` needs a terminal, and standard input or output is none")
            .hint("leave `--tui` out, or use `--plain`, `--json` or `--headless --dump DIR`"));
    }
    if view == View::Headless {
        print::errors_only();
    } else if view != View::Json {
        // Report a wrong setting before any work.
        screen::check(&look::checked_settings()?)?;
    }
    Ok(view)
}
