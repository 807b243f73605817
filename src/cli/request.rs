//! `vx start`, `stop`, `retry`, `restart` and `rebuild`: requests to the process that runs some work.

use std::path::Path;
use std::process::ExitCode;

use serde_json::json;
use vx_shm::Kind;

use super::args::AskArguments;
use super::failure::{FAILED, Failure, Outcome};
use super::print;
use super::workspace::place_or_none;
use crate::service::service_of_key;
use crate::work::control::{Asked, Verb, ask};
use crate::work::up::{self, NextLifeError};

/// Run one of them.
pub(super) fn run(directory: Option<&Path>, verb: Verb, asked: &AskArguments) -> Outcome {
    let of_project = || {
        let file = place_or_none(directory).ok()?.find_with(|_| true).ok()??;
        up::board_with(file.parent()?, &asked.key).map(|board| board.to_string_lossy().into_owned())
    };
    let own = of_project();
    let board = asked.board.clone().or_else(|| own.clone());
    // A build that has ended before the request is not the one that it brings about.
    let service = service_of_key(&asked.key);
    let before = own.filter(|_| verb == Verb::Rebuild).map(|own| up::build_life(Path::new(&own), service));
    let done = ask(verb, &asked.key, board.as_deref())?;
    if asked.json {
        print::data(json!({
            "key": done.key,
            "asked": verb.name(),
            "board": done.board.to_string_lossy(),
            "runner": done.runner,
            "state": done.state,
        }));
    } else {
        print::note(format_args!("asked process {} to {} `{}`", done.runner, verb.name(), done.key));
    }
    let awaited = match before {
        Some(before) => up::await_build(&done.board, service, before),
        None => await_service(verb, &done),
    };
    awaited.map_err(|error| Failure::hinted(FAILED, &error))?;
    Ok(ExitCode::SUCCESS)
}

/// A request for a service is done once the service can be used, or has ended.
fn await_service(verb: Verb, done: &Asked) -> Result<(), NextLifeError> {
    let Asked { board, key, kind, generation, .. } = done;
    match verb {
        _ if *kind != Kind::Service => Ok(()),
        Verb::Restart => up::await_next_life(board, key, *generation),
        Verb::Start | Verb::Retry if done.has_ended => up::await_next_life(board, key, *generation),
        Verb::Stop | Verb::Kill => up::await_end(board, key, *generation),
        Verb::Start | Verb::Retry | Verb::Rebuild => Ok(()),
    }
}
