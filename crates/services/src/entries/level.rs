//! The level of a line, from the prefixes and documents that programs commonly write.

use serde::Deserialize;

/// The importance of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Details for debugging.
    Debug,
    /// Any line that shows no other level.
    #[default]
    Info,
    /// Something may be wrong.
    Warn,
    /// Something is wrong.
    Error,
}

/// A longer line is not read as a document.
const DOCUMENT_BYTES: usize = 16 * 1024;
/// Words at the beginning of a line that may be the level: date, time, zone and program come first.
const WORDS: usize = 6;
/// The keys of a level in lines of `key=value`.
const KEYS: [&str; 3] = ["level=", "lvl=", "severity="];

impl Level {
    /// All levels, the least important first.
    pub const ALL: [Self; 4] = [Self::Debug, Self::Info, Self::Warn, Self::Error];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }

    /// Find the level with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }

    /// Find the level that a line without control sequences shows, if any.
    pub(super) fn shown(line: &str) -> Option<Self> {
        let line = line.trim_start();
        let found = if line.starts_with('{') { of_document(line) } else { None };
        found.or_else(|| of_pair(line)).or_else(|| of_words(line))
    }

    /// Find a level by the first letter of its name.
    const fn of_letter(letter: u8) -> Option<Self> {
        Some(match letter {
            b'I' => Self::Info,
            b'W' => Self::Warn,
            b'E' | b'F' | b'C' => Self::Error,
            b'D' | b'V' | b'T' => Self::Debug,
            _ => return None,
        })
    }

    /// Find the level that programs mean by this word.
    fn of_word(word: &str) -> Option<Self> {
        // No such word is longer, and most words of a log are.
        if word.len() > 11 {
            return None;
        }
        Some(match &*word.to_ascii_lowercase() {
            "error" | "err" | "fatal" | "critical" | "crit" | "panic" | "alert" | "emerg" | "emergency" | "severe" => {
                Self::Error
            }
            "warn" | "warning" | "wrn" => Self::Warn,
            "info" | "information" | "notice" | "inf" => Self::Info,
            "debug" | "dbg" | "trace" | "trc" | "verbose" => Self::Debug,
            _ => return None,
        })
    }

    /// Find the level for a number, as loggers for Node write it.
    const fn of_number(number: u64) -> Self {
        match number {
            0..=29 => Self::Debug,
            30..=39 => Self::Info,
            40..=49 => Self::Warn,
            _ => Self::Error,
        }
    }
}

