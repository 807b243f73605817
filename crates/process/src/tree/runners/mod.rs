//! Processes that stand between a tree and its owner, and their parts.

pub(super) mod command;
pub(super) mod forward;
pub(super) mod guard;
pub(super) mod requests;
pub(super) mod runner;
pub(super) mod step;
pub(super) mod watchdog;
