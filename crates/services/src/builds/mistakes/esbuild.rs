//! The output of `esbuild`: a line with a mark and the message, an empty line, and a line with the place.
//!
//! Its columns count from 0, in bytes.

use super::collector::{MistakeCollector, MistakeLocation};

pub(super) fn parse_line(found: &mut MistakeCollector, line: &str) {
    let heading = |mark: &str| line.split_once(mark).filter(|(sign, _)| sign.chars().count() <= 2);
    if let Some((_, message)) = heading("[ERROR] ") {
        found.head(message);
    } else if heading("[WARNING] ").is_some() {
        found.end_heading();
    } else if found.waits()
        && let Some(place) = line.strip_prefix("    ").and_then(|line| line.trim_end().strip_suffix(':'))
        && let Some(MistakeLocation { file, line, column }) = MistakeLocation::parse(place)
    {
        found.place(MistakeLocation { file, line, column: column_from_1(place, column) });
    }
}

/// esbuild's column, counted from 1. `text` tells its columns 0 and 1 apart: a parsed place has 1 for both.
fn column_from_1(text: &str, column: u32) -> u32 {
    match column {
        0 => 0,
        _ if text.ends_with(":0") => 1,
        _ => column.saturating_add(1),
    }
}
