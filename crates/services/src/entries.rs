//! The lines that services have printed, read back from files as entries with a time, a source and a level.
//!
//! A log file holds every byte of the output, with the time in front of each line ([`Stamper`]); [`RotatedLog`] reads
//! it back.

mod entry;
mod filter;
mod level;
mod record;
mod rotated_log;
mod stamp;

pub use entry::OutputEntry;
pub use filter::{Filter, SinceError, since};
pub use level::Level;
pub use record::Levels;
pub use rotated_log::RotatedLog;
pub use stamp::{Stamper, parted, time_of_day};
