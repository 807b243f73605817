//! Commands for longer-running work: services, the daemon, the MCP server, turns of agents.

pub(super) mod bridge;
#[cfg(all(unix, feature = "control"))]
pub(super) mod daemon;
#[cfg(all(unix, feature = "control"))]
pub(super) mod mcp;
#[cfg(feature = "control")]
pub(super) mod services;
#[cfg(all(unix, feature = "control"))]
pub(super) mod turn;
#[cfg(feature = "control")]
pub(super) mod up;
