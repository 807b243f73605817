//! Keys of a service about its build: `build`, `reload`, `errors`.

use regex_lite::Regex;
use toml::de::DeTable;

use super::words::words;
use crate::config::reader::{ConfigReader, Value};
use crate::services::{Reload, Renewal, TARGET, uses_name};

/// Compilers whose error format is known.
const COMPILERS: [&str; 4] = ["go", "rustc", "tsc", "esbuild"];
/// Groups of a pattern for mistakes; the first two are required.
const GROUPS: [&str; 4] = ["file", "line", "column", "message"];

pub(super) fn renewal(reader: &mut ConfigReader<'_>, place: &str, table: &DeTable<'_>) -> Renewal {
    let shell = table.get("shell").and_then(|value| value.get_ref().as_bool()) == Some(true);
    let what = |key: &str| format!("`{key}` of {place}");
    let build = table.get("build").and_then(|value| words(reader, &what("build"), value, shell)).unwrap_or_default();
    let reload = table.get("reload").and_then(|value| reload(reader, &what("reload"), value, shell));
    let errors = table.get("errors").and_then(|value| errors(reader, &what("errors"), value));
    if !table.contains_key("build") {
        let advice = || Some("add build = \"…\"".to_owned());
        if let Some((key, _)) = table.get_key_value("errors") {
            reader.error(key.span(), format!("{} describes a build, and {place} has none", what("errors")), advice());
        }
        let keys = ["command", "env", "reload"].into_iter();
        let mut values = keys.filter_map(|key| Some((key, table.get(key)?)));
        let used = values.find(|(_, value)| uses_name(reader.raw(value), TARGET));
        if let Some((key, value)) = used {
            let message = format!("{} uses `{{{TARGET}}}`, and {place} has no build", what(key));
            reader.error(value.span(), message, advice());
        }
    }
    Renewal { build, reload, errors }
}

/// Read an address, a path on the service's own port, or a program.
pub(super) fn reload(reader: &mut ConfigReader<'_>, what: &str, value: &Value<'_>, shell: bool) -> Option<Reload> {
    match value.get_ref().as_str() {
        Some(text) if text.starts_with("http://") || text.starts_with('/') && !text.contains(' ') && !shell => {
            Some(Reload::Post(text.to_owned()))
        }
        _ => words(reader, what, value, shell).map(Reload::Command),
    }
}

/// Read the name of a compiler, or a pattern.
fn errors(reader: &mut ConfigReader<'_>, what: &str, value: &Value<'_>) -> Option<String> {
    let text = reader.string(what, value)?;
    if COMPILERS.contains(&text.as_str()) {
        return Some(text);
    }
    let fault = match Regex::new(&text) {
        Err(error) => Some(format!("is not a regular expression: {error}")),
        Ok(pattern) => {
            let names: Vec<&str> = pattern.capture_names().flatten().collect();
            let missing = GROUPS[..2].iter().find(|group| !names.contains(group));
            let other = names.iter().find(|name| !GROUPS.contains(name));
            let missing = missing.map(|group| format!("is a pattern without the group `(?<{group}>…)`"));
            missing.or_else(|| other.map(|other| format!("is a pattern with the group `{other}`")))
        }
    };
    if let Some(fault) = fault {
        let advice = format!("write {}, or a pattern with the groups {}", COMPILERS.join(", "), GROUPS.join(", "));
        reader.error(value.span(), format!("{what} is not a known compiler, and {fault}"), Some(advice));
        return None;
    }
    Some(text)
}
