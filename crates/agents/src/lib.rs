//! Turns: one-shot runs of agents' command lines, each of which ends exactly once, after everything that it printed.
//!
//! [`spawn_turn`] starts an agent for one prompt and returns at once. A thread of the turn reads what the agent prints
//! and sends it as typed [`TurnEvent`]s; it ends by itself, whatever becomes of the agent, of the processes that it
//! leaves behind, and of the caller. How an agent is called and how its lines are read is data: `agents.toml`.
//! The rules that hold: `docs/turns.md`.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

mod agent;
mod arguments;
mod batch;
mod error;
mod event;
mod json_path;
mod output;
mod permission;
mod request;
mod turn;

pub use agent::{Agent, AgentsError, agents_of, builtin_agents};
pub use batch::child::run_child;
pub use batch::job::TurnJob;
pub use batch::order::{TurnFiles, TurnResult};
pub use error::TurnError;
pub use event::{AgentMessage, AgentMessageRole, AgentUsage, Block, Status, TurnEvent};
pub use output::counts::AgentOutputCounts;
pub use output::rendering::{Rendering, Shown};
pub use output::stderr::STDERR_CAP_BYTES;
pub use permission::IMMEDIATE_MODES;
pub use request::{Prompt, TurnLimits, TurnRequest};
pub use turn::active::{ActiveTurn, active_turns};
pub use turn::outcome::{AgentVerdict, TurnOutcome};
pub use turn::queue::WAITING_CAP_BYTES;
pub use turn::spawn::{TurnHandle, find_agent, spawn_turn, spawn_turn_on};
