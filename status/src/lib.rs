//! Presentation of a progress board's readings, for every part that shows them: command line, views, exports.
//!
//! Text on a board, in a log or in a project may hold anything. [`text`] has the only rules that make such text
//! harmless; every output of the crates above uses them. [`error_cell`] writes and reads the parts of a slot's error.
//! [`table`] shows a whole reading as CSV and as aligned text, [`document`] as JSON.
//!
//! ```
//! use vx_status::text::{clean, escaped};
//! let message = "\u{1b}[2Jdone\u{202e}";
//! assert_eq!(clean(message), "done");
//! assert_eq!(escaped(message), "\\u001b[2Jdone\\u202e");
//! ```
//!
//! The crate needs no terminal, reads no environment and prints nothing.
#![forbid(unsafe_code)]

pub mod document;
pub mod error_cell;
pub mod table;
pub mod text;
