//! `vx board run`: a command with its progress on a board.

use std::process::ExitCode;

use crate::cli::args::WrapArguments;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::print;
use crate::process::end_alike;
use crate::trouble::Trouble;
use crate::work::wrapped::{Place, Wrapped};

/// Run `vx board run`.
pub(super) fn run(arguments: WrapArguments) -> Outcome {
    if arguments.key.is_empty() {
        return Err(Failure::usage("a slot needs a key"));
    }
    let mut words = arguments.command.into_iter();
    let program = words.next().ok_or_else(|| Failure::usage("no command is named"))?;
    let wrapped = Wrapped { total: arguments.total, patterns: arguments.patterns, program, arguments: words.collect() };
    let (place, trouble) = Place::take(&arguments.key, arguments.board.as_deref(), &wrapped.line())?;
    if let Some(trouble) = trouble {
        let text = format!("`{}` runs without a board: {}", arguments.key, trouble.text);
        print::doubt(&Trouble { text, ..trouble });
    }
    Ok(ExitCode::from(end_alike(wrapped.run(place)?)))
}
