//! The views of a board: full screen, inline, plain lines and JSON lines.

pub mod source;
