//! `vx sync` and the commands around it, as users run them.

mod addresses;
mod alone;
mod attested;
mod channel;
mod commands;
mod declared;
mod edges;
mod errors;
mod everyday;
mod forged;
mod instructions;
mod kept;
mod locking;
mod modes;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod native;
#[cfg(target_os = "linux")]
mod scripts;
mod secrets;
mod signatures;
mod together;
#[cfg(target_os = "linux")]
mod vendors;
mod verified;
mod words;
