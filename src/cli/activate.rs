//! `vx activate`: a shell that follows the present project. Its hook calls vx at each prompt for the changes to make.

use std::process::ExitCode;

use super::args::ActivateArguments;
use super::commands::COMMANDS;
use super::failure::{Failure, Outcome};
use super::{notices, print, store};
use crate::shell::{Shell, hook};
use crate::work::activation::update;
use crate::work::notice::Notice;
use crate::work::routes::Stray;

/// Run `vx activate`.
pub(super) fn run(asked: &ActivateArguments) -> Outcome {
    if asked.hook {
        return print_changes(asked.shell);
    }
    let vx =
        std::env::current_exe().map_err(|error| Failure::failed(format!("vx cannot tell where it is: {error}")))?;
    print::data(hook::profile(asked.shell, &vx));
    Ok(ExitCode::SUCCESS)
}

fn print_changes(shell: Shell) -> Outcome {
    let directory = std::env::current_dir()?;
    let update = update(&store::home()?, &directory, &COMMANDS);
    if let Some(error) = update.fault {
        Failure::from(error).report();
    }
    for Stray { tool, program } in update.strays {
        notices::print(Notice::Stray { tool, program });
    }
    for line in update.changes.iter().filter_map(|change| shell.line(change)) {
        print::data(line);
    }
    Ok(ExitCode::SUCCESS)
}
