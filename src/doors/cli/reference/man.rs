//! `vx man`: the manual pages, made from the command line's own description.

use std::path::Path;
use std::process::ExitCode;

use clap::CommandFactory;

use crate::doors::cli::args::Arguments;
use crate::doors::cli::output::failure::{CommandFailure, CommandResult};
use crate::doors::cli::output::print;

/// Run `vx man`.
pub(in crate::doors::cli) fn run(directory: &Path) -> CommandResult {
    let written =
        std::fs::create_dir_all(directory).and_then(|()| clap_mangen::generate_to(Arguments::command(), directory));
    written.map_err(|error| CommandFailure::failed(format!("cannot write to `{}`: {error}", directory.display())))?;
    print::message(format_args!(
        "wrote the manual pages; `man -l {}` shows the first",
        directory.join("vx.1").display()
    ));
    Ok(ExitCode::SUCCESS)
}
