//! `vx` as a library: planning, sources, installing and reporting, one floor above another (see `ARCHITECTURE.md`).

pub mod candidate;
pub mod channel;
pub mod cli;
pub mod config;
pub mod digest;
pub mod doctor;
pub mod export;
pub mod hint;
pub mod history;
pub mod install;
pub mod paths;
pub mod platform;
pub mod process;
pub mod project;
pub mod replace_file;
pub mod report;
pub mod route;
pub mod source;
pub mod spelled;
pub mod sync;
pub mod template;
