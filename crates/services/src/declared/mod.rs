//! Declarations of services: read from a file, sent to the supervisor, and turned into orders for guards.

pub mod order;
pub mod reading;
pub(crate) mod restarts;
pub mod spec;
