//! `vx mcp`: the server for agents, on standard input and output.

use std::io::{stdin, stdout};
use std::path::Path;
use std::process::ExitCode;

use crate::doors::cli::output::failure::{CommandFailure, CommandResult};
use crate::doors::cli::workspace;
use crate::doors::mcp::{Options, serve};

/// Run `vx mcp`.
pub(in crate::doors::cli) fn run(project: Option<&Path>, allow_changes: bool) -> CommandResult {
    let directory = match project {
        Some(directory) => directory.canonicalize().unwrap_or_else(|_| directory.to_owned()),
        None => std::env::current_dir()?,
    };
    let options = Options { home: workspace::home()?, directory, allow_changes };
    serve(options, stdin().lock(), stdout())
        .map_err(|error| CommandFailure::failed(format!("cannot read from standard input: {error}")))?;
    Ok(ExitCode::SUCCESS)
}
