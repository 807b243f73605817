//! Typed reading of TOML values. The reader records each problem and continues, so that one run finds them all.

use std::collections::{BTreeMap, HashSet};
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use vx_base::nearest::nearest;

use crate::problem::{LineStarts, Problem};

/// A value and where it is.
pub(super) type Value<'v> = Spanned<DeValue<'v>>;

/// A file that is read, and its problems so far.
pub(super) struct ConfigReader<'t> {
    lines: LineStarts<'t>,
    faults: Vec<Problem>,
    errors: Vec<Problem>,
    warnings: Vec<Problem>,
}

impl<'t> ConfigReader<'t> {
    /// Parse this text. Returns its valid part, and a reader that has recorded the syntax errors.
    pub(super) fn of_document(text: &'t str) -> (DeTable<'t>, Self) {
        let (document, faults) = DeTable::parse_recoverable(text);
        let mut reader = Self::new(text);
        for fault in faults {
            reader.fault(fault.span().unwrap_or(0..0), fault.message().replace('\n', "; "));
        }
        (document.into_inner(), reader)
    }

    /// Make a reader for parts of this text, without problems so far.
    pub(super) fn new(text: &'t str) -> Self {
        Self { lines: LineStarts::from_text(text), faults: Vec::new(), errors: Vec::new(), warnings: Vec::new() }
    }

    /// Return the errors and the warnings, each in the order of the file.
    pub(super) fn finish(mut self) -> (Vec<Problem>, Vec<Problem>) {
        // Values on a line with a syntax error are unreliable, so their errors are dropped.
        let faults = std::mem::take(&mut self.faults);
        let faulty: HashSet<usize> = faults.iter().map(|fault| fault.line).collect();
        self.errors.retain(|problem| !faulty.contains(&problem.line));
        self.errors.extend(faults);
        self.errors.sort_by_key(|problem| (problem.line, problem.column));
        self.warnings.sort_by_key(|problem| (problem.line, problem.column));
        (self.errors, self.warnings)
    }

    /// Record a syntax error.
    fn fault(&mut self, span: Range<usize>, message: String) {
        self.faults.push(self.lines.problem(span, &message, None));
    }

    pub(super) fn error(&mut self, span: Range<usize>, message: impl Into<String>, advice: Option<String>) {
        self.errors.push(self.lines.problem(span, &message.into(), advice));
    }

    pub(super) fn warn(&mut self, span: Range<usize>, message: impl Into<String>, advice: Option<String>) {
        self.warnings.push(self.lines.problem(span, &message.into(), advice));
    }

