//! Text for a terminal: made harmless, measured in columns, cut, and the units numbers are shown in.
//!
//! All text from outside (names, messages, errors, log lines) passes [`clean`] before it is shown; the widgets and the
//! line renderers draw through [`fitted`], which cleans first.

mod fit;
mod units;

pub(crate) use fit::{fitted, padded, padded_left, width, wrapped};
pub(crate) use units::{bytes, duration, percent, rate, seconds};
pub(crate) use vx_status::text::{clean, is_unprintable, last_overwrite};
