//! Programs that run to their end: scripts, wrapped commands with their reports, and batches of turns.

pub mod reports;
pub mod scripts;
#[cfg(all(unix, feature = "control"))]
pub mod turns;
pub mod wrapped;
