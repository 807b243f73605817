//! The output of an agent: its lines, their meaning, and their rendering as text.

pub(crate) mod counts;
pub(crate) mod last_lines;
pub(crate) mod lines;
pub(crate) mod messages;
pub(crate) mod reading;
pub(crate) mod recent;
pub(crate) mod rendering;
pub(crate) mod stderr;
