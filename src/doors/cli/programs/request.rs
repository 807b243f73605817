//! `vx start`, `stop`, `retry`, `restart` and `rebuild`: requests to the process that runs some work.

use std::path::Path;
use std::process::ExitCode;

use serde_json::json;
use vx_base::nearest::nearest;
use vx_project::project_file;
use vx_project::services::{DeclaredService, go_name};
use vx_services::service_of_key;
use vx_shm::Kind;

use crate::boards::control::{AcceptedWorkRequest, ControlError, Verb, ask};
use crate::doors::cli::args::AskArguments;
use crate::doors::cli::output::failure::{CommandFailure, CommandResult, FAILED};
use crate::doors::cli::output::print;
use crate::doors::cli::screens::frontend::CommandLineFrontend;
use crate::doors::cli::workspace;
use crate::doors::cli::workspace::{place, place_or_none};
use crate::serving::up::{self, AcceptedServiceRequest, NextLifeError, ServiceRequestOutcome, UpError};

/// A request that was accepted.
struct AcceptedCliRequest {
    done: AcceptedWorkRequest,
    /// For a build: the life of the build before it, if there was one.
    before: Option<Option<u32>>,
}

/// Run one of these requests. The name of a plugin stands for both of its services; only its back end has a build.
pub(in crate::doors::cli) fn run(directory: Option<&Path>, verb: Verb, asked: &AskArguments) -> CommandResult {
    let file = || place_or_none(directory).ok()?.find_with(|_| true).ok()?;
    let file = file();
    let own = file.as_deref().and_then(Path::parent).and_then(|directory| up::board_with(directory, &asked.key));
    let project = file.as_deref().and_then(|file| project_file::read(file).ok());
    let services = project.map(|project| project.services).unwrap_or_default();
    let board = asked.board.clone().or_else(|| own.as_ref().map(|(board, _)| board.to_string_lossy().into_owned()));
    let keys = match &own {
        Some((_, keys)) if keys.len() > 1 && verb == Verb::Rebuild => vec![go_name(&asked.key)],
        Some((_, keys)) => keys.clone(),
        None => vec![asked.key.clone()],
    };
    let own = own.map(|(board, _)| board);
    let of_services = keys.iter().all(|key| service_of_key(key) == key);
    let accepted = match own.is_some() && asked.board.is_none() && of_services && up::begins(verb) {
        true => again(directory, verb, &keys, asked.json)?,
        false => {
            let places = (board.as_deref(), own.as_deref());
            keys.iter().map(|key| request(verb, key, places, &services, asked.json)).collect::<Result<_, _>>()?
        }
    };
    for AcceptedCliRequest { done, before } in accepted {
        let awaited = match before {
            Some(before) => up::await_build(&done.board, service_of_key(&done.key), before),
            None => await_service(verb, &done),
        };
        awaited.map_err(|error| CommandFailure::hinted(FAILED, &error))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Start services of the project as its file declares them now.
fn again(
    directory: Option<&Path>,
    verb: Verb,
    keys: &[String],
    as_json: bool,
) -> Result<Vec<AcceptedCliRequest>, CommandFailure> {
    let begun = up::again(&workspace::home()?, &place(directory)?, verb, keys, &CommandLineFrontend::default());
    let begun = match begun.map_err(refused)? {
        ServiceRequestOutcome::Asked(begun) => begun,
        ServiceRequestOutcome::NotInstalled(_) => return Err(CommandFailure::silent(FAILED)),
    };
    let accepted = begun.into_iter().map(|AcceptedServiceRequest { asked, build }| {
        announce(&asked, verb, as_json);
        AcceptedCliRequest { done: asked, before: (verb == Verb::Rebuild).then_some(build) }
    });
    Ok(accepted.collect())
}

/// The error for a service that does not start. A refusal is not a mistake in the user's arguments or files.
fn refused(error: UpError) -> CommandFailure {
    match error {
        UpError::Refused(_) => CommandFailure::hinted(FAILED, &error),
        error => error.into(),
    }
}

/// The error for a key that no running work has, in a project that declares services.
fn unknown(key: &str, services: &[DeclaredService]) -> CommandFailure {
    let names: Vec<&str> = services.iter().map(|service| service.name.as_str()).collect();
    if names.contains(&key) {
        return CommandFailure::failed(format!("the service `{key}` is not at work"))
            .hint(format!("`vx up {key}` starts it"));
    }
    let hint = match nearest(key, names.iter().copied()).first() {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the services of the project are {}", names.join(", ")),
    };
    CommandFailure::failed(format!("there is no service `{key}`, and no such work on a board at work")).hint(hint)
}

fn request(
    verb: Verb,
    key: &str,
    (board, own): (Option<&str>, Option<&Path>),
    services: &[DeclaredService],
    as_json: bool,
) -> Result<AcceptedCliRequest, CommandFailure> {
    // Remember the last build before the request, to tell it from the build that the request causes.
    let before = own.filter(|_| verb == Verb::Rebuild).map(|own| up::build_life(own, service_of_key(key)));
    let done = ask(verb, key, board).map_err(|error| match error {
        ControlError::NoWork { board: None, over: false, .. } if !services.is_empty() => unknown(key, services),
        error => error.into(),
    })?;
    announce(&done, verb, as_json);
    Ok(AcceptedCliRequest { done, before })
}

fn announce(done: &AcceptedWorkRequest, verb: Verb, as_json: bool) {
    if as_json {
        print::data(json!({
            "key": done.key,
            "asked": verb.name(),
            "board": done.board.to_string_lossy(),
            "runner": done.runner,
            "state": done.state,
        }));
    } else {
        print::message(format_args!("asked process {} to {} `{}`", done.runner, verb.name(), done.key));
    }
}

/// A request for a service is done once the service can be used, or has ended.
fn await_service(verb: Verb, done: &AcceptedWorkRequest) -> Result<(), NextLifeError> {
    let AcceptedWorkRequest { board, key, kind, generation, .. } = done;
    match verb {
        _ if *kind != Kind::Service => Ok(()),
        Verb::Restart => up::await_next_life(board, key, *generation),
        Verb::Start | Verb::Retry if done.has_ended => up::await_next_life(board, key, *generation),
        Verb::Stop | Verb::Kill => up::await_end(board, key, *generation),
        Verb::Start | Verb::Retry | Verb::Rebuild => Ok(()),
    }
}
