//! `vx which`: the file of a program.

use std::path::Path;
use std::process::ExitCode;

use super::failure::Outcome;
use super::notices::Printed;
use super::workspace::place_or_none;
use super::{print, store};
use crate::work::programs;

/// Run `vx which`.
pub(super) fn run(project: Option<&Path>, name: &str) -> Outcome {
    let found = programs::find(&store::home()?, &place_or_none(project)?, name, &Printed)?;
    if let Some(file) = found.declared_in {
        print::note(format_args!("declared in `{}`", file.display()));
    }
    print::data(found.file.display());
    Ok(ExitCode::SUCCESS)
}

/// Run `vx which --all`.
pub(super) fn all(project: Option<&Path>, name: &str) -> Outcome {
    for file in programs::find_all(&store::home()?, &place_or_none(project)?, name)? {
        print::data(file.display());
    }
    Ok(ExitCode::SUCCESS)
}
