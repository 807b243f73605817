//! The lives of services: begun again, followed to the next, bound to a client, and stopped.

pub(super) mod again;
pub(super) mod going;
pub(super) mod lease;
pub(super) mod left;
pub(super) mod next_life;
pub(super) mod rebuilt;
