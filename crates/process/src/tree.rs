//! Trees of processes: a program and all that it starts, directly or not, ended as a whole.
//!
//! On Linux each tree has a runner, a process of its own between the tree and its owner. It is a subreaper, so that
//! orphans come to it, and the leader of a session. A process belongs to its tree also when it has left its parent, its
//! group and its session, and has closed its output; and the tree is ended also when its owner is killed.
//!
//! - `handle` names one process and never its successor,
//! - `listing` tells all processes of the system apart without a handle of each,
//! - `scan` finds all that are below this process, with `room` for their handles, or names the `obstacle`,
//! - `ending` asks, stops and kills them,
//! - `offline` takes a tree off the network,
//! - `runner` is the runner, `requests` its reasons to end the tree, `protocol` its words with the owner,
//! - `owner` is the owner's side, `adoption` the orphans of killed runners, `program` the license to change what
//!   concerns this whole process,
//! - `marked` finds and ends what is left of a tree whose runner was killed, by the tree's own `mark`, or by the mark of its
//!   run if its owners were killed at once, too,
//! - `guard` is a runner that starts its program itself, more than once: the guard of a service,
//! - `step` is a program on this process's own terminal, with a runner in the same session,
//! - `command` is one without a runner, to which signals are passed on (`forward`), with a process beside it that ends it if
//!   this one is killed (`watchdog`).
//!
//! Bounds: processes of other users (a setuid program) cannot be signalled, and are named; so are processes that wait in
//! the system for longer than ten seconds. If the runner and all of its owners are killed at once, the tree stays until it is
//! found by its environment; a process of it that has replaced that is not found. Other systems have no subreapers that a program may be: there the group of processes, or the job
//! object, is ended, and a process that leaves its group is not followed. The same holds in a program that embeds vx
//! without naming a runner.

mod adoption;
mod ending;
mod marked;
mod members;
mod offline;
mod owner;
mod program;
mod protocol;
mod runners;

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
