//! The output of an agent: lines, their meaning, and the text that is made of them.

pub(crate) mod counts;
pub(crate) mod last_lines;
pub(crate) mod lines;
pub(crate) mod messages;
pub(crate) mod reading;
pub(crate) mod recent;
pub(crate) mod rendering;
pub(crate) mod stderr;
