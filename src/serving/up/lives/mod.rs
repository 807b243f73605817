//! The lives of services: starting them again, waiting for the next life, binding them to a client, stopping them.

pub(super) mod going;
pub(super) mod lease;
pub(super) mod next_life;
pub(super) mod rebuilt;
pub(super) mod remaining;
pub(super) mod service_requests;
