//! `vx sync` and the commands around it, as users run them.

mod alone;
mod channel;
mod commands;
mod declared;
mod edges;
mod errors;
mod everyday;
mod locked;
mod modes;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod native;
#[cfg(target_os = "linux")]
mod scripts;
mod secrets;
mod together;
#[cfg(target_os = "linux")]
mod vendors;
mod words;
