//! `vx` as a library: planning, sources, installing and reporting, one floor above another (see `ARCHITECTURE.md`).

#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

pub mod age;
pub mod agreed_file;
pub mod archive;
pub mod board_error;
pub mod board_slot;
pub mod candidate;
pub mod channel;
pub mod cli;
pub mod config;
#[cfg(all(unix, feature = "control"))]
pub mod daemon;
#[cfg(all(target_os = "linux", feature = "control"))]
pub mod devserver;
pub mod digest;
pub mod doctor;
pub mod dotted_key;
pub mod file_lock;
pub mod gauge;
pub mod history;
pub mod identity;
pub mod install;
#[cfg(all(unix, feature = "control"))]
pub mod mcp;
pub mod nearest;
pub mod npm_range;
pub mod package;
pub mod parallel;
pub mod paths;
pub mod platform;
pub mod process;
pub mod process_limit;
pub mod project;
pub mod replace_file;
pub mod report;
pub mod route;
#[cfg(feature = "control")]
pub mod rpc;
pub mod run;
pub mod search_path;
#[cfg(feature = "control")]
pub mod service;
pub mod shell;
pub mod shipped;
pub mod shown_address;
pub mod small_file;
pub mod source;
pub mod sync;
pub mod template;
pub mod threads;
pub mod trouble;
pub mod trouble_cell;
pub mod trust;
#[cfg(all(unix, feature = "control"))]
pub mod turn;
pub mod variables;
pub mod work;
