//! Reports of a script on a board: its slots, and its own board.
//!
//! The process that makes a report ends a moment later, so the report belongs to the script that called it: the
//! script's process owns the slot, and only its being alive shows that the work continues.

mod board;
mod error;
mod owners;
mod report;
mod slot;
mod wrapped_slot;

pub use board::{NewBoard, close, create};
pub use error::ReportError;
pub(super) use owners::refused;
pub use report::{Done, SlotReport, SlotReportEffect};
pub use slot::{put, write};
