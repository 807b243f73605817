//! `vx sync` and the commands around it, as users run them.

mod alone;
mod channel;
mod commands;
mod edges;
mod errors;
mod everyday;
mod forged;
mod kept;
mod locking;
mod modes;
#[cfg(target_os = "linux")]
mod scripts;
mod secrets;
mod signatures;
mod together;
#[cfg(target_os = "linux")]
mod vendors;
mod verified;
