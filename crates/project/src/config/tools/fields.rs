//! Fields of a tool that have their own syntax.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::de::{DeTable, DeValue};
use vx_base::digest::Digest;
use vx_base::nearest::nearest;
use vx_base::package::Program;
use vx_base::package::source_kind::SourceKind;
use vx_base::system::platform::{Os, Platform};
use vx_base::template::{self, UnknownName};

use crate::config::reader::{ConfigReader, Value};
use crate::config::{DeclaredAddresses, DeclaredDigests};

pub(in crate::config) fn source(reader: &mut ConfigReader<'_>, what: &str, value: &Value<'_>) -> Option<SourceKind> {
    let text = reader.string(what, value)?;
    text.parse().map_err(|unknown| reader.error(value.span(), format!("{what}: {unknown}"), None)).ok()
}

pub(in crate::config) fn systems(reader: &mut ConfigReader<'_>, what: &str, value: &Value<'_>) -> Vec<Os> {
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

/// Read an address, or a table of addresses by platform or system.
pub(in crate::config) fn addresses(
    reader: &mut ConfigReader<'_>,
    what: &str,
    value: &Value<'_>,
) -> Option<DeclaredAddresses> {
    match value.get_ref().as_table() {
        None => address(reader, what, value).map(DeclaredAddresses::One),
        Some(table) => Some(DeclaredAddresses::Each(by_platform(reader, what, table, address))),
    }
}

fn address(reader: &mut ConfigReader<'_>, what: &str, value: &Value<'_>) -> Option<String> {
    let text = reader.string(what, value)?;
    if !text.starts_with("https://") && !text.starts_with("http://") {
        reader.error(value.span(), format!("{what} is not a web address"), Some("begin it with https://".into()));
        return None;
    }
    if let Some(name) = template::unknown_word(&text) {
        let unknown = UnknownName { place: what, name, known: &template::WORDS };
        let advice = format!("{}, or other names as in {{os:macos=Darwin}}", unknown.advice());
        reader.error(value.span(), unknown.to_string(), Some(advice));
        return None;
    }
    Some(text)
}

pub(in crate::config) fn digests(
    reader: &mut ConfigReader<'_>,
    what: &str,
    value: &Value<'_>,
) -> Option<DeclaredDigests> {
    match value.get_ref().as_table() {
        None => digest(reader, what, value).map(DeclaredDigests::One),
        Some(table) => Some(DeclaredDigests::Each(by_platform(reader, what, table, digest))),
    }
}

/// Read a table's values by platform; the name of a system stands for those of its platforms that the table doesn't
/// name.
fn by_platform<T: Clone>(
    reader: &mut ConfigReader<'_>,
    what: &str,
    table: &DeTable<'_>,
    read: impl Fn(&mut ConfigReader<'_>, &str, &Value<'_>) -> Option<T>,
) -> BTreeMap<Platform, T> {
    let (mut own, mut of_systems) = (BTreeMap::new(), BTreeMap::new());
    for (key, value) in table {
        let name = key.get_ref().as_ref();
        match (name.parse::<Platform>(), name.parse::<Os>()) {
            (Ok(platform), _) => own.extend(read(reader, what, value).map(|read| (platform, read))),
            (_, Ok(os)) => {
                let read = read(reader, what, value);
                let platforms = Platform::ALL.into_iter().filter(|platform| platform.os == os);
                of_systems
                    .extend(read.into_iter().flat_map(|read| platforms.clone().map(move |one| (one, read.clone()))));
            }
            (Err(unknown), Err(_)) => {
                let known = Platform::ALL.map(|platform| platform.to_string()).join(", ");
                let advice = format!("known are {known}, and the names of systems");
                reader.error(key.span(), format!("{what}: {unknown}"), Some(advice));
            }
        }
    }
    of_systems.extend(own);
    of_systems
}

fn digest(reader: &mut ConfigReader<'_>, what: &str, value: &Value<'_>) -> Option<Digest> {
    let text = reader.string(what, value)?;
    text.parse().map_err(|bad| reader.error(value.span(), format!("{what}: {bad}"), None)).ok()
}

/// Read a path, a list of paths, or a table of names and paths.
pub(in crate::config) fn programs(reader: &mut ConfigReader<'_>, what: &str, value: &Value<'_>) -> Vec<Program> {
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
            reader.error(span, format!("{what}: `{path}` is not a path inside the release"), advice);
            continue;
        }
        let name = name.unwrap_or_else(|| last.strip_suffix(".exe").unwrap_or(last).to_owned());
        programs.push(Program { name, path, runner: None });
    }
    programs
}
