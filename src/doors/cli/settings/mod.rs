//! Commands about settings and consent.

pub(super) mod config;
pub(super) mod trust;
