//! The output of `go build` and `go vet`.
//!
//! `# PACKAGE` introduces mistakes and `too many errors` ends them; neither is a mistake itself. A line that begins
//! with a tab continues the mistake before it.

use super::collector::{MistakeCollector, MistakeLocation};

/// Extensions of the files in which Go finds mistakes.
const FILES: [&str; 13] = [".go", ".mod", ".sum", ".work", ".s", ".S", ".c", ".h", ".cc", ".cpp", ".cxx", ".hpp", ".m"];

/// Beginnings of reports of the `go` command that are not errors.
const NEWS: [&str; 10] = [
    "downloading ",
    "extracting ",
    "finding ",
    "found ",
    "added ",
    "upgraded ",
    "downgraded ",
    "removed ",
    "creating ",
    "warning: ",
];

/// Beginnings of errors of modules and packages that lack the command's name in front.
const WITHOUT_NAME: [&str; 8] = [
    "package ",
    "no required module provides ",
    "no Go files in ",
    "found packages ",
    "pattern ",
    "build constraints exclude ",
    "cannot find ",
    "import cycle ",
];

/// Ends of lines that introduce the mistakes in a file; the places follow.
const INTRODUCTIONS: [&str; 2] = ["go.mod:", "go.work:"];

pub(super) fn parse_line(found: &mut MistakeCollector, line: &str) {
    if let Some(rest) = line.strip_prefix('\t') {
        return found.go_on(rest);
    }
    let line = line.strip_prefix("vet: ").unwrap_or(line);
    match MistakeLocation::before(line, |file| FILES.iter().any(|end| file.ends_with(end))) {
        Some((_, "too many errors")) => found.close(),
        Some((place, message)) => {
            found.drop_heading();
            found.push(Some(place), message);
        }
        None => take_without_place(found, line),
    }
}

fn take_without_place(found: &mut MistakeCollector, line: &str) {
    let text = match line.strip_prefix("go: ") {
        Some(text) if !NEWS.iter().any(|news| text.starts_with(news)) => text,
        None if WITHOUT_NAME.iter().any(|start| line.starts_with(start)) => line,
        _ => return found.end_heading(),
    };
    match INTRODUCTIONS.iter().any(|end| text.ends_with(end)) {
        true => found.head(text),
        false => found.push(None, text),
    }
}
