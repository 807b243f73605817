//! `vx ps` and `vx logs`: the services of a project, and what they print.

use std::path::Path;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::args::{LogsArguments, PsArguments};
use super::failure::{Failure, Outcome};
use super::print;
use super::up::{document, line, short};
use super::workspace::project;
use crate::work::up::{self, Entry, Filter, Follower};

/// The time between two looks at the logs.
const LOOK: Duration = Duration::from_millis(100);

/// Run `vx ps`.
pub(super) fn ps(directory: Option<&Path>, asked: &PsArguments) -> Outcome {
    let services = match asked.all {
        true => up::all()?,
        false => up::of_project(&project(directory)?.directory)?,
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
        print::note("no service is running");
    }
    Ok(ExitCode::SUCCESS)
}

/// Run `vx logs`.
pub(super) fn logs(directory: Option<&Path>, asked: &LogsArguments) -> Outcome {
    let mut services = up::of_project(&project(directory)?.directory)?;
    if let Some(missing) = asked.names.iter().find(|name| !services.iter().any(|service| service.name == **name)) {
        let known: Vec<&str> = services.iter().map(|service| service.name.as_str()).collect();
        let hint =
            if known.is_empty() { "`vx up` starts them".to_owned() } else { format!("there are {}", known.join(", ")) };
        return Err(Failure::failed(format!("there is no log of a service `{missing}`")).hint(hint));
    }
    services.retain(|service| asked.names.is_empty() || asked.names.contains(&service.name));
    let filter = Filter { since: asked.since, level: asked.level, pattern: asked.grep.clone() };
    let mut followers: Vec<Follower> = services.iter().map(|service| Follower::of(service, true)).collect();
    let wide = services.iter().map(|service| service.name.len()).max().unwrap_or_default();
    for entry in up::entries(&services, asked.lines, &filter)? {
        show(&entry, wide, asked.json);
    }
    while asked.follow && !print::closed() {
        let mut new: Vec<Entry> = Vec::new();
        for follower in &mut followers {
            new.extend(follower.read()?);
        }
        new.sort_by_key(|entry| entry.time);
        new.iter().filter(|entry| filter.takes(entry)).for_each(|entry| show(entry, wide, asked.json));
        thread::sleep(LOOK);
    }
    Ok(ExitCode::SUCCESS)
}

fn show(entry: &Entry, wide: usize, as_json: bool) {
    if as_json {
        print::data(json!({
            "timestamp": format!("{:.3}", entry.time),
            "source": entry.source.as_ref(),
            "level": entry.level.name(),
            "message": entry.message,
        }));
    } else {
        print::data(format_args!("{:<wide$} | {}", entry.source, entry.message));
    }
}
