//! `vx completions`: the completions of a shell, made from the command line's own description.

use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::Shell;

use super::args::Arguments;
use super::failure::Outcome;
use super::print;

/// Run `vx completions`.
pub(super) fn run(shell: Shell) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "vx", &mut script);
    print::data(String::from_utf8_lossy(&script).trim_end());
    Ok(ExitCode::SUCCESS)
}
