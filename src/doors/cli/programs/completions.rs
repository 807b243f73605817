//! `vx completions`: the completions of a shell, made from the command line's own description.

use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::doors::cli::args::Arguments;
use crate::doors::cli::output::failure::CommandResult;
use crate::doors::cli::output::print;

/// Run `vx completions`.
pub(in crate::doors::cli) fn run(shell: Shell) -> CommandResult {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "vx", &mut script);
    print::data(String::from_utf8_lossy(&script).trim_end());
    Ok(ExitCode::SUCCESS)
}