/// The keys of a document that hold its level.
#[derive(Deserialize)]
struct LevelDocument {
    #[serde(alias = "severity", alias = "lvl", alias = "loglevel", alias = "Level")]
    level: LevelValue,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum LevelValue {
    Text(String),
    Number(u64),
}

fn of_document(line: &str) -> Option<Level> {
    let line = Some(line).filter(|line| line.len() <= DOCUMENT_BYTES)?;
    match serde_json::from_str::<LevelDocument>(line).ok()?.level {
        LevelValue::Text(word) => Level::of_word(&word),
        LevelValue::Number(number) => Some(Level::of_number(number)),
    }
}

/// Find the level in `time=… level=warn msg=…`.
fn of_pair(line: &str) -> Option<Level> {
    let word = line.split_ascii_whitespace().find_map(|word| KEYS.iter().find_map(|key| word.strip_prefix(key)))?;
    Level::of_word(word.trim_matches('"'))
}

/// Find the level among the first words of a line. A word counts if it stands out: in capitals, in brackets, or before
/// a colon. Any other line is prose, and may mention errors that didn't happen.
fn of_words(line: &str) -> Option<Level> {
    if let Some(level) = of_letter(line) {
        return Some(level);
    }
    let npm = line.starts_with("npm ");
    let mut words = line.split_ascii_whitespace().take(WORDS).enumerate().peekable();
    while let Some((place, word)) = words.next() {
        // `ERROR:root:text`, and `TypeError: text`.
        let (start, colon) = word.split_once(':').map_or((word, false), |(start, _)| (start, true));
        let bare = start.trim_matches(|character: char| !character.is_ascii_alphanumeric());
        let bracketed = bare.len() < start.len() && start.starts_with(['[', '(', '<', '|']);
        let capitals = bare.len() > 2 && bare.bytes().all(|byte| byte.is_ascii_uppercase());
        // `[E] text`, `[E 2026-11-23] text`, and `E: text`.
        let alone = word.starts_with('[') || place == 0 && colon && start.len() == 1;
        if let Some(level) =
            Some(bare.as_bytes()).filter(|bare| alone && bare.len() == 1).and_then(|bare| Level::of_letter(bare[0]))
        {
            return Some(level);
        }
        // `error[E0425]: text` of rustc, and `error TS2304: text` of tsc.
        let (bare, coded) = bare.split_once('[').map_or((bare, false), |(bare, _)| (bare, colon));
        let numbered = words.peek().is_some_and(|(_, next)| is_number_of_tsc(next));
        let stands_out = bracketed || capitals || colon && (place < 2 || coded) || npm && place == 1 || numbered;
        if let Some(level) = Level::of_word(bare).filter(|_| stands_out) {
            return Some(level);
        }
        if colon && place < 2 && (bare.ends_with("Error") || bare.ends_with("Exception")) {
            return Some(Level::Error);
        }
    }
    None
}

/// Find the level in `E1123 10:00:00.000 …`: a letter and the day of the year as four digits.
fn of_letter(line: &str) -> Option<Level> {
    let (letter, rest) = line.split_at_checked(1)?;
    let (day, rest) = rest.split_at_checked(4)?;
    if !day.bytes().all(|byte| byte.is_ascii_digit()) || !rest.starts_with(' ') {
        return None;
    }
    Level::of_letter(letter.as_bytes()[0])
}

/// Returns whether a word looks like `TS2304:`.
fn is_number_of_tsc(word: &str) -> bool {
    let digits = word.strip_prefix("TS").and_then(|rest| rest.strip_suffix(':'));
    digits.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_read_from_what_programs_write() {
        use Level::{Debug, Error, Info, Warn};
        let table = [
            (r#"{"level":"warn","msg":"slow"}"#, Warn),
            (r#"{"time":1,"severity":"ERROR","message":"x"}"#, Error),
            (r#"{"level":50,"msg":"x"}"#, Error),
            (r#"{"level":20,"msg":"x"}"#, Debug),
            (r#"{"msg":"error"}"#, Info),
            ("{ not json", Info),
            ("time=2026-11-23T10:00:00Z level=error msg=\"x\"", Error),
            ("lvl=dbug", Info),
            ("2026-11-23T10:00:00.000Z  WARN shop::db: slow", Warn),
            ("2026-11-23 10:00:00,123 - shop - ERROR - text", Error),
            ("ERROR:root:text", Error),
            ("INFO:     Uvicorn running", Info),
            ("DEBUG: x", Debug),
            ("error: could not compile", Error),
            ("warning: unused", Warn),
            ("[warn] deprecated", Warn),
            ("[10:00:00] [ERROR] text", Error),
            ("TypeError: x is not a function", Error),
            ("Uncaught TypeError: x", Error),
            ("panic: runtime error", Error),
            ("npm error code E404", Error),
            ("npm WARN deprecated x", Warn),
            ("E1123 10:00:00.000000 1 x.go:3] text", Error),
            ("I1123 10:00:00.000000 1 x.go:3] text", Info),
            ("E11234 x", Info),
            ("[E] text", Error),
            ("10:00:00 [W] text", Warn),
            ("[I 261123 10:00:00 web:1] GET /", Info),
            ("[D] text", Debug),
            ("E: Unable to locate package", Error),
            ("[x] done", Info),
            ("E is a letter", Info),
            ("A: text", Info),
            ("error[E0425]: cannot find value", Error),
            ("a.ts(1,2): error TS2304: Cannot find name", Error),
            ("GET /error 200", Info),
            ("found 0 errors in 3 files", Info),
            ("there is no error here", Info),
            ("the word comes late in this line: ERROR", Info),
            ("\u{e9}t\u{e9} is no letter of a level", Info),
            ("", Info),
        ];
        for (line, expected) in table {
            assert_eq!(Level::shown(line).unwrap_or_default(), expected, "{line}");
        }
    }

    #[test]
    fn a_name_is_read_back() {
        for level in Level::ALL {
            assert_eq!(Level::named(level.name()), Some(level));
        }
        assert_eq!(Level::named("loud"), None);
        assert!(Level::Error > Level::Warn && Level::Warn > Level::Info && Level::Info > Level::Debug);
    }
}
