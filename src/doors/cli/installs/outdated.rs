//! `vx outdated`: the tools with newer versions than the lock, within the requests of vx.toml and overall, and those that
//! have a newer one soon.

use std::path::Path;
use std::process::ExitCode;

use serde_json::json;
use vx_base::age::{in_words, to_the_second};
use vx_plan::{Newest, Soon};

use crate::doors::cli::args::OutdatedArguments;
use crate::doors::cli::output::failure::{CommandFailure, CommandResult, FAILED};
use crate::doors::cli::output::notices::NoticePrintingFrontend;
use crate::doors::cli::output::print;
use crate::doors::cli::workspace;
use crate::doors::cli::workspace::place;
use crate::tools::outdated::{ToolVersions, outdated};

/// Run `vx outdated`.
pub(in crate::doors::cli) fn run(project: Option<&Path>, arguments: &OutdatedArguments) -> CommandResult {
    let outdated = outdated(workspace::home()?, &place(project)?, &arguments.tools, &NoticePrintingFrontend)?;
    outdated.failed.iter().for_each(print::trouble);
    let failed = outdated.failed.len();
    if arguments.json {
        print::data(format_args!("{:#}", document(&outdated.tools)));
    } else {
        table(&outdated.tools, failed);
    }
    if failed > 0 {
        return Err(CommandFailure::failed(format!("{failed} of {} tools could not be asked about", outdated.asked)));
    }
    match arguments.exit_code && outdated.tools.iter().any(ToolVersions::upgradable) {
        true => Ok(ExitCode::from(FAILED)),
        false => Ok(ExitCode::SUCCESS),
    }
}

fn document(tools: &[ToolVersions]) -> serde_json::Value {
    let row = |tool: &ToolVersions| {
        let Newest { matching, matching_soon, latest, latest_soon } = &tool.newest;
        let mut row = json!({
            "tool": tool.tool,
            "request": tool.request,
            "locked": tool.locked,
            "matching": matching,
            "latest": latest,
            "up_to_date": tool.up_to_date(),
        });
        for (key, soon) in [("matching_soon", matching_soon), ("latest_soon", latest_soon)] {
            if let Some(Soon { version, from, .. }) = soon {
                row[key] = json!({ "version": version, "from": to_the_second(*from) });
            }
        }
        row
    };
    tools.iter().map(row).collect()
}

fn table(tools: &[ToolVersions], failed: usize) {
    let behind: Vec<&ToolVersions> = tools.iter().filter(|tool| !tool.up_to_date() || tool.has_soon()).collect();
    if behind.is_empty() {
        if failed == 0 {
            print::message("every tool is up to date");
        }
        return;
    }
    let head = ["tool", "locked", "matching", "latest", "vx.toml asks for"];
    let head = head.map(str::to_owned);
    let lines: Vec<[String; 5]> = std::iter::once(head).chain(behind.iter().map(|tool| cells(tool))).collect();
    let width = |column: usize| lines.iter().map(|cells| cells[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..5).map(width).collect();
    for cells in &lines {
        let padded: Vec<String> = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        print::data(padded.join("  ").trim_end());
    }
    if behind.iter().any(|tool| tool.upgradable()) {
        print::message("`vx lock --upgrade` locks the matching versions");
    }
}

fn cells(tool: &ToolVersions) -> [String; 5] {
    let Newest { matching, matching_soon, latest, latest_soon } = &tool.newest;
    let locked = tool.locked.clone().unwrap_or_else(|| "none".to_owned());
    // A version that is behind in both columns is named in one.
    let latest_soon = latest_soon.as_ref().filter(|soon| matching_soon.as_ref() != Some(*soon));
    let (matching, latest) = (with_soon(matching, matching_soon.as_ref()), with_soon(latest, latest_soon));
    [tool.tool.clone(), locked, matching, latest, tool.request.clone()]
}

/// A version, and a newer one with the time that it still has to wait: `2.4.0 (2.5.0 in 9 h)`.
fn with_soon(version: &str, soon: Option<&Soon>) -> String {
    match soon {
        Some(Soon { version: newer, from, age }) => {
            format!("{version} ({newer} in {})", in_words(age.wait_for(*from)))
        }
        None => version.to_owned(),
    }
}
