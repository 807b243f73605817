//! Turns: one-shot runs of agents' command lines, each of which ends exactly once, after everything that it printed.
//!
//! [`spawn_turn`] starts an agent for one prompt and returns at once. A thread of the turn reads what the agent prints
//! and sends it as typed [`TurnEvent`]s; it ends by itself, whatever becomes of the agent, of the processes that it
//! leaves behind, and of the caller. How an agent is called and how its lines are read is data: `agents.toml`.
//! The rules that hold: `docs/turns.md`.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

mod active;
mod agent;
mod arguments;
mod child;
mod counts;
mod error;
mod event;
mod job;
mod last_lines;
mod lines;
mod messages;
mod order;
mod outcome;
mod permission;
mod place;
mod queue;
mod reading;
mod recent;
mod rendering;
mod request;
mod slot;
mod spawn;
mod stderr;
mod thread;

pub use active::{ActiveTurn, active_turns};
pub use agent::{Agent, AgentsError, agents_of, builtin_agents};
pub use child::{TurnChildError, run_child};
pub use counts::Counts;
pub use error::TurnError;
pub use event::{Block, Message, Role, Status, TurnEvent, Usage};
pub use job::TurnJob;
pub use order::{TurnFiles, TurnOrder, TurnResult};
pub use outcome::{Outcome, Verdict};
pub use permission::IMMEDIATE_MODES;
pub use queue::WAITING_CAP_BYTES;
pub use rendering::{Rendering, Shown};
pub use request::{Limits, Prompt, TurnRequest};
pub use spawn::{TurnHandle, find_agent, spawn_turn, spawn_turn_on};
pub use stderr::STDERR_CAP_BYTES;
