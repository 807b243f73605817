//! Installs as they are carried out: their jobs and children, the releases that they hold and leave, and their repair.

pub mod awaited;
pub mod carry_out;
pub mod child;
pub mod holder;
pub mod installing;
pub mod job;
pub mod releases;
pub mod repair;
pub mod silent;
pub mod store;
pub mod strays;
pub mod syncing;
pub mod wanted_by;
