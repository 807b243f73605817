//! What a project runs while people work on it: the parts that need no supervisor.

pub mod guard;
pub mod order;
mod output;
pub mod plain;
pub mod ports;
pub mod probe;
mod restarts;
pub mod spec;
pub mod supervisor;
