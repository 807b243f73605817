//! Getting from a project's file to its running supervisor: declarations, the supervisor's place and process,
//! connecting.

pub(super) mod begin;
pub(super) mod connect;
pub(super) mod prepare;
pub(super) mod staged;
pub(super) mod supervise;
pub(super) mod supervisor_place;
