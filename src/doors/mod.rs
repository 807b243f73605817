//! The doors of the program: the command line, the daemon, the MCP server and the doctor. Each turns words into options of
//! the rooms below, and their outcomes into words.

pub mod cli;
#[cfg(all(unix, feature = "control"))]
pub mod daemon;
pub mod doctor;
#[cfg(all(unix, feature = "control"))]
pub mod mcp;
#[cfg(feature = "control")]
pub mod questions;
