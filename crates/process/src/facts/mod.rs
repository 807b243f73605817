//! Facts about processes: their callers and parents, the groups that are left, processor time, and ends.

pub(crate) mod callers;
pub(crate) mod exit;
pub(crate) mod group;
pub(crate) mod own;
pub(crate) mod parent;
pub(crate) mod usage;
