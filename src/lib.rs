//! `vx` as a library: planning, sources, installing and reporting, one floor above another (see `ARCHITECTURE.md`).

pub mod archive;
pub mod candidate;
pub mod channel;
pub mod cli;
pub mod config;
pub mod digest;
pub mod doctor;
pub mod export;
pub mod history;
pub mod inflate;
pub mod install;
pub mod nearest;
pub mod paths;
pub mod platform;
pub mod process;
pub mod project;
pub mod redirect;
pub mod replace_file;
pub mod report;
pub mod route;
pub mod shell;
pub mod source;
pub mod sync;
pub mod template;
pub mod trouble;
pub mod work;
