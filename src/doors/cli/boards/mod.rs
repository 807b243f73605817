//! Commands about boards.

pub(super) mod board;
pub(super) mod export;
pub(super) mod wrap;
