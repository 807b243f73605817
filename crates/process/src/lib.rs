//! Processes: start a process as the leader of a group, capture its output, stop the whole group, report how it ended.
//!
//! The parent learns how a child ended from `wait` alone, never from a message. A group is signalled only while its
//! leader is not yet collected, so that no signal reaches a later process with the same id. A program whose children
//! may leave its group is started as the leader of a tree (`tree`), or by `piped` if its streams are to be read here.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

mod facts;
mod interrupt;
mod running;
mod streams;
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

pub use facts::callers::{callers, has_ended, is_there};
pub use facts::exit::{Exit, end_alike};
pub use facts::group::{Heeds, MemberProcess, Survivors, members};
pub use facts::own::{own_name, own_program};
pub use facts::parent::{end_own_group, watch_parent};
pub use facts::usage::processor_time;
pub use interrupt::{Interrupt, ask_own_end, interrupts};
pub use running::detached::{
    Detached, ERROR_DOCUMENT, LastWords, last_words, nameless_file, start_detached_for, start_watched,
};
pub use running::foreground::{foreground, foreground_tree};
pub use running::interpreter::missing_interpreter;
pub use running::launch::{ChildGroup, Inherited, Launch, OutputMode, Stdin};
pub use running::replace::replace;
pub use running::short::{output, run_in, try_once};
pub use running::start::{Ended, RunningChild, start, start_heard};
pub use streams::capture::{OnLine, OutputHooks, OutputObserver, Tail};
pub use streams::lines::LineSplitter;
pub use streams::log::{Log, LogFile, LogPolicy};
pub use streams::meter::{TreeMeter, TreeUse};
#[cfg(unix)]
pub use streams::piped::{Piped, PipedEnd, PipedEvent, PipedLaunch};
#[cfg(target_os = "linux")]
pub use streams::recorded_process::RecordedProcess;
pub use streams::relay::relay;
pub use terminal::shares_terminal;
pub use tree::{
    CommandEnd, EndedProcesses, OrphanAdoption, ProcessEnvironment, end_with_environment, has_guards, own_runner,
    sees_all_users, this_is_vx, tree_runner, with_environment,
};
#[cfg(target_os = "linux")]
pub use tree::{
    GuardAsked, GuardProcess, GuardedProgram, GuardedTree, ProcessTree, TreeEnd, TreeEndCounts, TreeLaunch,
};
