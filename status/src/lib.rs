//! The meaning of a progress board's readings, for every part that shows them: command line, views, exports.
//!
//! A reading is a [`Snapshot`](vx_shm::Snapshot). From the bottom up: [`standing`] and [`slot`] are about one slot,
//! [`rates`] and [`hanging`] about its progress, [`totals`] and [`estimate`] about the whole board; [`changes`] and
//! [`events`] compare readings. Outputs are made of these: [`plain`] lines, [`json`] events and the [`final_table`],
//! each written into an [`io::Write`](std::io::Write), and [`table`], [`document`] and [`export`] for a whole reading
//! or run; a slot as JSON is always a [`slot_document`]. [`lines`] has their loops, and [`source`] the traits through
//! which they reach the outside.
//!
//! [`error_cell`] writes and reads the parts of a slot's error. [`vocabulary`] has the words of each kind of work for
//! the numbers that a board keeps. Text on a board, in a log or in a project may hold anything: every output, here and
//! in the crates above, passes it through [`vx_text`].
//!
//! The crate needs no terminal and no files, reads no environment and prints nothing.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

pub mod amount;
pub mod appearance;
pub mod changes;
pub mod document;
pub mod error_cell;
pub mod estimate;
pub mod estimator;
pub mod events;
pub mod export;
pub mod final_table;
#[cfg(any(test, feature = "fixture"))]
pub mod fixture;
pub mod hanging;
pub mod json;
pub mod lines;
pub mod mark;
pub mod pace;
pub mod painted;
pub mod plain;
pub mod printed_locations;
pub mod rates;
mod received;
pub mod slot;
pub mod slot_document;
pub mod source;
pub mod standing;
pub mod sums;
pub mod table;
pub mod totals;
pub mod turn_facts;
pub mod vocabulary;
