//! Carrying installs out: their jobs and child processes, the releases in the store, leftovers, and repair.

pub mod carry_out;
pub mod child;
pub mod installing;
pub mod job;
pub mod lock_holder;
pub mod releases;
pub mod repair;
pub mod server_wait_notice;
pub mod server_wait_slot;
pub mod store;
pub mod strays;
pub mod syncing;
pub mod wanted_by;
