//! `vx sync`: install what the project declares.

use std::path::Path;
use std::process::ExitCode;

use super::args::SyncArguments;
use super::failure::{FAILED, Outcome};
use super::frontend::{CommandLine, exit_code};
use super::workspace::place;
use super::{print, store};
use crate::sync::{Decision, Plan};
use crate::work::syncing::{SyncOptions, SyncOutcome, sync};

/// Run `vx sync`.
pub(super) fn run(project: Option<&Path>, arguments: &SyncArguments) -> Outcome {
    let options = SyncOptions {
        tools: arguments.tools.clone(),
        locked: arguments.locked,
        frozen: arguments.frozen,
        strict: arguments.strict,
        plan_only: arguments.check || arguments.dry_run,
        // JSON events are made from a board.
        always_board: arguments.run.output.json,
        for_script: false,
        run: arguments.run.options(),
    };
    let frontend = CommandLine::of(&arguments.run);
    Ok(match sync(store::home()?, &place(project)?, &options, &frontend)? {
        SyncOutcome::Planned(plan) => preview(&plan, arguments.check),
        SyncOutcome::UpToDate => ExitCode::SUCCESS,
        SyncOutcome::Ran(outcome) => exit_code(&outcome),
    })
}

fn preview(plan: &Plan, check: bool) -> ExitCode {
    for (tool, decision) in &plan.decisions {
        match decision {
            Decision::Install { release, .. } => {
                let size = release.size_bytes();
                let size = if size > 0 { format!(", {:.1} MB to fetch", size as f64 / 1e6) } else { String::new() };
                print::data(format_args!("install {tool} {} from {}{size}", release.version, release.source));
            }
            Decision::Nothing { version, reason } => print::data(format_args!("keep {tool} {version} ({reason})")),
            Decision::Fail { error } if plan.optional.contains(tool) => print::doubt(&error.clone().about(tool)),
            Decision::Fail { error } => print::trouble(&error.clone().about(tool)),
        }
    }
    let missing = |(_, decision): &(String, Decision)| matches!(decision, Decision::Install { .. });
    match (check && plan.decisions.iter().any(missing)) || plan.fails() {
        true => ExitCode::from(FAILED),
        false => ExitCode::SUCCESS,
    }
}
