//! `vx outdated`: which tools have newer versions than the lock, within what vx.toml allows and at all.

use std::path::Path;
use std::process::ExitCode;

use serde_json::json;

use super::args::OutdatedArguments;
use super::failure::{FAILED, Failure, Outcome};
use super::print;
use super::workspace::{Workspace, all_of};
use crate::sync::{Newest, in_parallel};

/// How many tools are asked about side by side.
const TOOLS_AT_ONCE: usize = 32;

/// One tool and what there is of it.
struct Row {
    tool: String,
    request: String,
    locked: Option<String>,
    newest: Newest,
}

impl Row {
    /// Whether `vx lock --upgrade` would change it.
    fn upgradable(&self) -> bool {
        self.locked.as_deref() != Some(&self.newest.matching)
    }

    fn up_to_date(&self) -> bool {
        !self.upgradable() && self.newest.latest == self.newest.matching
    }

    fn cells(&self) -> [&str; 5] {
        let locked = self.locked.as_deref().unwrap_or("none");
        [&self.tool, locked, &self.newest.matching, &self.newest.latest, &self.request]
    }
}

/// Run `vx outdated`.
pub(super) fn run(project: Option<&Path>, arguments: &OutdatedArguments) -> Outcome {
    let workspace = Workspace::open(project)?;
    let asked = workspace.select(&arguments.tools)?;
    let sources = workspace.fresh_sources();
    let resolver = workspace.resolver(&sources);
    resolver.recipes(&asked).map_err(all_of)?;
    let answers = in_parallel(asked.iter().collect(), TOOLS_AT_ONCE, |ask| (ask, resolver.newest(ask)));
    let mut rows = Vec::new();
    let mut failed = 0;
    for (ask, answer) in answers {
        match answer {
            None => {}
            Some(Err(error)) => {
                print::error(format_args!("{}: {error}", ask.name), None);
                failed += 1;
            }
            Some(Ok(newest)) => rows.push(Row {
                tool: ask.name.clone(),
                request: ask.request.text().to_owned(),
                locked: locked(&workspace, &ask.name),
                newest,
            }),
        }
    }
    if arguments.json {
        print::data(format_args!("{:#}", document(&rows)));
    } else {
        table(&rows, failed);
    }
    if failed > 0 {
        return Err(Failure::failed(format!("{failed} of {} tools could not be asked about", asked.len())));
    }
    match arguments.exit_code && rows.iter().any(Row::upgradable) {
        true => Ok(ExitCode::from(FAILED)),
        false => Ok(ExitCode::SUCCESS),
    }
}

/// The version that a lock of any format names.
fn locked(workspace: &Workspace, tool: &str) -> Option<String> {
    let current = workspace.lock.tools.get(tool).map(|locked| locked.version.clone());
    current.or_else(|| workspace.pins.get(tool).cloned())
}

fn document(rows: &[Row]) -> serde_json::Value {
    rows.iter()
        .map(|row| {
            json!({
                "tool": row.tool,
                "request": row.request,
                "locked": row.locked,
                "matching": row.newest.matching,
                "latest": row.newest.latest,
                "up_to_date": row.up_to_date(),
            })
        })
        .collect()
}

fn table(rows: &[Row], failed: usize) {
    let behind: Vec<&Row> = rows.iter().filter(|row| !row.up_to_date()).collect();
    if behind.is_empty() {
        if failed == 0 {
            print::note("every tool is up to date");
        }
        return;
    }
    let head = ["tool", "locked", "matching", "latest", "vx.toml asks for"];
    let lines: Vec<[&str; 5]> = std::iter::once(head).chain(behind.iter().map(|row| row.cells())).collect();
    let width = |column: usize| lines.iter().map(|cells| cells[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    for cells in &lines {
        let padded: Vec<String> = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        print::data(padded.join("  ").trim_end());
    }
    if behind.iter().any(|row| row.upgradable()) {
        print::note("`vx lock --upgrade` locks the matching versions");
    }
}
