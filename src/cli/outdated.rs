//! `vx outdated`: the tools with newer versions than the lock, within the requests of vx.toml and overall.

use std::path::Path;
use std::process::ExitCode;

use serde_json::json;

use super::args::OutdatedArguments;
use super::failure::{FAILED, Failure, Outcome};
use super::notices::Printed;
use super::workspace::place;
use super::{print, store};
use crate::work::outdated::{ToolVersions, outdated};

/// Run `vx outdated`.
pub(super) fn run(project: Option<&Path>, arguments: &OutdatedArguments) -> Outcome {
    let outdated = outdated(store::home()?, &place(project)?, &arguments.tools, &Printed)?;
    outdated.failed.iter().for_each(print::trouble);
    let failed = outdated.failed.len();
    if arguments.json {
        print::data(format_args!("{:#}", document(&outdated.tools)));
    } else {
        table(&outdated.tools, failed);
    }
    if failed > 0 {
        return Err(Failure::failed(format!("{failed} of {} tools could not be asked about", outdated.asked)));
    }
    match arguments.exit_code && outdated.tools.iter().any(ToolVersions::upgradable) {
        true => Ok(ExitCode::from(FAILED)),
        false => Ok(ExitCode::SUCCESS),
    }
}

fn document(tools: &[ToolVersions]) -> serde_json::Value {
    tools
        .iter()
        .map(|tool| {
            json!({
                "tool": tool.tool,
                "request": tool.request,
                "locked": tool.locked,
                "matching": tool.newest.matching,
                "latest": tool.newest.latest,
                "up_to_date": tool.up_to_date(),
            })
        })
        .collect()
}

fn table(tools: &[ToolVersions], failed: usize) {
    let behind: Vec<&ToolVersions> = tools.iter().filter(|tool| !tool.up_to_date()).collect();
    if behind.is_empty() {
        if failed == 0 {
            print::note("every tool is up to date");
        }
        return;
    }
    let head = ["tool", "locked", "matching", "latest", "vx.toml asks for"];
    let lines: Vec<[&str; 5]> = std::iter::once(head).chain(behind.iter().map(|tool| cells(tool))).collect();
    let width = |column: usize| lines.iter().map(|cells| cells[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    for cells in &lines {
        let padded: Vec<String> = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        print::data(padded.join("  ").trim_end());
    }
    if behind.iter().any(|tool| tool.upgradable()) {
        print::note("`vx lock --upgrade` locks the matching versions");
    }
}

fn cells(tool: &ToolVersions) -> [&str; 5] {
    let locked = tool.locked.as_deref().unwrap_or("none");
    [&tool.tool, locked, &tool.newest.matching, &tool.newest.latest, &tool.request]
}
