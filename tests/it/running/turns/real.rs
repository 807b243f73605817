//! Real agents, if they are installed: only their help is asked for.

use std::process::Command;

use vx_agents::{TurnError, TurnRequest, find_agent, spawn_turn};

/// All words of an agent's table that are options.
fn options(agent: &toml::Table) -> Vec<String> {
    let keys = ["args", "conversation", "resume", "session_id", "model"];
    let words = keys.iter().filter_map(|key| agent.get(*key)?.as_array()).flatten().filter_map(toml::Value::as_str);
    let mut options: Vec<String> = words.filter(|word| word.starts_with('-')).map(str::to_owned).collect();
    options.sort();
    options.dedup();
    options
}

#[test]
#[ignore = "needs claude on PATH; it is asked for its help alone"]
fn the_installed_claude_has_every_option_that_is_used_and_lists_its_modes() {
    let path = std::env::var_os("PATH").expect("a search path");
    let program = find_agent("claude", &path).expect("claude is installed");
    let help = Command::new(&program).arg("--help").output().expect("it answers");
    let help = String::from_utf8_lossy(&help.stdout).into_owned();
    let listed: Vec<&str> = help.split(|letter: char| letter.is_whitespace() || ",[<=(".contains(letter)).collect();
    let known: toml::Table = include_str!("../../../../crates/agents/src/agents.toml").parse().expect("a table");
    for option in options(known["claude"].as_table().expect("an agent")) {
        assert!(listed.contains(&option.as_str()), "{option} is not in {help}");
    }
    let request = TurnRequest { permission_mode: "sometimes".into(), ..TurnRequest::new(&program, "/", "hi") };
    let Err(TurnError::Permission { known, .. }) = spawn_turn(request) else { panic!("it is refused") };
    for mode in ["acceptEdits", "auto", "bypassPermissions", "plan"] {
        assert!(known.iter().any(|known| known == mode), "{mode} is not in {known:?}");
    }
}
