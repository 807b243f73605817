//! The tool `logs`: the last lines of some work.

use std::path::PathBuf;

use jiff::Timestamp;
use regex_lite::Regex;
use serde::Deserialize;
use vx_base::trouble::{Trouble, TroubleKind};
use vx_project::services::keys_meant;
use vx_run::{log_file, logs_of};
use vx_services::entries::{Level, Levels};

use super::answer::McpToolResult;
use super::call_project::Here;
use super::wait::whereabouts;
use crate::boards::logs;
use crate::serving::up::{self, Filter, ServiceState};

const LINES: usize = 50;
const MOST_LINES: usize = 1000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LogsToolCall {
    name: String,
    lines: Option<usize>,
    level: Option<String>,
    grep: Option<String>,
    board: Option<String>,
    directory: Option<PathBuf>,
}

impl LogsToolCall {
    pub(super) fn answer(self, here: &Here) -> Result<McpToolResult, Trouble> {
        let lines = self.lines.unwrap_or(LINES);
        if !(1..=MOST_LINES).contains(&lines) {
            return Err(Trouble::new(
                TroubleKind::Usage,
                format_args!("`lines` is from 1 to {MOST_LINES}, not {lines}"),
            ));
        }
        let level = self.level.as_deref().map(|word| Level::named(word).ok_or_else(|| no_level(word))).transpose()?;
        let pattern = self.grep.as_deref().map(Regex::new).transpose().map_err(|error| {
            Trouble::new(TroubleKind::Usage, format_args!("`grep` is not a regular expression: {error}"))
        })?;
        let filter = Filter { since: None, level, pattern };
        let services = self.services(here);
        let (source, shown) = match services.as_slice() {
            [] => {
                let (board, keys) = whereabouts(here, &self.name, self.board.as_deref(), self.directory.as_deref())?;
                let mut shown = Vec::new();
                for key in &keys {
                    let all = logs::tail(&log_file(&logs_of(&board), key), usize::MAX)
                        .map_err(|error| no_log(key, &error))?;
                    let mut levels = Levels::default();
                    shown.extend(all.into_iter().filter(|line| takes(&filter, line, &mut levels)));
                }
                shown.drain(..shown.len().saturating_sub(lines));
                (board.display().to_string(), shown)
            }
            services => {
                let entries = up::entries(services, lines, &filter)
                    .map_err(|error| Trouble::new(TroubleKind::Disk, format_args!("cannot read the log: {error}")))?;
                let line = |entry: &up::OutputEntry| format!("{:.3} {} | {}", entry.time, entry.source, entry.message);
                (services[0].log.display().to_string(), entries.iter().map(line).collect())
            }
        };
        let state = services.iter().map(|service| {
            let error = service.error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
            format!("{} is {}{error}; ", service.name, service.word)
        });
        let head = format!("{}{} lines, from {source}", state.collect::<String>(), shown.len());
        Ok(McpToolResult::Text(format!("{head}\n{}", shown.join("\n")), false))
    }

    /// The services of the project that the name stands for; none if a board is named.
    fn services(&self, here: &Here) -> Vec<ServiceState> {
        let directory = self.board.is_none().then(|| here.project(self.directory.as_deref()).ok()).flatten();
        let mut all = directory.and_then(|directory| up::of_project(&directory).ok()).unwrap_or_default();
        let meant = keys_meant(&self.name, |name| all.iter().any(|service| service.name == name));
        all.retain(|service| meant.contains(&service.name));
        all
    }
}

/// Whether the filter takes the next line of a log without timestamps.
fn takes(filter: &Filter, line: &str, levels: &mut Levels) -> bool {
    let shown = levels.next(Timestamp::UNIX_EPOCH, line);
    filter.level.is_none_or(|level| shown >= level)
        && filter.pattern.as_ref().is_none_or(|pattern| pattern.is_match(line))
}

fn no_level(word: &str) -> Trouble {
    Trouble::new(TroubleKind::Usage, format_args!("there is no level `{word}`"))
        .hinted("`level` is debug, info, warn or error")
}

fn no_log(key: &str, error: &std::io::Error) -> Trouble {
    Trouble::new(TroubleKind::NotFound, format_args!("`{key}` has no log: {error}"))
        .hinted("only work that vx started itself has a log")
}
