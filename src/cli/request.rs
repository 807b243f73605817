//! `vx stop`, `retry`, `restart` and `rebuild`: requests to the process that runs some work.

use std::process::ExitCode;

use serde_json::json;

use super::args::AskArguments;
use super::failure::Outcome;
use super::print;
use crate::work::control::{Verb, ask};

/// Run one of them.
pub(super) fn run(verb: Verb, asked: &AskArguments) -> Outcome {
    let done = ask(verb, &asked.key, asked.board.as_deref())?;
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
    Ok(ExitCode::SUCCESS)
}
