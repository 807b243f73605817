//! From a project's file to its supervisor at work: declarations, the supervisor's place and process, the way to it.

pub(super) mod begin;
pub(super) mod connect;
pub(super) mod prepare;
pub(super) mod staged;
pub(super) mod supervise;
pub(super) mod supervisor_place;
