//! `vx up` and `vx down`: the services of a project.

mod changes;
mod control;
mod foreground;
mod rows;

use std::path::Path;
use std::process::ExitCode;

use serde_json::Value;
use vx_base::trouble::{Explain, Trouble, TroubleKind};
use vx_services::declared::reading::Differing;
#[cfg(target_os = "linux")]
use vx_services::guard;

use crate::boards::waiting::WaitForError;
use crate::doors::cli::args::UpArguments;
use crate::doors::cli::output::failure::{CommandFailure, CommandResult, FAILED, USAGE};
use crate::doors::cli::output::print;
use crate::doors::cli::screens::frontend::{CommandLineFrontend, exit_code};
use crate::doors::cli::workspace;
use crate::doors::cli::workspace::{place, services_directory};
#[cfg(target_os = "linux")]
use crate::serving::devserver::ProjectServers;
use crate::serving::up::{self, UpError, UpPrepared, Wish, want};
pub(in crate::doors::cli) use rows::{document, line, short};

/// Run `vx up`.
pub(in crate::doors::cli) fn run(directory: Option<&Path>, asked: &UpArguments) -> CommandResult {
    let (home, frontend) = (workspace::home()?, CommandLineFrontend::default());
    let declared = match up::prepare(&home, &place(directory)?, !asked.no_sync, &frontend)? {
        UpPrepared::Ready(declared) => declared,
        UpPrepared::NotInstalled(outcome) => return Ok(exit_code(&outcome)),
    };
    if asked.tui || asked.foreground || asked.names.is_empty() && !asked.detach && !asked.json {
        return foreground::run(&home, &declared, asked, &frontend);
    }
    let wanted = want(&home, &declared, &wish(asked), &frontend)?;
    changes::show(&wanted.changes);
    let waited = up::await_ready(&wanted);
    let mut services = up::of_project(&declared.directory)?;
    services.retain(|service| wanted.names.contains(&service.name));
    if asked.json {
        print::data(format_args!("{:#}", Value::Array(services.iter().map(document).collect())));
    } else {
        services.iter().filter(|service| !service.ended).for_each(|service| print::data(line(service)));
    }
    match waited {
        Ok(_) => Ok(ExitCode::SUCCESS),
        Err(error) => {
            if services.iter().any(|service| !service.ended) {
                print::message("the others keep running: `vx ps` lists them, `vx down` stops them");
            }
            Err(not_ready(&error))
        }
    }
}

fn wish(asked: &UpArguments) -> Wish<'_> {
    let differing = if asked.no_restart { Differing::Named } else { Differing::Renewed };
    Wish { names: &asked.names, lease: false, differing }
}

fn not_ready(error: &WaitForError) -> CommandFailure {
    CommandFailure::hinted(FAILED, error)
}

/// Run `vx down`.
pub(in crate::doors::cli) fn down(directory: Option<&Path>) -> CommandResult {
    let (home, project) = (workspace::home()?, services_directory(directory)?);
    match up::down(&home, &project, &CommandLineFrontend::default())? {
        true => print::message("all services are stopped"),
        false => print::message("no service was running"),
    }
    Ok(ExitCode::SUCCESS)
}

/// Run as the supervisor of the services of the project in this directory.
#[cfg(target_os = "linux")]
pub(in crate::doors::cli) fn supervise(directory: &Path) -> CommandResult {
    up::supervise(directory, |handle, board| Box::new(ProjectServers::new(handle, board)))?;
    Ok(ExitCode::SUCCESS)
}

/// Run as the guard of one service.
#[cfg(target_os = "linux")]
pub(in crate::doors::cli) fn guard(channel: &str) -> CommandResult {
    guard::run(channel).map_err(|error| CommandFailure::hinted(USAGE, &error))?;
    Ok(ExitCode::SUCCESS)
}

/// Refuses: this system has no guards.
#[cfg(not(target_os = "linux"))]
pub(in crate::doors::cli) fn supervise(_: &Path) -> CommandResult {
    Err(UpError::NoGuards.into())
}

/// Refuses: this system has no guards.
#[cfg(not(target_os = "linux"))]
pub(in crate::doors::cli) fn guard(_: &str) -> CommandResult {
    Err(UpError::NoGuards.into())
}

impl From<UpError> for CommandFailure {
    fn from(error: UpError) -> Self {
        let code = match error.kind() {
            TroubleKind::Configuration | TroubleKind::Usage | TroubleKind::Consent => USAGE,
            _ => FAILED,
        };
        match error {
            UpError::Work(error) => error.into(),
            UpError::Config(errors) => Self::in_file(&errors),
            error => Self::from_trouble(code, Trouble::from_error(&error)),
        }
    }
}
