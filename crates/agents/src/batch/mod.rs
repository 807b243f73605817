//! Turns as jobs of a run: the order, its child, its result.

pub(crate) mod child;
pub(crate) mod job;
pub(crate) mod order;
