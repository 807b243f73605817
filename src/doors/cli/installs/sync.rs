//! `vx sync`: install what the project declares.

use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value, json};
use vx_plan::{Decision, Plan};

use crate::doors::cli::args::SyncArguments;
use crate::doors::cli::output::failure::{CommandResult, FAILED};
use crate::doors::cli::output::print;
use crate::doors::cli::screens::frontend::{CommandLineFrontend, exit_code};
use crate::doors::cli::workspace;
use crate::doors::cli::workspace::place;
use crate::tools::installs::syncing::{SyncOptions, SyncOutcome, sync};
use crate::workspace::consent::ConsentSource;

/// Run `vx sync`.
pub(in crate::doors::cli) fn run(project: Option<&Path>, arguments: &SyncArguments) -> CommandResult {
    let plan_only = arguments.check || arguments.dry_run;
    let options = SyncOptions {
        tools: arguments.tools.clone(),
        locked: arguments.locked,
        frozen: arguments.frozen,
        strict: arguments.strict,
        plan_only,
        asking: if arguments.trust { ConsentSource::Given } else { ConsentSource::UserOrCi },
        // JSON events are made from a board; a plan has none.
        always_board: arguments.run.output.json && !plan_only,
        for_script: false,
        run: arguments.run.options(),
    };
    let frontend = CommandLineFrontend::from_arguments(&arguments.run);
    Ok(match sync(workspace::home()?, &place(project)?, &options, &frontend)? {
        SyncOutcome::Planned(plan) => {
            match arguments.run.output.json {
                true => print::data(document(&plan)),
                false => preview(&plan),
            }
            verdict(&plan, arguments.check)
        }
        SyncOutcome::UpToDate => ExitCode::SUCCESS,
        SyncOutcome::Ran(outcome) => exit_code(&outcome),
    })
}

fn preview(plan: &Plan) {
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
}

/// The plan as one object: what a run installs, what is as it should be, and what cannot be had.
fn document(plan: &Plan) -> Value {
    let (mut install, mut keep, mut fail) = (Vec::new(), Vec::new(), Vec::new());
    for (tool, decision) in &plan.decisions {
        match decision {
            Decision::Install { release, .. } => install.push(json!({
                "tool": tool,
                "version": release.version,
                "source": release.source.to_string(),
                "size_bytes": release.size_bytes(),
            })),
            Decision::Nothing { version, reason } => {
                keep.push(json!({ "tool": tool, "version": version, "reason": reason }));
            }
            Decision::Fail { error } => fail.push(json!({
                "tool": tool,
                "optional": plan.optional.contains(tool),
                "error": error.text,
                "hint": error.hint,
            })),
        }
    }
    json!({ "install": install, "keep": keep, "fail": fail })
}

fn verdict(plan: &Plan, check: bool) -> ExitCode {
    let missing = |(_, decision): &(String, Decision)| matches!(decision, Decision::Install { .. });
    match (check && plan.decisions.iter().any(missing)) || plan.fails() {
        true => ExitCode::from(FAILED),
        false => ExitCode::SUCCESS,
    }
}
