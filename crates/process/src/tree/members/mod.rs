//! Members of a tree: how they are found, held by handles, and recognized by their mark.

pub(super) mod handle;
pub(super) mod listing;
pub(super) mod mark;
pub(super) mod obstacle;
pub(super) mod room;
pub(super) mod scan;
