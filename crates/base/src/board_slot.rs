//! A slot of a board, in the form in which processes name it to each other.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The slot of an install on a board.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoardSlot {
    /// Path of the board.
    pub path: PathBuf,
    /// Number of the slot.
    pub slot: u32,
    /// Generation of the slot's reservation.
    pub generation: u32,
}
