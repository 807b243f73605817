//! `vx ps` and `vx logs`: the services of a project, and what they print.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use vx_project::services::keys_meant;
use vx_project::{discover, project_file};
use vx_text::{padded, width};

use super::up::{document, line, short};
use crate::doors::cli::args::{LogsArguments, PsArguments};
use crate::doors::cli::output::failure::{CommandFailure, CommandResult};
use crate::doors::cli::output::print;
use crate::doors::cli::workspace::services_directory;
use crate::serving::up::{self, Filter, OutputEntry, ServiceLogStream, UpError};

/// The interval for reading the logs.
const LOOK: Duration = Duration::from_millis(100);

/// Run `vx ps`.
pub(in crate::doors::cli) fn ps(directory: Option<&Path>, asked: &PsArguments) -> CommandResult {
    let services = match asked.all {
        true => up::all()?,
        false => up::of_project(&services_directory(directory)?)?,
    };
    if asked.json {
        let row = if asked.long || asked.all { document } else { short };
        print::data(Value::Array(services.iter().map(row).collect()));
        return Ok(ExitCode::SUCCESS);
    }
    let mut shown = None;
    for service in &services {
        if asked.all && shown != Some(&service.project) {
            let gone = if service.supervised { "" } else { "  (no supervisor)" };
            print::data(format_args!("{}{gone}", service.project));
            shown = Some(&service.project);
        }
        print::data(line(service));
        if asked.long || asked.all && !service.supervised && !service.ended {
            print::data(format_args!("  log {}", service.log.display()));
            let last = up::entries(std::slice::from_ref(service), 3, &Filter::default()).unwrap_or_default();
            last.iter().for_each(|entry| print::data(format_args!("  | {}", entry.message)));
        }
    }
    if services.is_empty() {
        print::message("no service is running");
    }
    Ok(ExitCode::SUCCESS)
}

/// Run `vx logs`.
pub(in crate::doors::cli) fn logs(directory: Option<&Path>, asked: &LogsArguments) -> CommandResult {
    let directory = services_directory(directory)?;
    let mut services = up::of_project(&directory)?;
    let mut known: BTreeSet<String> = services.iter().map(|service| service.name.clone()).collect();
    if asked.follow {
        // A declared service may start later.
        known.extend(declared_in(&directory));
    }
    let is_there = |name: &str| known.contains(name);
    let meant: Vec<Vec<String>> = asked.names.iter().map(|name| keys_meant(name, is_there)).collect();
    if let Some((missing, _)) = asked.names.iter().zip(&meant).find(|(_, meant)| meant.is_empty()) {
        let known = known.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        let hint = if known.is_empty() { "`vx up` starts them".to_owned() } else { format!("there are {known}") };
        return Err(CommandFailure::failed(format!("there is no log of a service `{missing}`")).hint(hint));
    }
    let (names, board) = (meant.concat(), services.first().map(|service| service.board.clone()));
    services.retain(|service| names.is_empty() || names.contains(&service.name));
    let filter = Filter { since: asked.since, level: asked.level, pattern: asked.grep.clone() };
    if !asked.follow {
        show_all(&up::entries(&services, asked.lines, &filter)?, 0, asked.json);
        return Ok(ExitCode::SUCCESS);
    }
    let from = Timestamp::now();
    let board = board.unwrap_or_else(|| await_board(&directory));
    let mut together = ServiceLogStream::for_services(&board, &names, from).map_err(UpError::from)?;
    // By now the lines from before `from` are in their files.
    thread::sleep(LOOK);
    let mut before = up::entries(&services, asked.lines, &filter)?;
    before.retain(|entry| entry.time < from);
    let wide = services.iter().map(|service| width(&service.name)).max().unwrap_or_default();
    show_all(&before, wide, asked.json);
    while !print::closed() {
        let mut entries = together.read(false);
        entries.retain(|entry| filter.takes(entry));
        show_all(&entries, wide.max(together.widest()), asked.json);
        together.go_on(&directory);
        thread::sleep(LOOK);
    }
    Ok(ExitCode::SUCCESS)
}

/// The services that the project in this directory declares; empty if its file cannot be read.
fn declared_in(directory: &Path) -> Vec<String> {
    let project = discover::find_in(directory, |_| true).and_then(|file| project_file::read(&file).ok());
    project.into_iter().flat_map(|project| project.services).map(|service| service.name).collect()
}

/// Wait for the board of the project's next supervisor.
fn await_board(directory: &Path) -> PathBuf {
    print::message("no service has been started yet; their output follows once `vx up` starts them");
    loop {
        if let Some(board) = up::board_at_work(directory) {
            return board;
        }
        thread::sleep(LOOK);
    }
}

fn show_all(entries: &[OutputEntry], wide: usize, as_json: bool) {
    // The output of a build has a longer name than that of its service.
    let wide = entries.iter().map(|entry| width(&entry.source)).max().unwrap_or_default().max(wide);
    entries.iter().for_each(|entry| show(entry, wide, as_json));
}

fn show(entry: &OutputEntry, wide: usize, as_json: bool) {
    if as_json {
        print::data(json!({
            "timestamp": format!("{:.3}", entry.time),
            "source": entry.source.as_ref(),
            "level": entry.level.name(),
            "message": entry.message,
        }));
    } else {
        print::data(format_args!("{} | {}", padded(&entry.source, wide, ""), entry.message));
    }
}
