//! The daemon as a process: its places, its own log, the service manager, and the user's choice about it.

pub(super) mod daemon_place;
pub(super) mod manager;
pub(super) mod own_log;
pub(super) mod switch;
