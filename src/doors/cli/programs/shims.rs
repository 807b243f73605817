//! `vx shims`: links named like programs, in one folder to put on PATH. Each runs the program that the current project
//! pins.

use std::fs;
use std::io;
use std::process::ExitCode;

use crate::doors::cli::args::ShimsArguments;
use crate::doors::cli::output::failure::{CommandFailure, CommandResult, FAILED};
use crate::doors::cli::output::print;
use crate::doors::cli::workspace;
use crate::tools::shims::{make, programs};

/// Run `vx shims`.
pub(in crate::doors::cli) fn run(asked: &ShimsArguments) -> CommandResult {
    let home = workspace::home()?;
    let directory = home.shims();
    if asked.directory {
        print::data(directory.display());
        return Ok(ExitCode::SUCCESS);
    }
    let failed = |error: io::Error| CommandFailure::failed(format!("cannot change `{}`: {error}", directory.display()));
    if asked.remove {
        match fs::remove_dir_all(&directory) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => print::message(format_args!("removed `{}`", directory.display())),
        }
        return Ok(ExitCode::SUCCESS);
    }
    let names = programs(&home).map_err(|error| CommandFailure::hinted(FAILED, &error))?;
    if names.is_empty() {
        return Err(CommandFailure::failed("nothing is installed that a shim could run").hint("run `vx sync` first"));
    }
    make(&directory, &names).map_err(failed)?;
    names.iter().for_each(print::data);
    let listed = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).any(|folder| folder == directory);
    if !listed {
        print::message(format_args!("put `{}` first on PATH", directory.display()));
    }
    Ok(ExitCode::SUCCESS)
}
