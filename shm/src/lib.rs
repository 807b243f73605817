//! A progress board: one mapped file that many processes write, each to its own slot, and any process reads in place.

pub mod progress;
pub mod view;

pub use progress::{BoardState, Kind, Phase, SlotState};
pub use view::{BoardView, Creator, Liveness, PhaseEntry, SlotView, Snapshot};
