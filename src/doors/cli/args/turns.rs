//! The arguments of `vx turn`.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::values::duration;

pub(super) const TURN_NOTES: &str = "\
The agent's program is the project's own, else the one on PATH. Its standard input is empty, or holds the prompt if \
that cannot be an argument. Everything that it starts is ended with it.\n\
Exit codes: 0 it has answered; 1 it has failed, by its own result or else by its exit code; 124 it took longer than \
`--timeout`; 130 cancelled; 2 wrong usage.";

/// Arguments of `vx turn`.
#[derive(Debug, Args)]
pub(in crate::doors::cli) struct TurnArguments {
    /// The prompt.
    #[arg(short, long, value_name = "PROMPT", allow_hyphen_values = true, conflicts_with = "input")]
    pub prompt: Option<String>,
    /// `-` for the prompt on standard input.
    #[arg(value_name = "-", value_parser = ["-"])]
    pub input: Option<String>,
    /// The agent: claude, codex, gemini, opencode, text for a program that prints text, or one of `[agents]` in vx.toml.
    #[arg(long, value_name = "NAME", default_value = "claude")]
    pub agent: String,
    /// The agent's program, if it is not the usual one: a tool of the project, a program on PATH, or the path of a file.
    #[arg(long, value_name = "PROGRAM")]
    pub program: Option<String>,
    /// Continue this session.
    #[arg(long, value_name = "ID", conflicts_with = "session_id")]
    pub resume: Option<String>,
    /// The id of the new session.
    #[arg(long, value_name = "UUID")]
    pub session_id: Option<String>,
    /// The actions that the agent may take without asking: auto, acceptEdits, bypassPermissions, plan, or another mode that
    /// its own help lists.
    #[arg(long, value_name = "MODE", default_value = "auto")]
    pub permission_mode: String,
    /// The model, if not the agent's own choice.
    #[arg(long, value_name = "NAME")]
    pub model: Option<String>,
    /// The directory to run it in.
    #[arg(long, value_name = "DIR")]
    pub cwd: Option<PathBuf>,
    /// A variable for its environment. Can be given several times.
    #[arg(long, value_name = "NAME=VALUE", value_parser = variable)]
    pub env: Vec<(String, String)>,
    /// End it after this time, such as `30m`.
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub timeout: Option<Duration>,
    /// Run many turns, all on one board: a file with one JSON object a line, with the keys prompt, turn_id, agent, agent_bin,
    /// cwd, resume_session_id, new_session_id, model, permission_mode and env. The other options apply to all.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["prompt", "input", "resume", "session_id", "text"])]
    pub batch: Option<PathBuf>,
    /// The most turns of a batch at once.
    #[arg(long, value_name = "N", default_value = "4", requires = "batch")]
    pub jobs: NonZeroUsize,
    /// Write the results of a batch to results.jsonl in this directory, in the order of FILE, and the whole output of
    /// each agent beside it.
    #[arg(long, value_name = "DIR", requires = "batch")]
    pub dump: Option<PathBuf>,
    /// Show a batch in the full-screen dashboard.
    #[arg(long, requires = "batch", conflicts_with = "json")]
    pub tui: bool,
    /// Print its events, one line of JSON each; the default if the output is not a terminal. For a batch: print the
    /// results.
    #[arg(long, conflicts_with = "text")]
    pub json: bool,
    /// Print its answer as it comes, and a line for each tool that it uses; the default on a terminal.
    #[arg(long)]
    pub text: bool,
}

fn variable(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or("expected NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}
