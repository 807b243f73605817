//! `vx use`: install tools and have vx.toml declare them.

use std::path::Path;

use super::args::UseArguments;
use super::failure::Outcome;
use super::frontend::{CommandLine, exit_code};
use super::store;
use super::workspace::place_or_none;
use crate::work::consent::Asking;
use crate::work::using::{UseOptions, use_tools};
use crate::work::workspace::Place;

/// Run `vx use`.
pub(super) fn run(project: Option<&Path>, arguments: &UseArguments) -> Outcome {
    let asking = if arguments.trust { Asking::Given } else { Asking::User };
    let home = store::home()?;
    let place = match arguments.global {
        true => Place::AtOrNone(home.root().to_owned()),
        false => place_or_none(project)?,
    };
    let options = UseOptions { tools: arguments.tools.clone(), asking, run: arguments.run.options() };
    let outcome = use_tools(&home, &place, &options, &CommandLine::of(&arguments.run))?;
    Ok(exit_code(&outcome))
}
