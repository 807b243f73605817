//! `vx activate`: makes a shell use the tools of the project that it is in. A hook calls vx at each prompt, and applies
//! the changes that vx prints.

use std::process::ExitCode;

use crate::doors::cli::args::ActivateArguments;
use crate::doors::cli::output::commands::COMMANDS;
use crate::doors::cli::output::failure::{CommandFailure, CommandResult};
use crate::doors::cli::output::{notices, print};
use crate::doors::cli::workspace;
use crate::tools::activation::update;
use crate::tools::routes::Stray;
use crate::tools::shell::{Shell, hook};
use crate::workspace::frontend::notice::Notice;

/// Run `vx activate`.
pub(in crate::doors::cli) fn run(asked: &ActivateArguments) -> CommandResult {
    if asked.hook {
        return print_changes(asked.shell);
    }
    let vx = std::env::current_exe()
        .map_err(|error| CommandFailure::failed(format!("cannot find the path of vx itself: {error}")))?;
    print::data(hook::profile(asked.shell, &vx));
    Ok(ExitCode::SUCCESS)
}

fn print_changes(shell: Shell) -> CommandResult {
    let directory = std::env::current_dir()?;
    let update = update(&workspace::home()?, &directory, &COMMANDS);
    if let Some(error) = update.fault {
        CommandFailure::from(error).report();
    }
    for Stray { tool, program } in update.strays {
        notices::print(Notice::Stray { tool, program });
    }
    update.withheld.into_iter().for_each(notices::print);
    for line in update.changes.iter().filter_map(|change| shell.line(change)) {
        print::data(line);
    }
    Ok(ExitCode::SUCCESS)
}
