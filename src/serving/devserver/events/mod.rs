//! The events of development servers, and their logs, as programs receive them.

pub(super) mod event;
pub(super) mod log;
pub(super) mod notifications;
