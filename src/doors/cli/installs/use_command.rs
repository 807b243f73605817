//! `vx use`: install tools and have vx.toml declare them.

use std::path::Path;

use crate::doors::cli::args::UseArguments;
use crate::doors::cli::output::failure::CommandResult;
use crate::doors::cli::screens::frontend::{CommandLineFrontend, exit_code};
use crate::doors::cli::workspace;
use crate::doors::cli::workspace::place_or_none;
use crate::tools::declare_tools::{UseOptions, use_tools};
use crate::workspace::consent::ConsentSource;
use crate::workspace::project::ProjectPlace;

/// Run `vx use`.
pub(in crate::doors::cli) fn run(project: Option<&Path>, arguments: &UseArguments) -> CommandResult {
    let asking = if arguments.trust { ConsentSource::Given } else { ConsentSource::User };
    let home = workspace::home()?;
    let place = match arguments.global {
        true => ProjectPlace::AtOrNone(home.root().to_owned()),
        false => place_or_none(project)?,
    };
    let options = UseOptions { tools: arguments.tools.clone(), asking, run: arguments.run.options() };
    let outcome = use_tools(&home, &place, &options, &CommandLineFrontend::from_arguments(&arguments.run))?;
    Ok(exit_code(&outcome))
}
