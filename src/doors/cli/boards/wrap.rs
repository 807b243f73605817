//! A command with its progress on a board, for `vx board run` and `vx bridge`.

use std::path::PathBuf;
use std::process::ExitCode;

use vx_base::trouble::Trouble;
use vx_process::end_alike;

use crate::doors::cli::output::failure::CommandResult;
use crate::doors::cli::output::notices::NoticePrintingFrontend;
use crate::doors::cli::output::print;
use crate::doors::cli::workspace;
use crate::running::wrapped::{CommandBoardSlot, Wrapped, forms_of};
use crate::workspace::project::ProjectPlace;

/// The board of a command.
pub(in crate::doors::cli) enum On {
    /// The named board, else the one that is found.
    Board(Option<String>),
    /// A new board, which is recorded in this file.
    Recorded(PathBuf),
}

/// Run this command in the slot with this key, with the progress patterns that vx.toml declares for the key.
pub(in crate::doors::cli) fn run(project: &ProjectPlace, key: &str, on: On, mut wrapped: Wrapped) -> CommandResult {
    match forms_of(project, &workspace::home()?, key, &NoticePrintingFrontend) {
        Ok(forms) => {
            wrapped.patterns.extend(forms.patterns);
            wrapped.total = wrapped.total.or(forms.total);
        }
        Err(error) => print::doubt(&Trouble::from_error(&error)),
    }
    let (place, trouble) = match on {
        On::Board(named) => CommandBoardSlot::claim(key, named.as_deref(), &wrapped.line())?,
        On::Recorded(file) => (CommandBoardSlot::recorded(key, &wrapped.line(), file)?, None),
    };
    if let Some(trouble) = trouble {
        print::doubt(&trouble);
    }
    let (status, unrecorded) = wrapped.run(place)?;
    if let Some(trouble) = unrecorded {
        print::doubt(&trouble);
    }
    Ok(ExitCode::from(end_alike(status)))
}
