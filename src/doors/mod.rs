//! The doors of the program: the command line, the daemon, the MCP server and the doctor. Each parses its input into
//! options for the rooms below, and renders their outcomes.

pub mod cli;
#[cfg(all(unix, feature = "control"))]
pub mod daemon;
pub mod doctor;
#[cfg(all(unix, feature = "control"))]
pub mod mcp;
#[cfg(feature = "control")]
pub mod questions;
