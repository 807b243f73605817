//! Turns of agents: each ends once, after everything that its agent printed, whatever the agent does.
//!
//! A shell script plays the agent: it prints lines, sleeps, floods, leaves processes behind, ignores requests, and ends
//! in any way. The library's runner is the `vx` of this build; this program is one that embeds vx.

mod agents;
mod batch;
mod cancels;
mod command;
mod ends;
mod inputs;
mod many;
mod memory;
mod outputs;
mod real;
mod rows;
mod slots;
mod starts;

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use vx_agents::{Agent, AgentMessage, TurnEvent, TurnHandle, TurnRequest, agents_of, spawn_turn};

pub(crate) use command::playing;
use tempfile::TempDir;

use crate::support::sandbox::PATIENCE;

/// A line that names a session.
const INIT: &str = r#"{"type":"system","subtype":"init","session_id":"s-1"}"#;
/// The last line of a good answer.
const RESULT: &str = r#"{"type":"result","subtype":"success","is_error":false,"result":"done","session_id":"s-1"}"#;

/// An agent that plays a script.
struct Play {
    directory: TempDir,
    agent: &'static str,
}

impl Play {
    /// A claude that plays this script; `say LINE` prints a line.
    fn new(script: &str) -> Self {
        Self::of("claude", script)
    }

    fn of(agent: &'static str, script: &str) -> Self {
        let directory = tempfile::Builder::new().prefix("vxturns").tempdir_in("/tmp").expect("a directory");
        let script = format!("say() {{ printf '%s\\n' \"$1\"; }}\n{script}\n");
        fs::write(directory.path().join("play"), script).expect("a script");
        Self { directory, agent }
    }

    /// The agent's table, whose program is a shell that runs the script.
    fn table(&self) -> Agent {
        let known: toml::Table = include_str!("../../../crates/agents/src/agents.toml").parse().expect("a table");
        let mut agent = known[self.agent].as_table().expect("an agent").clone();
        for key in ["args", "conversation"] {
            if let Some(toml::Value::Array(words)) = agent.get_mut(key) {
                words.insert(0, self.path("play").to_string_lossy().into_owned().into());
            }
        }
        let text = toml::to_string(&toml::Table::from_iter([("play".to_owned(), agent.into())])).expect("a table");
        agents_of(&text).expect("an agent").remove("play").expect("an agent")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    fn request(&self) -> TurnRequest {
        TurnRequest {
            agent_table: Some(self.table()),
            runner: Some(env!("CARGO_BIN_EXE_vx").into()),
            ..TurnRequest::new("/bin/sh", self.directory.path(), "say hi")
        }
    }

    fn start(&self) -> TurnHandle {
        spawn_turn(self.request()).expect("it starts")
    }

    /// All events of a turn with this script.
    fn events(&self) -> Vec<TurnEvent> {
        events(&self.start())
    }

    /// Wait until the script has made this file.
    fn has_made(&self, name: &str) {
        crate::support::sandbox::eventually(name, || self.path(name).exists().then_some(()));
    }

    /// Wait until no process of the script is left.
    fn is_gone(&self) {
        crate::support::sandbox::eventually("all processes are gone", || self.alive().is_empty().then_some(()));
    }

    /// The processes of the script that have not ended.
    fn alive(&self) -> Vec<u32> {
        let own = self.directory.path().to_string_lossy().into_owned();
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        let of_play = |pid: &u32| {
            let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            let place = fs::read_link(format!("/proc/{pid}/cwd"));
            let is_here = place.is_ok_and(|place| place.starts_with(&own));
            is_here || String::from_utf8_lossy(&words).contains(&own)
        };
        numbers.filter(of_play).filter(|pid| *pid != std::process::id()).collect()
    }
}

/// All events up to the terminal one, after which there is none.
fn events(handle: &TurnHandle) -> Vec<TurnEvent> {
    let (mut events, deadline) = (Vec::new(), Instant::now() + PATIENCE);
    loop {
        let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        let event = handle.receiver.recv_timeout(left).unwrap_or_else(|error| panic!("{error}, after {events:?}"));
        let over = event.is_terminal();
        events.push(event);
        if over {
            let after = handle.receiver.recv_timeout(PATIENCE);
            assert!(after.is_err(), "{after:?} after the terminal event");
            return events;
        }
    }
}

fn messages(events: &[TurnEvent]) -> Vec<&AgentMessage> {
    let mut messages = Vec::new();
    for event in events {
        if let TurnEvent::Message(message) = event {
            messages.push(message);
        }
    }
    messages
}

fn stderr(events: &[TurnEvent]) -> Vec<&str> {
    let mut lines = Vec::new();
    for event in events {
        if let TurnEvent::Stderr { line } = event {
            lines.push(line.as_str());
        }
    }
    lines
}

/// The end of an agent that exits well without having answered.
const UNANSWERED: TurnEvent = TurnEvent::Completed {
    exit_code: 0,
    signal: None,
    truncated: false,
    ended_after_result: false,
    without_result: true,
    unread_lines: 0,
    last_lines: Vec::new(),
};
/// A good end.
const COMPLETED: TurnEvent = TurnEvent::Completed {
    exit_code: 0,
    signal: None,
    truncated: false,
    ended_after_result: false,
    without_result: false,
    unread_lines: 0,
    last_lines: Vec::new(),
};
