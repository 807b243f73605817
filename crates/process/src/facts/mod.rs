//! Facts about processes: callers and parents, remaining members of groups, processor time, and ends.

pub(crate) mod callers;
pub(crate) mod exit;
pub(crate) mod group;
pub(crate) mod own;
pub(crate) mod parent;
pub(crate) mod usage;
