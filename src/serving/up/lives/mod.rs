//! The lives of services: begun again, followed to the next, bound to a client, and stopped.

pub(super) mod going;
pub(super) mod lease;
pub(super) mod next_life;
pub(super) mod rebuilt;
pub(super) mod remaining;
pub(super) mod service_requests;
