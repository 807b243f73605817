//! A slot of a board, as its name travels between processes.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The slot of an install on a board.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoardSlot {
    /// The path of the board.
    pub path: PathBuf,
    /// The number of the slot.
    pub slot: u32,
    /// The generation of its reservation.
    pub generation: u32,
}
