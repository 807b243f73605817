//! Processes: start one in a group of its own, capture its output, stop the whole group, report how it ended.
//!
//! The parent decides how a child ended by `wait` alone, never by a message. A group is signalled only while its leader
//! is not yet collected, so that no signal reaches a process that got the same number later. A program whose children may
//! leave its group is started as the leader of a tree (`tree`), or, with its streams read here, by `piped`.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

mod callers;
mod capture;
mod detached;
mod exit;
mod foreground;
mod group;
mod interpreter;
mod interrupt;
mod launch;
mod lines;
mod log;
mod meter;
mod own;
mod parent;
#[cfg(unix)]
mod piped;
#[cfg(target_os = "linux")]
mod recorded;
mod relay;
mod replace;
mod short;
mod start;
#[cfg(unix)]
mod terminal;
#[cfg(not(unix))]
#[path = "terminal/elsewhere.rs"]
mod terminal;
#[cfg(target_os = "linux")]
mod tree;
#[cfg(not(target_os = "linux"))]
#[path = "tree/elsewhere.rs"]
mod tree;
mod usage;
mod wiring;

pub use callers::{callers, has_ended, is_there};
pub use capture::{Ears, Look, OnLine, Tail};
pub use detached::{Detached, ERROR_DOCUMENT, LastWords, last_words, nameless_file, start_detached_for, start_watched};
pub use exit::{Exit, end_alike};
pub use foreground::{foreground, foreground_tree};
pub use group::{Heeds, Member, Survivors, members};
pub use interpreter::missing_interpreter;
pub use interrupt::{Interrupt, ask_own_end, interrupts};
pub use launch::{Group, Inherited, Launch, Output, Stdin};
pub use lines::Lines;
pub use log::{Log, LogFile, LogPolicy};
pub use meter::{TreeMeter, TreeUse};
pub use own::{own_name, own_program};
pub use parent::{end_own_group, watch_parent};
#[cfg(unix)]
pub use piped::{News, Piped, PipedEnd, PipedLaunch};
#[cfg(target_os = "linux")]
pub use recorded::Recorded;
pub use relay::relay;
pub use replace::replace;
pub use short::{output, run_in, try_once};
pub use start::{Ended, Running, start, start_heard};
pub use terminal::shares_terminal;
pub use tree::{
    Adoption, CommandEnd, Environment, Swept, end_with_environment, own_runner, sees_all_users, this_is_vx,
    tree_runner, with_environment,
};
#[cfg(target_os = "linux")]
pub use tree::{Counts, Guard, GuardAsked, Guarded, GuardedProgram, Tree, TreeEnd, TreeLaunch};
pub use usage::processor_time;
