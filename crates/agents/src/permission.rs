//! The permission modes of an agent: four that are accepted at once, and those that its own help lists.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use parking_lot::Mutex;
use vx_process::output;

use super::agent::Agent;
use super::error::TurnError;
use super::request::TurnRequest;

/// Modes that are accepted without asking the agent's help, if its table lists no modes.
pub const IMMEDIATE_MODES: [&str; 4] = ["auto", "acceptEdits", "bypassPermissions", "plan"];

/// A program's file: its path, time and size.
type Installed = (PathBuf, SystemTime, u64);

/// The modes that the help of each installed program lists.
static LISTED: Mutex<Option<HashMap<Installed, Vec<String>>>> = Mutex::new(None);

/// Check the permission mode of a request.
///
/// # Errors
/// The agent does not have it.
pub(super) fn check(agent: &Agent, request: &TurnRequest) -> Result<(), TurnError> {
    let mode = request.permission_mode.as_str();
    let known: Vec<String> = match &agent.permission_option {
        _ if !agent.permission.is_empty() => agent.permission.keys().cloned().collect(),
        _ if IMMEDIATE_MODES.contains(&mode) => return Ok(()),
        Some(option) => listed(&request.agent_bin, option, &request.cwd)?,
        None => Vec::new(),
    };
    if known.iter().any(|known| known == mode) {
        return Ok(());
    }
    let known = if known.is_empty() { IMMEDIATE_MODES.map(str::to_owned).to_vec() } else { known };
    Err(TurnError::Permission { agent: request.agent.clone(), mode: mode.to_owned(), known })
}

/// Find the values that a program's help lists for this option. The help is run once for each program.
fn listed(program: &Path, option: &str, directory: &Path) -> Result<Vec<String>, TurnError> {
    let failed = |cause| TurnError::Start { program: program.to_owned(), cause };
    let metadata = program.metadata().map_err(failed)?;
    let modified = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
    let installed = (program.to_owned(), modified, metadata.len());
    if let Some(modes) = LISTED.lock().as_ref().and_then(|listed| listed.get(&installed)) {
        return Ok(modes.clone());
    }
    let help = output(program, &["--help".as_ref()], directory).map_err(failed)?;
    let modes = values_in(&String::from_utf8_lossy(&help.stdout), option);
    LISTED.lock().get_or_insert_default().insert(installed, modes.clone());
    Ok(modes)
}

/// Find the values that a help text gives for an option, in one of the forms `choices: "a", "b"`, `possible values: a,
/// b` and `choices: "a" "b"`.
fn values_in(help: &str, option: &str) -> Vec<String> {
    let lines: Vec<&str> = help.lines().collect();
    let is_option = |line: &&str| line.trim_start().split([' ', ',', '=']).any(|word| word == option);
    // The descriptions of other options may mention this one, so try each line that names it.
    let places = (0..lines.len()).filter(|at| is_option(&lines[*at]));
    let list = places.into_iter().find_map(|at| {
        let ends = |line: &&&str| line.trim().is_empty() || line.trim_start().starts_with('-');
        let rest = lines[at + 1..].iter().take_while(|line| !ends(line));
        let text = [lines[at]].iter().chain(rest).copied().collect::<Vec<_>>().join(" ");
        ["choices:", "possible values:"].iter().find_map(|word| text.split_once(word).map(|(_, list)| list.to_owned()))
    });
    let Some(list) = list else { return Vec::new() };
    let end = list.find([')', ']']).unwrap_or(list.len());
    let words =
        list[..end].split(|character: char| !character.is_alphanumeric() && character != '-' && character != '_');
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELP: &str = "Options:
  --partial                     Only works with --print and
                                --output-format=stream-json)
  --output-format <format>      Output format (choices: \"text\", \"json\")
  --permission-mode <mode>      Permission mode to use for the session
                                (choices: \"acceptEdits\", \"auto\",
                                \"dontAsk\", \"manual\")
  --plugin-dir <path>           Load plugins (choices: \"x\")
";

    #[test]
    fn the_values_of_an_option_are_found_in_its_help() {
        assert_eq!(values_in(HELP, "--permission-mode"), ["acceptEdits", "auto", "dontAsk", "manual"]);
        assert_eq!(values_in(HELP, "--output-format"), ["text", "json"]);
        assert!(values_in(HELP, "--mode").is_empty());
        let clap = "  -m, --mode <MODE>  The mode [possible values: a-b, c]\n";
        assert_eq!(values_in(clap, "--mode"), ["a-b", "c"]);
    }
}
