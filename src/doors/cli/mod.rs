//! The command line: parsing, calling the work below, and printing its outcomes.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;
use vx_text::escaped;

mod args;
mod boards;
mod doctor;
mod installs;
mod interrupts;
mod output;
mod programs;
mod reference;
mod screens;
mod serving;
mod settings;
mod workspace;

#[cfg(feature = "control")]
use crate::boards::control::Verb;
use args::{Arguments, CliCommand};
use boards::board;
use installs::{install, install_child, lock, outdated, sbom, search, store, sync, use_command};
use output::{failure, print};
#[cfg(feature = "control")]
use programs::request;
use programs::{activate, completions, env, script, shims, shortcut, tool, which};
use reference::{help, man};
#[cfg(feature = "tui")]
use screens::top;
use serving::bridge;
#[cfg(all(unix, feature = "control"))]
use serving::{daemon, mcp, turn};
#[cfg(feature = "control")]
use serving::{services, up};
use settings::{config, trust};

/// Parse these words. An error quotes the faulty word, so it is made from a copy whose unprintable characters are
/// escaped.
fn parse(words: &[OsString]) -> Arguments {
    Arguments::try_parse_from(words).unwrap_or_else(|error| {
        if !error.use_stderr() {
            error.exit()
        }
        let harmless = words.iter().map(|word| escaped(&word.to_string_lossy()).into_owned());
        Arguments::try_parse_from(harmless).err().unwrap_or(error).exit()
    })
}

/// Run the program with the process's own arguments.
pub fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    if let Some(outcome) = shortcut::try_execute(&words) {
        return finish(outcome);
    }
    vx_process::this_is_vx();
    let arguments = parse(&words);
    if arguments.error_document {
        failure::write_documents();
    }
    let project = arguments.project.as_deref();
    let outcome = match arguments.command {
        CliCommand::Sync(sync) => sync::run(project, &sync),
        CliCommand::Install(install) => match &install.ipc_channel {
            Some(channel) => match install.tools.as_slice() {
                [tool] => return install_child::run(channel, tool),
                _ => Err(failure::CommandFailure::usage("`--ipc-channel` installs exactly one tool")),
            },
            None => install::run(project, &install),
        },
        CliCommand::Use(asked) => use_command::run(project, &asked),
        CliCommand::Trust(asked) => trust::run(project, &asked),
        CliCommand::Uninstall { tools } => store::uninstall(&tools),
        CliCommand::Lock(lock) => lock::run(project, &lock),
        CliCommand::Sbom(asked) => sbom::run(project, &asked),
        CliCommand::Outdated(outdated) => outdated::run(project, &outdated),
        CliCommand::Doctor(doctor) => doctor::run(project, &doctor),
        CliCommand::Config(asked) => config::run(project, &asked),
        CliCommand::List { json } => store::list(json),
        CliCommand::Run(script) => script::run(project, &script),
        CliCommand::Which { tool, all: false } => which::run(project, &tool),
        CliCommand::Which { tool, all: true } => which::all(project, &tool),
        CliCommand::Env(asked) => env::run(project, &asked),
        CliCommand::Activate(asked) => activate::run(&asked),
        CliCommand::Man { directory } => man::run(&directory),
        CliCommand::Search { text, json } => search::run(&text, json),
        CliCommand::Board { command } => board::run(project, command),
        CliCommand::Bridge(asked) => bridge::run(project, asked),
        #[cfg(feature = "tui")]
        CliCommand::Top { board, choose, speed, mouse } => top::run(board.as_deref(), choose, speed, !mouse.no_mouse),
        #[cfg(feature = "control")]
        CliCommand::Up(asked) => up::run(project, &asked),
        #[cfg(feature = "control")]
        CliCommand::Down => up::down(project),
        #[cfg(feature = "control")]
        CliCommand::Ps(asked) => services::ps(project, &asked),
        #[cfg(feature = "control")]
        CliCommand::Logs(asked) => services::logs(project, &asked),
        #[cfg(feature = "control")]
        CliCommand::Start(asked) => request::run(project, Verb::Start, &asked),
        #[cfg(feature = "control")]
        CliCommand::ServiceSupervisor { directory } => up::supervise(&directory),
        #[cfg(feature = "control")]
        CliCommand::ServiceChild { ipc_channel } => up::guard(&ipc_channel),
        #[cfg(feature = "control")]
        CliCommand::Stop(asked) => {
            request::run(project, if asked.kill { Verb::Kill } else { Verb::Stop }, &asked.asked)
        }
        #[cfg(feature = "control")]
        CliCommand::Retry(asked) => request::run(project, Verb::Retry, &asked),
        #[cfg(feature = "control")]
        CliCommand::Restart(asked) => request::run(project, Verb::Restart, &asked),
        #[cfg(feature = "control")]
        CliCommand::Rebuild(asked) => request::run(project, Verb::Rebuild, &asked),
        #[cfg(all(unix, feature = "control"))]
        CliCommand::Turn(asked) => turn::run(project, &asked),
        #[cfg(all(unix, feature = "control"))]
        CliCommand::TurnChild { ipc_channel } => turn::child(&ipc_channel),
        #[cfg(all(unix, feature = "control"))]
        CliCommand::Daemon { command } => daemon::run(command),
        #[cfg(all(unix, feature = "control"))]
        CliCommand::Mcp { allow_changes } => mcp::run(project, allow_changes),
        CliCommand::Cache { command } => store::cache(command),
        CliCommand::X(asked) => tool::explicit(project, &asked),
        CliCommand::Tool(words) if words.first().is_some_and(|word| word == "help") => help::run(&words[1..]),
        CliCommand::Tool(words) => tool::external(project, &words),
        CliCommand::Shims(asked) => shims::run(&asked),
        CliCommand::Completions { shell } => completions::run(shell),
    };
    finish(outcome)
}

fn finish(outcome: failure::CommandResult) -> ExitCode {
    let code = outcome.unwrap_or_else(failure::CommandFailure::report);
    match print::lost() {
        Some(reason) => failure::CommandFailure::failed(format!("cannot write to standard output: {reason}")).report(),
        None => code,
    }
}
