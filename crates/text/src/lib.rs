//! Text from outside, made harmless: names, messages, errors and log lines may hold anything.
//!
//! One class of characters, [`is_unprintable`], and two treatments of it:
//!
//! * [`clean`] for a cell of a view: one line, escape sequences and unprintable characters dropped, marks limited. The
//!   result is as wide as its characters are.
//! * [`escaped`] for errors, reports and data: lines stay, unprintable characters are written as `\u001b`, so that a
//!   reader sees every character.
//!
//! Formats with their own escapes (CSV, HTML, shells) build on [`replaced`], and streams of JSON on [`json_line`].
//! [`units`] has numbers with their units, as short as they can be read.
//!
//! ```
//! use vx_text::{clean, escaped};
//! let message = "\u{1b}[2Jdone\u{202e}";
//! assert_eq!(clean(message), "done");
//! assert_eq!(escaped(message), "\\u001b[2Jdone\\u202e");
//! ```
//!
//! The crate doesn't know what the text is about.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

mod class;
mod clean;
mod escaped;
mod fit;
mod json;
pub mod units;

pub use class::is_unprintable;
pub use clean::{clean, clean_with_looks, last_overwrite, last_printed};
pub use escaped::{escaped, push_escaped, replaced};
pub use fit::{fitted, padded, padded_left, width, wrapped};
pub use json::json_line;
