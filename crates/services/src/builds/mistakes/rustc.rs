//! The output of `rustc`, and of `cargo` around it: a message, and in the next line its place behind an arrow; or both in one
//! line in the short form.

use super::collector::{MistakeCollector, MistakeLocation};

/// Sums at the end of a build that failed, which are no mistakes of their own.
const SUMS: [&str; 4] = ["aborting due to ", "could not compile ", "could not document ", "build failed"];

pub(super) fn parse_line(found: &mut MistakeCollector, line: &str) {
    if let Some(message) = error(line) {
        if !SUMS.iter().any(|sum| message.starts_with(sum)) {
            found.head(&message);
        }
        return;
    }
    if let Some(place) = line.trim_start().strip_prefix("--> ") {
        // Only the first arrow behind a message is its place; the others belong to notes.
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

/// The message of a line that reports an error, with its code in front.
fn error(line: &str) -> Option<String> {
    let rest = line.strip_prefix("error")?;
    match rest.strip_prefix('[') {
        Some(rest) => rest.split_once("]: ").map(|(code, message)| format!("{code}: {message}")),
        None => rest.strip_prefix(": ").map(str::to_owned),
    }
}
