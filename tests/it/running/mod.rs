//! Programs that end: pinned tools, the trees of processes below them, turns of agents.

#[cfg(unix)]
pub(crate) mod run;
#[cfg(target_os = "linux")]
pub(crate) mod trees;
#[cfg(target_os = "linux")]
pub(crate) mod turns;
