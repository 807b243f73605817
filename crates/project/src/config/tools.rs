//! `[tools]`, and its former name `[runtimes]`.

pub(super) mod addresses;
mod fields;
mod packages;

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use vx_base::package::shipped::NamedPackage;
use vx_base::package::source_kind::SourceKind;
use vx_base::trouble::Explain;

use super::reader::{ConfigReader, Value, kind};
use super::{ToolRequest, duration};
use crate::version::VersionRequest;

const KEYS: [&str; 15] = [
    "version",
    "os",
    "source",
    "package",
    "url",
    "sha256",
    "bin",
    "strip",
    "components",
    "exclude_patterns",
    "install_env",
    "options",
    "postinstall",
    "optional",
    "minimum_release_age",
];

/// Exclusive upper bound of `strip`; no archive has more leading components.
const STRIP_MAX: u64 = 17;

/// Read every tool of the file, in its order.
pub(super) fn read(reader: &mut ConfigReader<'_>, document: &DeTable<'_>) -> Vec<ToolRequest> {
    let mut found: Vec<(usize, ToolRequest)> = Vec::new();
    let tools = reader.section(document, "tools");
    if let Some(tools) = tools {
        found.extend(tools.iter().filter_map(|(key, value)| tool(reader, key, value)));
    }
    if let Some(runtimes) = reader.section(document, "runtimes") {
        for (key, value) in runtimes {
            if tools.is_some_and(|tools| tools.contains_key(key.get_ref().as_ref())) {
                let message = format!("`{}` of [runtimes] is ignored, [tools] has it", key.get_ref());
                reader.warn(key.span(), message, Some("remove this line".into()));
            } else {
                found.extend(tool(reader, key, value));
            }
        }
    }
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, tool)| tool).collect()
}

type Key<'v> = Spanned<std::borrow::Cow<'v, str>>;

fn tool(reader: &mut ConfigReader<'_>, key: &Key<'_>, value: &Value<'_>) -> Option<(usize, ToolRequest)> {
    let name = key.get_ref().to_string();
    if !packages::is_named_soundly(reader, &name, key.span()) {
        return None;
    }
    let request = match value.get_ref() {
        DeValue::Table(table) => return detailed(reader, name, key.span(), table),
        _ => version(reader, &name, value)?,
    };
    let line = reader.line(value.span());
    Some((key.span().start, ToolRequest::plain(name, request, line)))
}

/// Read a version that is the whole value or the value of `version`.
fn version(reader: &mut ConfigReader<'_>, name: &str, value: &Value<'_>) -> Option<VersionRequest> {
    let raw = reader.raw(value);
    let (message, advice) = match value.get_ref() {
        DeValue::String(text) => match VersionRequest::parse(text) {
            Ok(request) if request.is_system() && NamedPackage::of_tool(name).is_some() => {
                let advice = "name a version, or declare the program itself as the system's".to_owned();
                (format!("the package `{name}` cannot be the system's"), Some(advice))
            }
            Ok(request) => return Some(request),
            Err(bad) => (format!("the version of `{name}`: {bad}"), bad.hint()),
        },
        DeValue::Float(_) => {
            let example = "3.10 without quotes would be read as 3.1";
            (format!("the version of `{name}` is a number"), Some(format!("write it in quotes, \"{raw}\": {example}")))
        }
        DeValue::Array(_) => {
            let advice = "name one version, or a range such as \"^20 || ^22\"".to_owned();
            (format!("`{name}` has a list of versions"), Some(advice))
        }
        DeValue::Integer(_) | DeValue::Datetime(_) => {
            (format!("the version of `{name}` is {}", kind(value)), Some(format!("write it in quotes: \"{raw}\"")))
        }
        DeValue::Boolean(_) | DeValue::Table(_) => {
            let advice = Some("write a version in quotes, or \"latest\"".to_owned());
            (format!("the version of `{name}` is {}", kind(value)), advice)
        }
    };
    reader.error(value.span(), message, advice);
    None
}

