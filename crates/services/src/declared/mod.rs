//! Services as they are declared: read from a file, sent to the supervisor, and ordered of a guard.

pub mod order;
pub mod reading;
pub(crate) mod restarts;
pub mod spec;
