//! Exports of a run, for other programs and for people: a trace, and a page of its timings.
//!
//! Both are made from a [`RunTimeline`], which is gathered from the readings of a recording, or from one reading of a
//! board. Any process may have written the names and texts on a board, so they are escaped where they are exported.

mod critical;
mod timeline;
mod timings;
mod trace;

pub use critical::{Link, critical_path};
pub use timeline::{PhaseSpan, RunTimeline, ToolTimeline};
pub use timings::timings;
pub use trace::trace;
