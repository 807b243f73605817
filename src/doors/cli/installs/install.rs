//! `vx install`: install tools by name, on their own board, leaving vx.toml and vx.lock as they are.

use std::path::Path;

use crate::doors::cli::args::InstallArguments;
use crate::doors::cli::output::failure::CommandResult;
use crate::doors::cli::screens::frontend::{CommandLineFrontend, exit_code};
use crate::doors::cli::workspace;
use crate::doors::cli::workspace::place_or_none;
use crate::tools::installs::installing::{InstallOptions, install};
use crate::workspace::consent::ConsentSource;

/// Run `vx install`.
pub(in crate::doors::cli) fn run(project: Option<&Path>, arguments: &InstallArguments) -> CommandResult {
    let asking = if arguments.trust { ConsentSource::Given } else { ConsentSource::User };
    let tools = arguments.tools.clone();
    let options = InstallOptions { tools, asking, declaring: false, run: arguments.run.options() };
    let frontend = CommandLineFrontend::from_arguments(&arguments.run);
    let outcome = install(workspace::home()?, &place_or_none(project)?, &options, &frontend)?;
    Ok(exit_code(&outcome))
}
