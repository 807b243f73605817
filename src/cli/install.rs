//! `vx install`: install tools by name, with a board of their own, leaving vx.toml and vx.lock as they are.

use std::path::Path;

use super::args::InstallArguments;
use super::failure::Outcome;
use super::frontend::{CommandLine, exit_code};
use super::store;
use super::workspace::place_or_none;
use crate::work::consent::Asking;
use crate::work::installing::{InstallOptions, install};

/// Run `vx install`.
pub(super) fn run(project: Option<&Path>, arguments: &InstallArguments) -> Outcome {
    let asking = if arguments.trust { Asking::Given } else { Asking::User };
    let tools = arguments.tools.clone();
    let options = InstallOptions { tools, asking, declaring: false, run: arguments.run.options() };
    let frontend = CommandLine::of(&arguments.run);
    let outcome = install(store::home()?, &place_or_none(project)?, &options, &frontend)?;
    Ok(exit_code(&outcome))
}
