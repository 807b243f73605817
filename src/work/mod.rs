//! Everything that vx can do, silent and typed: functions take plain options, and return outcomes and give notices.
//!
//! Nothing below this folder prints or knows the command line; a door (the command line, a daemon) turns words into
//! options, and outcomes into words.

pub mod activation;
mod awaited;
mod board_place;
pub mod boards;
pub mod carry_out;
pub mod child;
pub mod consent;
#[cfg(feature = "control")]
pub mod control;
#[cfg(not(feature = "control"))]
#[path = "control/absent.rs"]
pub mod control;
mod elsewhere;
pub mod environment;
pub mod error;
pub mod exports;
pub mod follow;
pub mod frontend;
mod holder;
pub mod installing;
pub mod job;
pub mod locking;
pub mod logs;
pub mod look;
pub mod notice;
mod on_path;
pub mod options;
pub mod outdated;
pub mod policy;
pub mod programs;
#[cfg(feature = "control")]
pub mod questions;
pub mod recordings;
pub mod releases;
pub mod repair;
pub mod replay;
pub mod reports;
pub mod rings;
pub mod routes;
pub mod run;
pub mod sbom;
pub mod scripts;
pub mod settings;
pub mod shims;
mod silent;
pub mod store;
pub mod strays;
pub mod syncing;
pub mod told;
pub mod tool;
pub mod trusting;
#[cfg(all(unix, feature = "control"))]
pub mod turns;
#[cfg(feature = "control")]
pub mod up;
pub mod using;
pub mod waiting;
pub mod wanted_by;
pub mod withheld;
pub mod workspace;
pub mod wrapped;
