//! `[scripts]`: each is a command, or a table with a command and its settings.

use toml::de::{DeTable, DeValue};

use super::reader::{ConfigReader, Value, kind};
use crate::scripts::ProjectScript;

const KEYS: [&str; 7] = ["command", "run", "description", "args", "env", "cwd", "depends"];

/// Read the scripts in the order of the file. An invalid script gives a warning and is left out, so that it doesn't
/// prevent installing.
pub(super) fn read(reader: &mut ConfigReader<'_>, document: &DeTable<'_>) -> Vec<ProjectScript> {
    let Some(table) = document.get("scripts") else { return Vec::new() };
    let Some(entries) = table.get_ref().as_table() else {
        reader.warn(table.span(), format!("`scripts` is {}, not a table; it is ignored", kind(table)), None);
        return Vec::new();
    };
    let mut scripts: Vec<(usize, ProjectScript)> = Vec::new();
    for (name, value) in entries {
        if let Some(script) = script(reader, name.get_ref(), value) {
            scripts.push((name.span().start, script));
        }
    }
    scripts.sort_by_key(|(at, _)| *at);
    scripts.into_iter().map(|(_, script)| script).collect()
}

fn script(reader: &mut ConfigReader<'_>, name: &str, value: &Value<'_>) -> Option<ProjectScript> {
    let empty = ProjectScript { name: name.to_owned(), ..ProjectScript::default() };
    match value.get_ref() {
        DeValue::String(command) => Some(ProjectScript { command: command.to_string(), ..empty }),
        DeValue::Table(table) => detailed(reader, empty, value, table),
        _ => {
            let advice = Some("write a command in quotes, or a table with `command`".to_owned());
            reader.warn(value.span(), format!("the script `{name}` is {}; it is ignored", kind(value)), advice);
            None
        }
    }
}

fn detailed(
    reader: &mut ConfigReader<'_>,
    script: ProjectScript,
    value: &Value<'_>,
    table: &DeTable<'_>,
) -> Option<ProjectScript> {
    let place = format!("[scripts.{}]", script.name);
    reader.known_keys(&place, table, &KEYS);
    let text = |key: &str| Some(table.get(key)?.get_ref().as_str()?.to_owned());
    for key in ["command", "run", "description", "cwd"] {
        if let Some(value) = table.get(key).filter(|value| !value.get_ref().is_str()) {
            reader.warn(value.span(), format!("`{key}` of {place} is {}, not text; it is ignored", kind(value)), None);
        }
    }
    // A script may consist only of dependencies.
    let command = text("command").or_else(|| text("run")).unwrap_or_default();
    let depends = texts(reader, &place, table, "depends");
    if command.is_empty() && depends.is_empty() {
        let advice = Some("add command = \"…\"".to_owned());
        reader.warn(value.span(), format!("{place} has neither a command nor dependencies; it is ignored"), advice);
        return None;
    }
    Some(ProjectScript {
        command,
        description: text("description"),
        args: texts(reader, &place, table, "args"),
        env: variables(reader, &place, table),
        cwd: text("cwd"),
        depends,
        ..script
    })
}

fn texts(reader: &mut ConfigReader<'_>, place: &str, table: &DeTable<'_>, key: &str) -> Vec<String> {
    let Some(value) = table.get(key) else { return Vec::new() };
    let one = std::slice::from_ref(value);
    let items = value.get_ref().as_array().map_or(one, |items| items.as_ref());
    let mut found = Vec::new();
    for item in items {
        match reader.scalar(item) {
            Some(text) => found.push(text),
            None => reader.warn(item.span(), format!("`{key}` of {place} holds {}; it is ignored", kind(item)), None),
        }
    }
    found
}

fn variables(reader: &mut ConfigReader<'_>, place: &str, table: &DeTable<'_>) -> Vec<(String, String)> {
    let Some(value) = table.get("env") else { return Vec::new() };
    let Some(entries) = value.get_ref().as_table() else {
        reader.warn(value.span(), format!("`env` of {place} is {}, not a table; it is ignored", kind(value)), None);
        return Vec::new();
    };
    let mut found = Vec::new();
    for (name, value) in entries {
        match reader.scalar(value) {
            Some(text) => found.push((name.get_ref().to_string(), text)),
            None => {
                let message = format!("`{}` of {place} is {}, not text; it is ignored", name.get_ref(), kind(value));
                reader.warn(value.span(), message, None);
            }
        }
    }
    found
}
