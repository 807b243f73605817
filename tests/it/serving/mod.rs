//! Long-running programs: services, the daemon, development servers, the MCP server.

#[cfg(unix)]
mod daemon;
#[cfg(target_os = "linux")]
mod devserver;
#[cfg(target_os = "linux")]
pub(crate) mod mcp;
#[cfg(target_os = "linux")]
mod services;
