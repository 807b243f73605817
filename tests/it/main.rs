//! Tests of the whole program, as its users run it.

#[cfg(unix)]
mod age;
mod commands;
mod config;
mod control;
#[cfg(target_os = "linux")]
mod crash;
#[cfg(unix)]
mod daemon;
#[cfg(target_os = "linux")]
mod devserver;
#[cfg(unix)]
mod doctor;
mod error_kinds;
#[cfg(target_os = "linux")]
mod failures;
mod flaky;
#[cfg(unix)]
mod harmless;
#[cfg(target_os = "linux")]
mod held;
mod install;
mod layers;
#[cfg(target_os = "linux")]
mod mcp;
#[cfg(unix)]
mod network;
#[cfg(unix)]
mod outdated;
#[cfg(unix)]
mod output;
#[cfg(unix)]
mod packages;
#[cfg(unix)]
mod peers;
#[cfg(target_os = "linux")]
mod pictures;
#[cfg(unix)]
mod places;
#[cfg(target_os = "linux")]
mod pty;
#[cfg(unix)]
mod real;
mod registry;
#[cfg(unix)]
mod run;
#[cfg(unix)]
mod sandbox;
#[cfg(unix)]
mod schema;
#[cfg(target_os = "linux")]
mod screens;
mod server;
#[cfg(target_os = "linux")]
mod services;
#[cfg(target_os = "linux")]
mod shown;
mod skipped;
mod source;
#[cfg(target_os = "linux")]
mod staying;
#[cfg(unix)]
mod sync;
#[cfg(target_os = "linux")]
mod terminal;
#[cfg(target_os = "linux")]
mod top;
#[cfg(target_os = "linux")]
mod trees;
#[cfg(unix)]
mod trust;
#[cfg(target_os = "linux")]
mod turns;
