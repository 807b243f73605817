//! The fields of a tool with a syntax of their own.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::de::DeValue;

use super::DeclaredDigests;
use super::reader::{Reader, Value};
use crate::candidate::SourceKind;
use crate::config::Program;
use crate::digest::Digest;
use crate::nearest::nearest;
use crate::platform::{Os, Platform};
use crate::template;

pub(super) fn source(reader: &mut Reader<'_>, what: &str, value: &Value<'_>) -> Option<SourceKind> {
    let text = reader.string(what, value)?;
    text.parse().map_err(|unknown| reader.error(value.span(), format!("{what}: {unknown}"), None)).ok()
}

pub(super) fn systems(reader: &mut Reader<'_>, what: &str, value: &Value<'_>) -> Vec<Os> {
    let mut systems = Vec::new();
    for (text, span) in reader.strings(what, value) {
        match text.parse::<Os>() {
            Ok(os) => systems.push(os),
            Err(_) => {
                let known = ["linux", "macos", "darwin", "windows"];
                let advice = match nearest(&text, known).first() {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "write linux, macos or windows".to_owned(),
                };
                reader.error(span, format!("{what} names an unknown system, `{text}`"), Some(advice));
            }
        }
    }
    systems
}

pub(super) fn address(reader: &mut Reader<'_>, what: &str, value: &Value<'_>) -> Option<String> {
    let text = reader.string(what, value)?;
    if !text.starts_with("https://") && !text.starts_with("http://") {
        reader.error(value.span(), format!("{what} is no web address"), Some("begin it with https://".into()));
        return None;
    }
    if let Some(word) = template::unknown_word(&text) {
        let advice = Some("use {version}, {os} and {arch}".to_owned());
        reader.error(value.span(), format!("{what} holds `{{{word}}}`, which stands for nothing"), advice);
        return None;
    }
    Some(text)
}

pub(super) fn digests(reader: &mut Reader<'_>, what: &str, value: &Value<'_>) -> Option<DeclaredDigests> {
    let Some(table) = value.get_ref().as_table() else {
        return digest(reader, what, value).map(DeclaredDigests::One);
    };
    let mut each = BTreeMap::new();
    for (key, value) in table {
        match key.get_ref().parse::<Platform>() {
            Ok(platform) => each.extend(digest(reader, what, value).map(|digest| (platform, digest))),
            Err(unknown) => {
                let known = Platform::ALL.map(|platform| platform.to_string()).join(", ");
                reader.error(key.span(), format!("{what}: {unknown}"), Some(format!("known are {known}")));
            }
        }
    }
    Some(DeclaredDigests::Each(each))
}

fn digest(reader: &mut Reader<'_>, what: &str, value: &Value<'_>) -> Option<Digest> {
    let text = reader.string(what, value)?;
    text.parse().map_err(|bad| reader.error(value.span(), format!("{what}: {bad}"), None)).ok()
}

/// A path, a list of paths, or a table of names and paths.
pub(super) fn programs(reader: &mut Reader<'_>, what: &str, value: &Value<'_>) -> Vec<Program> {
    let paths: Vec<(Option<String>, String, Range<usize>)> = match value.get_ref() {
        DeValue::Table(table) => table
            .iter()
            .filter_map(|(key, value)| {
                Some((Some(key.get_ref().to_string()), reader.string(what, value)?, value.span()))
            })
            .collect(),
        _ => reader.strings(what, value).into_iter().map(|(path, span)| (None, path, span)).collect(),
    };
    let mut programs = Vec::new();
    for (name, path, span) in paths {
        let last = path.rsplit('/').next().unwrap_or_default();
        let leaves = path.starts_with('/') || path.contains('\\') || path.split('/').any(|part| part == "..");
        if last.is_empty() || leaves {
            let advice = Some("write a path inside the archive, such as bin/tool".to_owned());
            reader.error(span, format!("{what}: `{path}` is no path inside the release"), advice);
            continue;
        }
        let name = name.unwrap_or_else(|| last.strip_suffix(".exe").unwrap_or(last).to_owned());
        programs.push(Program { name, path, runner: None });
    }
    programs
}