fn detailed(
    reader: &mut ConfigReader<'_>,
    name: String,
    place: Range<usize>,
    table: &DeTable<'_>,
) -> Option<(usize, ToolRequest)> {
    reader.known_keys(&format!("[tools.{name}]"), table, &KEYS);
    let what = |field: &str| format!("`{field}` of `{name}`");
    let source = table.get("source").and_then(|value| fields::source(reader, &what("source"), value));
    let request = match table.get("version") {
        Some(value) => version(reader, &name, value),
        // A tool on `PATH` has the version that is installed there.
        None if source.is_some_and(|source| !source.facts().is_installed) => VersionRequest::parse("system").ok(),
        None => {
            let advice = Some("add version = \"latest\", or the version you want".to_owned());
            reader.error(place.clone(), format!("`{name}` has no version"), advice);
            None
        }
    };
    let os = table.get("os").map(|value| fields::systems(reader, &what("os"), value));
    let url = table.get("url").and_then(|value| fields::addresses(reader, &what("url"), value));
    let sha256 = table.get("sha256").and_then(|value| fields::digests(reader, &what("sha256"), value));
    let bin = table.get("bin").map(|value| fields::programs(reader, &what("bin"), value)).unwrap_or_default();
    let strip = table.get("strip").and_then(|value| reader.number(&what("strip"), value, 0..STRIP_MAX));
    let postinstall = table.get("postinstall").and_then(|value| reader.string(&what("postinstall"), value));
    let optional = table.get("optional").and_then(|value| reader.boolean(&what("optional"), value)) == Some(true);
    let age = table.get("minimum_release_age");
    let minimum_release_age = age.and_then(|value| duration::of_age(reader, &what("minimum_release_age"), value));
    let options = options(reader, &name, table);
    let source = packages::agreed_source(reader, &name, source, table.get("source"));
    let source = agreed_source(reader, &name, &place, source, table.get("url"));
    let package = table.get("package").and_then(|value| packages::declared(reader, &name, source, value));
    let line = reader.line(table.get("version").map_or(place.clone(), Spanned::span));
    let strip = strip.and_then(|count| u32::try_from(count).ok());
    let plain = ToolRequest::plain(name, request?, line);
    let tool = ToolRequest {
        os,
        source,
        package,
        url,
        sha256,
        bin,
        strip,
        options,
        postinstall,
        agreed: Vec::new(),
        optional,
        minimum_release_age,
        ..plain
    };
    if let Some(declared) = table.get("sha256").filter(|_| tool.has_digest_of_one_platform()) {
        let message = format!("`sha256` of `{}` is one digest, and its address differs by platform", tool.name);
        let advice = "it counts for this machine's platform; write sha256 = { linux-x64 = \"…\", macos-arm64 = \"…\" }";
        reader.warn(declared.span(), message, Some(advice.to_owned()));
    }
    Some((place.start, tool))
}

/// Find the source on which `source` and `url` agree.
fn agreed_source(
    reader: &mut ConfigReader<'_>,
    name: &str,
    place: &Range<usize>,
    source: Option<SourceKind>,
    url: Option<&Value<'_>>,
) -> Option<SourceKind> {
    match (source, url) {
        (None, Some(_)) => Some(SourceKind::Url),
        (Some(own), None) if own.facts().has_own_address => {
            let advice = Some("add url = \"https://…/{version}/…\"".to_owned());
            reader.error(place.clone(), format!("`{name}` has the source `{own}` and no address"), advice);
            source
        }
        (Some(other), Some(url)) if !other.facts().has_own_address => {
            let advice = Some("remove one of the two".to_owned());
            reader.error(url.span(), format!("`{name}` has an address and the source `{other}`"), advice);
            source
        }
        _ => source,
    }
}

/// Read the free settings from all four keys; `options` takes precedence.
fn options(reader: &mut ConfigReader<'_>, name: &str, table: &DeTable<'_>) -> BTreeMap<String, String> {
    let mut options = BTreeMap::new();
    for field in ["components", "exclude_patterns"] {
        if let Some(value) = table.get(field) {
            let items = reader.strings(&format!("`{field}` of `{name}`"), value);
            options.insert(field.to_owned(), items.into_iter().map(|(text, _)| text).collect::<Vec<_>>().join(","));
        }
    }
    for field in ["install_env", "options"] {
        let Some(value) = table.get(field) else { continue };
        for (key, text) in reader.texts(&format!("`{field}` of `{name}`"), value) {
            if options.insert(key.clone(), text).is_some() {
                reader.warn(value.span(), format!("`{key}` of `{name}` is given twice; this one is used"), None);
            }
        }
    }
    options
}
