//! `vx turn --batch`: many turns from a file, on one board, with their results in the order of the file.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf, absolute};
use std::process::ExitCode;

use serde::Deserialize;
use vx_agents::{Prompt, TurnLimits, TurnRequest};
use vx_text::json_line;

use super::TurnArguments;
use super::agent::Agents;
use crate::doors::cli::output::failure::{CANCELLED, CommandFailure, CommandResult as Ended, FAILED, USAGE};
use crate::doors::cli::output::print;
use crate::doors::cli::screens::frontend::CommandLineFrontend;
use crate::doors::cli::workspace::{self, place_or_none};
use crate::running::turns::{Batch, BatchEnd, run_batch};
use crate::tools::route::Invocation;
use crate::workspace::frontend::Frontend;

/// A hint with an example of a line.
const EXAMPLE: &str = r#"write lines such as {"turn_id": "docs", "prompt": "Write the docs.", "cwd": "api"}"#;

/// A line of the file: a turn.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BatchTurnLine {
    turn_id: Option<String>,
    agent: Option<String>,
    agent_bin: Option<PathBuf>,
    cwd: Option<PathBuf>,
    resume_session_id: Option<String>,
    new_session_id: Option<String>,
    model: Option<String>,
    prompt: String,
    permission_mode: Option<String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
}

/// Run the turns of this file.
pub(super) fn run(project: Option<&Path>, asked: &TurnArguments, file: &Path) -> Ended {
    let text = fs::read_to_string(file)
        .map_err(|error| CommandFailure::usage(format!("cannot read `{}`: {error}", file.display())))?;
    let turns = turns(project, asked, file, &text)?;
    let project = place_or_none(project)?.project_key();
    let batch = Batch { turns, at_once: asked.jobs.into(), project, dump: asked.dump.clone() };
    let command_line =
        if asked.json { CommandLineFrontend::headless(true) } else { CommandLineFrontend::full_screen(asked.tui) };
    let view = command_line.view().map_err(|_| CommandFailure::silent(USAGE))?;
    let BatchEnd { results, cancelled, troubles } = run_batch(batch, &workspace::home()?, view, &command_line)?;
    if asked.json {
        let lines = results.iter().filter_map(|result| json_line(result).ok());
        lines.for_each(|line| print::data(String::from_utf8_lossy(&line)));
    }
    troubles.iter().for_each(print::trouble);
    let failed: Vec<&str> =
        results.iter().filter(|result| result.outcome != "good").map(|result| result.turn_id.as_str()).collect();
    if cancelled {
        return Ok(ExitCode::from(CANCELLED));
    }
    if !failed.is_empty() {
        let text = format!("{} of {} turns failed: {}", failed.len(), results.len(), failed.join(", "));
        return Err(CommandFailure::failed(text));
    }
    Ok(if troubles.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
}

fn turns(
    project: Option<&Path>,
    asked: &TurnArguments,
    file: &Path,
    text: &str,
) -> Result<Vec<TurnRequest>, CommandFailure> {
    let (mut turns, mut names, mut programs) = (Vec::new(), HashSet::new(), BTreeMap::new());
    let agents = Agents::for_project(project)?;
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let wrong = |reason: &dyn std::fmt::Display| {
            CommandFailure::usage(format!("line {} of `{}`: {reason}", number + 1, file.display()))
        };
        // Blank lines in front make the line number in the parser's error that of the file.
        let line: BatchTurnLine = serde_json::from_str(&("\n".repeat(number) + line)).map_err(|error| {
            CommandFailure::usage(format!("`{}` has no turn in JSON where one is expected: {error}", file.display()))
                .hint(EXAMPLE)
        })?;
        let name = line.turn_id.clone().unwrap_or_else(|| format!("turn-{}", number + 1));
        if name.is_empty() || !names.insert(name.clone()) {
            return Err(wrong(&format_args!("there are two turns named `{name}`")));
        }
        turns.push(request(&agents, asked, line, name, &mut programs)?);
    }
    if turns.is_empty() {
        return Err(
            CommandFailure::usage(format!("`{}` has no turn", file.display())).hint("write one JSON object a line")
        );
    }
    Ok(turns)
}

/// The request for a turn; the command line's options fill in what its line leaves out.
fn request(
    agents: &Agents,
    asked: &TurnArguments,
    line: BatchTurnLine,
    turn_id: String,
    programs: &mut BTreeMap<String, Invocation>,
) -> Result<TurnRequest, CommandFailure> {
    let agent = line.agent.unwrap_or_else(|| asked.agent.clone());
    let (program, tools) = match line.agent_bin {
        Some(program) => (program, Vec::new()),
        None => {
            if !programs.contains_key(&agent) {
                programs.insert(agent.clone(), agents.program(&agent, asked.program.as_deref())?);
            }
            let invocation = &programs[&agent];
            (invocation.file.clone(), super::variables(invocation))
        }
    };
    let asked_env = asked.env.iter().cloned();
    let directory = absolute(line.cwd.as_deref().or(asked.cwd.as_deref()).unwrap_or(".".as_ref()))?;
    Ok(TurnRequest {
        turn_id,
        agent_table: agents.table(&agent)?,
        agent,
        resume_session_id: line.resume_session_id,
        new_session_id: line.new_session_id,
        model: line.model.or_else(|| asked.model.clone()),
        prompt: Prompt::Once(line.prompt),
        permission_mode: line.permission_mode.unwrap_or_else(|| asked.permission_mode.clone()),
        env: tools.into_iter().chain(asked_env).chain(line.env).collect(),
        limits: TurnLimits { timeout: asked.timeout, ..TurnLimits::default() },
        ..TurnRequest::new(absolute(program)?, directory, "")
    })
}
