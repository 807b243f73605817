//! The members of a tree: found, held by handles, and known by their mark.

pub(super) mod handle;
pub(super) mod listing;
pub(super) mod mark;
pub(super) mod obstacle;
pub(super) mod room;
pub(super) mod scan;
