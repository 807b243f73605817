//! The events of a daemon, and the queue in which they wait for its clients.

pub(super) mod event;
pub(super) mod hub;
pub(super) mod summary;
pub(super) mod wake;
