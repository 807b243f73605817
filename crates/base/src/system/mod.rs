//! The system that vx runs on: its platform, limits, threads, variables, and the facts that identify a process.

pub mod identity;
pub mod parallel;
pub mod platform;
pub mod process_limit;
pub mod threads;
pub mod variables;
