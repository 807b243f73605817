//! What a project runs while people work on it: the parts that need no supervisor.

pub mod entries;
pub mod mistakes;
pub mod plain;
pub mod ports;
pub mod probe;
pub mod procfile;
pub mod watch;
