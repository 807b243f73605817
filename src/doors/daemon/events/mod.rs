//! The events of a daemon, and the row in which they wait for its clients.

pub(super) mod event;
pub(super) mod hub;
pub(super) mod summary;
pub(super) mod wake;
