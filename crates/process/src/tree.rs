//! Process trees: a program and all that it starts, directly or not, ended as a whole.
//!
//! On Linux each tree has a runner, a process between the tree and its owner. It is a subreaper, so that it adopts
//! orphans, and it leads a session. A process still belongs to its tree after it has left its parent, its group and its
//! session, and has closed its output; and the tree is ended even if its owner is killed.
//!
//! - `handle` identifies one process, and never a later one with the same id,
//! - `listing` tells all processes of the system apart without opening a handle for each,
//! - `scan` finds all processes below this one, makes `room` for their handles, or reports the `obstacle`,
//! - `ending` asks, stops and kills them,
//! - `offline` cuts a tree off from the network,
//! - `runner` is the runner, `requests` its reasons to end the tree, `protocol` its messages to and from the owner,
//! - `owner` is the owner's side, `adoption` handles the orphans of killed runners, `program` is the permission to change
//!   state of the whole process,
//! - `marked` finds and ends the rest of a tree whose runner was killed, by the tree's `mark`, or by the mark of its run if
//!   its owners were killed at the same time,
//! - `guard` is a runner that starts its program itself, more than once: the guard of a service,
//! - `step` runs a program on this process's terminal, with a runner in the same session,
//! - `command` runs a program without a runner: signals are passed on to it (`forward`), and another process ends it if
//!   this one is killed (`watchdog`).
//!
//! Limits: processes of other users (a setuid program) cannot be signalled, and are reported; so are processes that
//! wait in the kernel for longer than ten seconds. If the runner and all of its owners are killed at once, the tree
//! stays until it is found by its environment; a process that has replaced its environment is not found. Other systems
//! have no subreapers: there the process group, or the job object, is ended, and a process that leaves its group is not
//! followed. The same holds in a program that embeds vx without naming a runner.

mod adoption;
mod ending;
mod marked;
mod members;
mod offline;
mod owner;
mod program;
mod protocol;
mod runners;

pub use crate::tree::members::handle::has_guards;
pub use crate::tree::runners::command::CommandEnd;
pub(super) use crate::tree::runners::command::run_command;
pub use crate::tree::runners::guard::{GuardAsked, GuardProcess, GuardedProgram, GuardedTree};
pub use crate::tree::runners::runner::tree_runner;
pub(super) use crate::tree::runners::step::{ChildRole, under_runner, wait_or_end};
pub use adoption::OrphanAdoption;
pub(super) use adoption::{end_adoption, end_orphans, forget_runner, spawn_runner};
pub use marked::{EndedProcesses, ProcessEnvironment, end_with_environment, sees_all_users, with_environment};
pub use owner::{ProcessTree, TreeLaunch};
pub use program::{own_runner, this_is_vx};
pub(super) use program::{runner, starts_others};
pub use protocol::{TreeEnd, TreeEndCounts};
