//! A board in a list.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use vx_shm::BoardView;

/// A board in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct BoardSummary {
    /// Its file.
    pub path: PathBuf,
    /// Its identity, which no other board has.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The state of its run; `abandoned` if its creator died without closing it.
    pub state: String,
}

impl BoardSummary {
    /// The board in this file, as it was read.
    pub(in crate::doors::daemon) fn from_view(path: &Path, board: &BoardView) -> Self {
        let state = if board.abandoned() { "abandoned" } else { board.state.name() };
        let state = state.to_owned();
        Self { path: path.to_owned(), id: board.id.clone(), title: board.title.clone(), state }
    }
}
