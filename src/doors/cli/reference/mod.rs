//! Commands that explain the command line.

pub(super) mod help;
pub(super) mod man;
