//! The glyph and tone of a standing; its word is with the standing itself.

use crate::appearance::{Glyphs, Tone};
use crate::standing::Standing;

/// The glyph of a standing.
pub fn glyph(glyphs: &Glyphs, standing: Standing) -> &'static str {
    match standing {
        Standing::Failed | Standing::Died => glyphs.failed,
        Standing::Lost => glyphs.lost,
        Standing::Silent => glyphs.silent,
        Standing::Stalled | Standing::Slow => glyphs.warning,
        Standing::Stopping | Standing::Cancelled => glyphs.stopped,
        Standing::Running => glyphs.working,
        Standing::Waiting => glyphs.waiting,
        Standing::Queued => glyphs.queued,
        Standing::Skipped => glyphs.skipped,
        Standing::Done => glyphs.done,
    }
}

/// The tone of a standing.
pub fn tone(standing: Standing) -> Tone {
    match standing {
        Standing::Failed | Standing::Died | Standing::Lost => Tone::Bad,
        Standing::Silent | Standing::Stalled | Standing::Slow | Standing::Stopping | Standing::Cancelled => {
            Tone::Warning
        }
        Standing::Running => Tone::Busy,
        Standing::Waiting => Tone::Plain,
        Standing::Queued | Standing::Skipped => Tone::Quiet,
        Standing::Done => Tone::Good,
    }
}