    /// Return the value as written.
    pub(super) fn raw(&self, value: &Value<'_>) -> &'t str {
        self.lines.text().get(value.span()).unwrap_or_default().trim()
    }

    /// Line of a value, from 1.
    pub(super) fn line(&self, span: Range<usize>) -> usize {
        self.lines.place(span.start).line
    }

    /// Warnings so far, in the order in which they were found.
    pub(super) fn warnings(&self) -> &[Problem] {
        &self.warnings
    }

    /// Find a table at the top level.
    pub(super) fn section<'d, 'v>(&mut self, document: &'d DeTable<'v>, name: &str) -> Option<&'d DeTable<'v>> {
        let value = document.get(name)?;
        let table = value.get_ref().as_table();
        if table.is_none() {
            let message = format!("`{name}` is {}, not a table", kind(value));
            self.error(value.span(), message, Some(format!("begin it with [{name}] on a line of its own")));
        }
        table
    }

    pub(super) fn string(&mut self, what: &str, value: &Value<'_>) -> Option<String> {
        if let Some(text) = value.get_ref().as_str() {
            return Some(text.to_owned());
        }
        let advice = match value.get_ref() {
            DeValue::Array(_) | DeValue::Table(_) => None,
            _ => Some(format!("write it in quotes: \"{}\"", self.raw(value))),
        };
        self.error(value.span(), format!("{what} is {}, not text", kind(value)), advice);
        None
    }

    /// Read a boolean; one in quotes is accepted with a warning, because old files have them.
    pub(super) fn boolean(&mut self, what: &str, value: &Value<'_>) -> Option<bool> {
        if let Some(plain) = value.get_ref().as_bool() {
            return Some(plain);
        }
        if let Some(plain) = value.get_ref().as_str().and_then(|text| text.parse().ok()) {
            self.warn(value.span(), format!("{what} is in quotes"), Some(format!("write it without: {plain}")));
            return Some(plain);
        }
        let advice = Some("write true or false".to_owned());
        self.error(value.span(), format!("{what} is {}, not true or false", kind(value)), advice);
        None
    }

    /// Read a whole number within `bounds`; one in quotes is accepted with a warning.
    pub(super) fn number(&mut self, what: &str, value: &Value<'_>, bounds: Range<u64>) -> Option<u64> {
        let digits = match value.get_ref() {
            DeValue::Integer(integer) => u64::from_str_radix(integer.as_str(), integer.radix()).ok(),
            DeValue::String(text) => text.parse().ok(),
            _ => None,
        };
        match digits.filter(|number| bounds.contains(number)) {
            Some(number) => {
                if value.get_ref().is_str() {
                    self.warn(
                        value.span(),
                        format!("{what} is in quotes"),
                        Some(format!("write it without: {number}")),
                    );
                }
                Some(number)
            }
            None => {
                let advice = Some(format!("write a whole number from {} to {}", bounds.start, bounds.end - 1));
                self.error(value.span(), format!("{what} is {}", self.raw(value)), advice);
                None
            }
        }
    }

    /// Read a list of texts; a single text counts as a list of one.
    pub(super) fn strings<'v>(&mut self, what: &str, value: &Value<'v>) -> Vec<(String, Range<usize>)> {
        match value.get_ref() {
            DeValue::Array(items) => {
                let item_of = format!("an item of {what}");
                items.iter().filter_map(|item| Some((self.string(&item_of, item)?, item.span()))).collect()
            }
            _ => self.string(what, value).map(|text| (text, value.span())).into_iter().collect(),
        }
    }

    /// Read a map of texts; numbers and booleans are read as written.
    pub(super) fn texts(&mut self, what: &str, value: &Value<'_>) -> BTreeMap<String, String> {
        let Some(table) = value.get_ref().as_table() else {
            let advice = Some("write { name = \"value\" }".to_owned());
            self.error(value.span(), format!("{what} is {}, not a table", kind(value)), advice);
            return BTreeMap::new();
        };
        let mut texts = BTreeMap::new();
        for (key, value) in table {
            let name = key.get_ref().to_string();
            match self.scalar(value) {
                Some(text) => drop(texts.insert(name, text)),
                None if value.get_ref().is_array() => {
                    let items = self.strings(&format!("`{name}`"), value);
                    texts.insert(name, items.into_iter().map(|(text, _)| text).collect::<Vec<_>>().join(","));
                }
                None => self.error(value.span(), format!("`{name}` of {what} is a table, not text"), None),
            }
        }
        texts
    }

    /// Read a single value as text; `None` for lists and tables.
    pub(super) fn scalar(&self, value: &Value<'_>) -> Option<String> {
        match value.get_ref() {
            DeValue::String(text) => Some(text.to_string()),
            DeValue::Boolean(plain) => Some(plain.to_string()),
            DeValue::Integer(_) | DeValue::Float(_) | DeValue::Datetime(_) => Some(self.raw(value).to_owned()),
            DeValue::Array(_) | DeValue::Table(_) => None,
        }
    }

    /// Warn about keys that are not among `known`.
    pub(super) fn known_keys(&mut self, place: &str, table: &DeTable<'_>, known: &[&str]) {
        for key in table.keys().filter(|key| !known.contains(&key.get_ref().as_ref())) {
            let advice = match nearest(key.get_ref(), known.iter().copied()).first() {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known are {}", known.join(", ")),
            };
            self.warn(key.span(), format!("{place} has no key `{}`; it is ignored", key.get_ref()), Some(advice));
        }
    }
}

/// Name the type of a value.
pub(super) fn kind(value: &Value<'_>) -> &'static str {
    match value.get_ref() {
        DeValue::String(_) => "text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
