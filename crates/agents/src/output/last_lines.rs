//! The last lines of a stream, to explain a turn that ends badly.

use std::collections::VecDeque;

/// Lines to keep.
const MOST: usize = 5;
/// A line is kept up to this many bytes.
const LONGEST_BYTES: usize = 512;

/// The last lines that were not empty, each cut to its beginning.
#[derive(Debug, Default)]
pub(crate) struct LastLines(VecDeque<String>);

impl LastLines {
    /// Take the next line.
    pub(crate) fn push(&mut self, line: &str) {
        let line = line.trim_end();
        if line.trim_start().is_empty() {
            return;
        }
        if self.0.len() == MOST {
            self.0.pop_front();
        }
        self.0.push_back(line[..line.floor_char_boundary(LONGEST_BYTES)].to_owned());
    }

    /// The lines, the oldest first.
    pub(crate) fn into_lines(self) -> Vec<String> {
        self.0.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_kept_without_empty_ones_and_cut() {
        let mut lines = LastLines::default();
        for number in 0..9 {
            lines.push(&format!("line {number}\r"));
            lines.push("  ");
        }
        lines.push(&"ä".repeat(1000));
        let lines = lines.into_lines();
        assert_eq!(lines[..4], ["line 5", "line 6", "line 7", "line 8"]);
        assert_eq!(lines[4], "ä".repeat(256));
    }
}
