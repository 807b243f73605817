//! `vx which`: the file of a program.

use std::path::Path;
use std::process::ExitCode;

use crate::doors::cli::output::failure::CommandResult;
use crate::doors::cli::output::notices::NoticePrintingFrontend;
use crate::doors::cli::output::print;
use crate::doors::cli::workspace;
use crate::doors::cli::workspace::place_or_none;
use crate::tools::programs;

/// Run `vx which`.
pub(in crate::doors::cli) fn run(project: Option<&Path>, name: &str) -> CommandResult {
    let found = programs::find(&workspace::home()?, &place_or_none(project)?, name, &NoticePrintingFrontend)?;
    if let Some(file) = found.declared_in {
        print::message(format_args!("declared in `{}`", file.display()));
    }
    print::data(found.file.display());
    Ok(ExitCode::SUCCESS)
}

/// Run `vx which --all`.
pub(in crate::doors::cli) fn all(project: Option<&Path>, name: &str) -> CommandResult {
    for file in programs::find_all(&workspace::home()?, &place_or_none(project)?, name)? {
        print::data(file.display());
    }
    Ok(ExitCode::SUCCESS)
}
