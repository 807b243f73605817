//! The output of `tsc`: `FILE(LINE,COLUMN): error TS…: MESSAGE`, or with colours `FILE:LINE:COLUMN - error TS…: MESSAGE`.
//! Lines that begin with two spaces continue the message, up to a blank one.

use super::collector::{MistakeCollector, MistakeLocation};

pub(super) fn parse_line(found: &mut MistakeCollector, line: &str) {
    if line.starts_with("  ") && !line.trim().is_empty() {
        return found.go_on(line);
    }
    found.close();
    if let Some((place, message)) = line.split_once("): error TS") {
        let (file, numbers) = place.rsplit_once('(').unwrap_or_default();
        if let Some(place) = numbers.split_once(',').and_then(|(line, column)| {
            Some(MistakeLocation::new(file, line.parse().ok()?, Some(column.parse().ok()?)))
                .filter(|place| !place.file.is_empty())
        }) {
            found.push(Some(place), &format!("TS{message}"));
        }
    } else if let Some((place, message)) = line.split_once(" - error TS") {
        if let Some(place) = MistakeLocation::parse(place) {
            found.push(Some(place), &format!("TS{message}"));
        }
    } else if let Some(message) = line.strip_prefix("error TS") {
        found.push(None, &format!("TS{message}"));
    }
}
