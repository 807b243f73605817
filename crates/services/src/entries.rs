//! The lines that services have printed, as entries with a time, a source and a level, read back from files.
//!
//! A log file holds every byte of the output, with the time in front of each line ([`Stamper`]); [`Kept`] reads it back.

mod entry;
mod filter;
mod kept;
mod level;
mod record;
mod stamp;

pub use entry::Entry;
pub use filter::{Filter, SinceError, since};
pub use kept::Kept;
pub use level::Level;
pub use record::Levels;
pub use stamp::{Stamper, parted, time_of_day};
