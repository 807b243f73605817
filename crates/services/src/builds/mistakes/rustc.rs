//! The output of `rustc`, also as `cargo` passes it on: a message, and its place on the next line after an arrow; the
//! short form has both on one line.

use super::collector::{MistakeCollector, MistakeLocation};

/// Beginnings of the summaries at the end of a failed build. They are not mistakes.
const SUMS: [&str; 4] = ["aborting due to ", "could not compile ", "could not document ", "build failed"];

pub(super) fn parse_line(found: &mut MistakeCollector, line: &str) {
    if let Some(message) = error(line) {
        if !SUMS.iter().any(|sum| message.starts_with(sum)) {
            found.head(&message);
        }
        return;
    }
    if let Some(place) = line.trim_start().strip_prefix("--> ") {
        // Only the first arrow after a message is its place; the others belong to notes.
        return MistakeLocation::parse(place.trim_end()).into_iter().for_each(|place| found.place(place));
    }
    if line.starts_with("warning") || line.starts_with("note") || line.trim().is_empty() {
        return found.end_heading();
    }
    let short = MistakeLocation::before(line, |file| file.ends_with(".rs"));
    if let Some((place, message)) = short.and_then(|(place, rest)| Some((place, error(rest)?))) {
        found.push(Some(place), &message);
    }
}

/// Read the message of a line that reports an error, and put its code in front.
fn error(line: &str) -> Option<String> {
    let rest = line.strip_prefix("error")?;
    match rest.strip_prefix('[') {
        Some(rest) => rest.split_once("]: ").map(|(code, message)| format!("{code}: {message}")),
        None => rest.strip_prefix(": ").map(str::to_owned),
    }
}
