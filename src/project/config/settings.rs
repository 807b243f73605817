//! `[settings]` and `[env]`.

use std::collections::BTreeMap;
use std::time::Duration;

use toml::de::{DeTable, DeValue};

use super::duration;
use super::reader::{Reader, Value};
use crate::candidate::SourceKind;

const KEYS: [&str; 8] = [
    "auto_install",
    "jobs",
    "sources",
    "cache_duration",
    "minimum_release_age",
    "verify_checksums",
    "require_signatures",
    "mirrors",
];

/// The exclusive upper bound of `jobs`; no machine gains from more installs at once.
const JOBS_MAX: u64 = 257;

/// The project's settings for installs; `None` if the file does not set them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Install a missing tool when it is run.
    pub auto_install: Option<bool>,
    /// Most installs at work at once.
    pub jobs: Option<usize>,
    /// The order in which sources are tried.
    pub sources: Option<Vec<SourceKind>>,
    /// The time for which a version list is used before it is fetched again.
    pub cache_duration: Option<Duration>,
    /// The smallest age of a release that is chosen by a range or `latest`; zero for none.
    pub minimum_release_age: Option<Duration>,
    /// Check digests. Digests from a registry are checked in any case.
    pub verify_checksums: Option<bool>,
    /// Refuse npm packages without a signature of their registry.
    pub require_signatures: Option<bool>,
    /// Mirrors of the vendors' sites, by the sites' names.
    pub mirrors: BTreeMap<String, String>,
}

pub(super) fn read(reader: &mut Reader<'_>, document: &DeTable<'_>) -> Settings {
    let Some(table) = reader.section(document, "settings") else { return Settings::default() };
    reader.known_keys("[settings]", table, &KEYS);
    let auto_install = table.get("auto_install").and_then(|value| reader.boolean("`auto_install`", value));
    let jobs = table.get("jobs").and_then(|value| reader.number("`jobs`", value, 1..JOBS_MAX));
    let sources = table.get("sources").map(|value| order(reader, value));
    let cache_duration =
        table.get("cache_duration").and_then(|value| duration::in_seconds(reader, "`cache_duration`", value));
    let minimum_release_age =
        table.get("minimum_release_age").and_then(|value| duration::of_age(reader, "`minimum_release_age`", value));
    let verify_checksums = table.get("verify_checksums").and_then(|value| reader.boolean("`verify_checksums`", value));
    let require_signatures =
        table.get("require_signatures").and_then(|value| reader.boolean("`require_signatures`", value));
    let mirrors = table.get("mirrors").map(|value| mirrors(reader, value)).unwrap_or_default();
    if let (Some(false), Some(value)) = (verify_checksums, table.get("verify_checksums")) {
        let message = "digests that a registry gives are checked in any case; this setting does not switch that off";
        reader.warn(value.span(), message, Some("remove this line".into()));
    }
    let jobs = jobs.and_then(|count| usize::try_from(count).ok());
    Settings {
        auto_install,
        jobs,
        sources,
        cache_duration,
        minimum_release_age,
        verify_checksums,
        require_signatures,
        mirrors,
    }
}

fn mirrors(reader: &mut Reader<'_>, value: &Value<'_>) -> BTreeMap<String, String> {
    let DeValue::Table(table) = value.get_ref() else {
        let advice = Some("write a table, such as mirrors = { github = \"https://…\" }".to_owned());
        reader.error(value.span(), "`mirrors` is no table of names and addresses", advice);
        return BTreeMap::new();
    };
    let mut mirrors = BTreeMap::new();
    for (key, value) in table {
        let name = key.get_ref().to_string();
        mirrors.extend(reader.string(&format!("`mirrors.{name}`"), value).map(|address| (name, address)));
    }
    mirrors
}

fn order(reader: &mut Reader<'_>, value: &Value<'_>) -> Vec<SourceKind> {
    let mut order = Vec::new();
    for (text, span) in reader.strings("`sources`", value) {
        match text.parse() {
            Ok(kind) if order.contains(&kind) => reader.warn(span, format!("`{kind}` is named twice"), None),
            Ok(kind) => order.push(kind),
            Err(unknown) => reader.error(span, format!("`sources`: {unknown}"), None),
        }
    }
    order
}

/// The variables of `[env]`: texts, and numbers and booleans as written. Tables inside belong to other programs.
pub(super) fn read_env(reader: &mut Reader<'_>, document: &DeTable<'_>) -> BTreeMap<String, String> {
    let mut env = BTreeMap::new();
    let Some(table) = reader.section(document, "env") else { return env };
    for (key, value) in table {
        match reader.scalar(value) {
            Some(text) => drop(env.insert(key.get_ref().to_string(), text)),
            None if value.get_ref().is_table() => {}
            None => {
                let advice = Some("write one text, with the separator its reader expects".to_owned());
                reader.error(value.span(), format!("the variable `{}` is a list, not text", key.get_ref()), advice);
            }
        }
    }
    env
}
