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
use args::{Arguments, Command};
use boards::board;
use installs::{install, install_child, lock, outdated, sbom, search, store, sync, using};
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

/// The arguments in these words. An error about one of them repeats it, so it is made from words that are harmless.
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
    if let Some(outcome) = shortcut::take(&words) {
        return finish(outcome);
    }
    vx_process::this_is_vx();
    let arguments = parse(&words);
    if arguments.error_document {
        failure::write_documents();
    }
    let project = arguments.project.as_deref();
    let outcome = match arguments.command {
        Command::Sync(sync) => sync::run(project, &sync),
        Command::Install(install) => match &install.ipc_channel {
            Some(channel) => match install.tools.as_slice() {
                [tool] => return install_child::run(channel, tool),
                _ => Err(failure::Failure::usage("`--ipc-channel` installs exactly one tool")),
            },
            None => install::run(project, &install),
        },
        Command::Use(asked) => using::run(project, &asked),
        Command::Trust(asked) => trust::run(project, &asked),
        Command::Uninstall { tools } => store::uninstall(&tools),
        Command::Lock(lock) => lock::run(project, &lock),
        Command::Sbom(asked) => sbom::run(project, &asked),
        Command::Outdated(outdated) => outdated::run(project, &outdated),
        Command::Doctor(doctor) => doctor::run(project, &doctor),
        Command::Config(asked) => config::run(project, &asked),
        Command::List { json } => store::list(json),
        Command::Run(script) => script::run(project, &script),
        Command::Which { tool, all: false } => which::run(project, &tool),
        Command::Which { tool, all: true } => which::all(project, &tool),
        Command::Env(asked) => env::run(project, &asked),
        Command::Activate(asked) => activate::run(&asked),
        Command::Man { directory } => man::run(&directory),
        Command::Search { text, json } => search::run(&text, json),
        Command::Board { command } => board::run(project, command),
        Command::Bridge(asked) => bridge::run(project, asked),
        #[cfg(feature = "tui")]
        Command::Top { board, choose, speed, mouse } => top::run(board.as_deref(), choose, speed, !mouse.no_mouse),
        #[cfg(feature = "control")]
        Command::Up(asked) => up::run(project, &asked),
        #[cfg(feature = "control")]
        Command::Down => up::down(project),
        #[cfg(feature = "control")]
        Command::Ps(asked) => services::ps(project, &asked),
        #[cfg(feature = "control")]
        Command::Logs(asked) => services::logs(project, &asked),
        #[cfg(feature = "control")]
        Command::Start(asked) => request::run(project, Verb::Start, &asked),
        #[cfg(feature = "control")]
        Command::ServiceSupervisor { directory } => up::supervise(&directory),
        #[cfg(feature = "control")]
        Command::ServiceChild { ipc_channel } => up::guard(&ipc_channel),
        #[cfg(feature = "control")]
        Command::Stop(asked) => request::run(project, if asked.kill { Verb::Kill } else { Verb::Stop }, &asked.asked),
        #[cfg(feature = "control")]
        Command::Retry(asked) => request::run(project, Verb::Retry, &asked),
        #[cfg(feature = "control")]
        Command::Restart(asked) => request::run(project, Verb::Restart, &asked),
        #[cfg(feature = "control")]
        Command::Rebuild(asked) => request::run(project, Verb::Rebuild, &asked),
        #[cfg(all(unix, feature = "control"))]
        Command::Turn(asked) => turn::run(project, &asked),
        #[cfg(all(unix, feature = "control"))]
        Command::TurnChild { ipc_channel } => turn::child(&ipc_channel),
        #[cfg(all(unix, feature = "control"))]
        Command::Daemon { command } => daemon::run(command),
        #[cfg(all(unix, feature = "control"))]
        Command::Mcp { allow_changes } => mcp::run(project, allow_changes),
        Command::Cache { command } => store::cache(command),
        Command::X(asked) => tool::explicit(project, &asked),
        Command::Tool(words) if words.first().is_some_and(|word| word == "help") => help::run(&words[1..]),
        Command::Tool(words) => tool::external(project, &words),
        Command::Shims(asked) => shims::run(&asked),
        Command::Completions { shell } => completions::run(shell),
    };
    finish(outcome)
}

fn finish(outcome: failure::Outcome) -> ExitCode {
    let code = outcome.unwrap_or_else(failure::Failure::report);
    match print::lost() {
        Some(reason) => failure::Failure::failed(format!("cannot write to standard output: {reason}")).report(),
        None => code,
    }
}
