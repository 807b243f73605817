//! `[progress]`: how commands print their progress, by name. This is data: nothing in it acts.

use toml::de::DeTable;
use vx_base::gauge::Pattern;

use super::reader::{ConfigReader, Value, kind};
use crate::problem::Problem;

const KEYS: [&str; 3] = ["pattern", "patterns", "total"];

/// How one command prints its progress: `[progress.NAME]`.
#[derive(Clone, Debug, Default)]
pub struct ProgressForms {
    /// Name of the command, or the key of its slot.
    pub name: String,
    /// Patterns; the first that fits a line counts.
    pub patterns: Vec<Pattern>,
    /// Total amount of work, if the command doesn't print it.
    pub total: Option<u64>,
    /// Doubtful values of this table, which were ignored.
    pub doubts: Vec<Problem>,
}

/// Read the forms in the order of the file. An invalid table doesn't prevent installing.
pub(super) fn read(reader: &mut ConfigReader<'_>, document: &DeTable<'_>) -> Vec<ProgressForms> {
    let Some(table) = document.get("progress") else { return Vec::new() };
    let Some(entries) = table.get_ref().as_table() else {
        reader.warn(table.span(), format!("`progress` is {}, not a table; it is ignored", kind(table)), None);
        return Vec::new();
    };
    let mut found: Vec<(usize, ProgressForms)> =
        entries.iter().map(|(name, value)| (name.span().start, forms(reader, name.get_ref(), value))).collect();
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, forms)| forms).collect()
}

fn forms(reader: &mut ConfigReader<'_>, name: &str, value: &Value<'_>) -> ProgressForms {
    let before = reader.warnings().len();
    let mut forms = ProgressForms { name: name.to_owned(), ..ProgressForms::default() };
    match value.get_ref().as_table() {
        Some(table) => detailed(reader, &mut forms, table),
        // A pattern without a table.
        None => forms.patterns = patterns(reader, &format!("[progress] {name}"), value),
    }
    forms.doubts = reader.warnings()[before..].to_vec();
    forms
}

fn detailed(reader: &mut ConfigReader<'_>, forms: &mut ProgressForms, table: &DeTable<'_>) {
    let place = format!("[progress.{}]", forms.name);
    reader.known_keys(&place, table, &KEYS);
    for key in ["pattern", "patterns"] {
        if let Some(value) = table.get(key) {
            forms.patterns.extend(patterns(reader, &format!("`{key}` of {place}"), value));
        }
    }
    let total = table.get("total");
    forms.total = total.and_then(|value| reader.raw(value).parse().ok().filter(|total| *total > 0));
    if let Some(value) = total.filter(|_| forms.total.is_none()) {
        let advice = Some("write a whole number from 1".to_owned());
        reader.warn(value.span(), format!("`total` of {place} is {}; it is ignored", reader.raw(value)), advice);
    }
}

fn patterns(reader: &mut ConfigReader<'_>, what: &str, value: &Value<'_>) -> Vec<Pattern> {
    let one = std::slice::from_ref(value);
    let items = value.get_ref().as_array().map_or(one, |items| items.as_ref());
    let mut found = Vec::new();
    for item in items {
        match item.get_ref().as_str().map(Pattern::new) {
            Some(Ok(pattern)) => found.push(pattern),
            Some(Err(error)) => reader.warn(item.span(), format!("{what} is ignored: {error}"), None),
            None => {
                let advice = Some("write a regular expression in quotes".to_owned());
                reader.warn(item.span(), format!("{what} is {}, not text; it is ignored", kind(item)), advice);
            }
        }
    }
    found
}
