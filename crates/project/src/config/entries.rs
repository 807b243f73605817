//! Lists every value of a `vx.toml` with its place, for `vx config`.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::dotted_key::key_segment;
use crate::problem::LineStarts;

/// A value of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigEntry {
    /// Its dotted name, as in `tools.node`. No other value of the file has the same name.
    pub key: String,
    /// A text without its quotes; any other value as written.
    pub value: String,
    /// Its kind.
    pub kind: ValueKind,
    /// Its line, from 1.
    pub line: usize,
    /// Its column in characters, from 1.
    pub column: usize,
}

/// Whether a value is text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    /// A text.
    Text,
    /// A list, a number, a date, `true` or `false`.
    Other,
}

/// List all values below `document`, in the order of the file.
pub(super) fn list(text: &str, document: &DeTable<'_>) -> Vec<ConfigEntry> {
    let mut entries = Vec::new();
    walk(&LineStarts::from_text(text), "", document, &mut entries);
    entries.sort_by_key(|entry| (entry.line, entry.column));
    entries
}

fn walk(lines: &LineStarts<'_>, prefix: &str, table: &DeTable<'_>, entries: &mut Vec<ConfigEntry>) {
    for (key, value) in table {
        let key = format!("{prefix}{}", key_segment(key.get_ref()));
        visit(lines, key, value, entries);
    }
}

fn visit(lines: &LineStarts<'_>, key: String, value: &Spanned<DeValue<'_>>, entries: &mut Vec<ConfigEntry>) {
    match value.get_ref() {
        DeValue::Table(table) => walk(lines, &format!("{key}."), table, entries),
        // `[[name]]`: each table of the list has its own lines.
        DeValue::Array(items) if items.iter().any(|item| item.get_ref().is_table()) => {
            for (at, item) in items.iter().enumerate() {
                visit(lines, format!("{key}.{at}"), item, entries);
            }
        }
        other => {
            let written = lines.text().get(value.span()).unwrap_or_default();
            let (kind, shown) = match other.as_str() {
                Some(text) => (ValueKind::Text, text),
                None => (ValueKind::Other, written),
            };
            let place = lines.place(value.span().start);
            entries.push(ConfigEntry { key, value: shown.to_owned(), kind, line: place.line, column: place.column });
        }
    }
}
