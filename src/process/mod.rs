//! Processes: start one in a group of its own, capture what it prints, stop the whole group, say how it ended.
//!
//! The parent judges a child's end by `wait` alone, never by a message. A group is signalled only while its leader is
//! not yet collected, so that a number the kernel has given to somebody else is never signalled.

mod callers;
mod capture;
mod foreground;
mod group;
mod interrupt;
mod parent;
mod replace;
mod short;
mod start;
mod usage;

pub use callers::callers;
pub use capture::Tail;
pub use foreground::{end_alike, foreground};
pub use group::{Heeds, Member, members};
pub use interrupt::{Interrupt, interrupts};
pub use parent::{end_own_group, watch_parent};
pub use replace::replace;
pub use short::{Output, output, run_in};
pub use start::{Ended, Exit, Group, Launch, Running, start};
pub use usage::processor_time;
