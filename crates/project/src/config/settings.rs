//! `[settings]` and `[env]`.

use std::collections::BTreeMap;
use std::time::Duration;

use toml::de::{DeTable, DeValue};
use vx_base::package::source_kind::SourceKind;

use super::duration;
use super::reader::{ConfigReader, Value};

const KEYS: [&str; 9] = [
    "auto_install",
    "jobs",
    "sources",
    "cache_duration",
    "minimum_release_age",
    "verify_checksums",
    "require_signatures",
    "require_provenance",
    "mirrors",
];

/// Exclusive upper bound of `jobs`; no machine gains from more installs at once.
const JOBS_MAX: u64 = 257;

/// A project's settings for installs; `None` if the file doesn't set them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InstallSettings {
    /// Install a missing tool when it is run.
    pub auto_install: Option<bool>,
    /// Most installs that run at once.
    pub jobs: Option<usize>,
    /// Order in which sources are tried.
    pub sources: Option<Vec<SourceKind>>,
    /// How long a version list is used before it is fetched again.
    pub cache_duration: Option<Duration>,
    /// Smallest age of a release that is chosen by a range or `latest`; zero for none.
    pub minimum_release_age: Option<Duration>,
    /// Check digests. Digests from a registry are checked in any case.
    pub verify_checksums: Option<bool>,
    /// Refuse npm packages without a signature of their registry.
    pub require_signatures: Option<bool>,
    /// Tools whose archives need a verified attestation of their build.
    pub require_provenance: Option<Vec<String>>,
    /// Mirrors of the vendors' sites, by the sites' names.
    pub mirrors: BTreeMap<String, String>,
}

impl InstallSettings {
    /// Take from a project further up what this one doesn't set: key by key, and mirrors site by site.
    pub fn inherit(&mut self, above: &Self) {
        let own = std::mem::take(self);
        let mirrors = above.mirrors.clone().into_iter().chain(own.mirrors);
        *self = Self {
            auto_install: own.auto_install.or(above.auto_install),
            jobs: own.jobs.or(above.jobs),
            sources: own.sources.or_else(|| above.sources.clone()),
            cache_duration: own.cache_duration.or(above.cache_duration),
            minimum_release_age: own.minimum_release_age.or(above.minimum_release_age),
            verify_checksums: own.verify_checksums.or(above.verify_checksums),
            require_signatures: own.require_signatures.or(above.require_signatures),
            require_provenance: own.require_provenance.or_else(|| above.require_provenance.clone()),
            mirrors: mirrors.collect(),
        };
    }
}

pub(super) fn read(reader: &mut ConfigReader<'_>, document: &DeTable<'_>) -> InstallSettings {
    let Some(table) = reader.section(document, "settings") else { return InstallSettings::default() };
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
    let require_provenance = table.get("require_provenance");
    let require_provenance = require_provenance.map(|value| attested(reader, document, value));
    let mirrors = table.get("mirrors").map(|value| mirrors(reader, value)).unwrap_or_default();
    if let (Some(false), Some(value)) = (verify_checksums, table.get("verify_checksums")) {
        let message = "digests that a registry gives are checked in any case; this setting does not switch that off";
        reader.warn(value.span(), message, Some("remove this line".into()));
    }
    let jobs = jobs.and_then(|count| usize::try_from(count).ok());
    InstallSettings {
        auto_install,
        jobs,
        sources,
        cache_duration,
        minimum_release_age,
        verify_checksums,
        require_signatures,
        require_provenance,
        mirrors,
    }
}

fn mirrors(reader: &mut ConfigReader<'_>, value: &Value<'_>) -> BTreeMap<String, String> {
    let DeValue::Table(table) = value.get_ref() else {
        let advice = Some("write a table, such as mirrors = { github = \"https://…\" }".to_owned());
        reader.error(value.span(), "`mirrors` is not a table of names and addresses", advice);
        return BTreeMap::new();
    };
    let mut mirrors = BTreeMap::new();
    for (key, value) in table {
        let name = key.get_ref().to_string();
        mirrors.extend(reader.string(&format!("`mirrors.{name}`"), value).map(|address| (name, address)));
    }
    mirrors
}

/// Read the tools that need an attestation. A name that the file doesn't declare would require nothing, so it is an
/// error.
fn attested(reader: &mut ConfigReader<'_>, document: &DeTable<'_>, value: &Value<'_>) -> Vec<String> {
    let declared = |name: &str| {
        let tools = document.get("tools").and_then(|tools| tools.get_ref().as_table());
        tools.is_some_and(|tools| tools.keys().any(|key| key.get_ref() == name))
    };
    let mut tools = Vec::new();
    for (name, span) in reader.strings("`require_provenance`", value) {
        match declared(&name) {
            true => tools.push(name),
            false => reader.error(span, format!("`require_provenance`: [tools] declares no `{name}`"), None),
        }
    }
    tools
}

fn order(reader: &mut ConfigReader<'_>, value: &Value<'_>) -> Vec<SourceKind> {
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

/// Read the variables of `[env]`: texts, and numbers and booleans as written. Tables inside belong to other programs.
pub(super) fn read_env(reader: &mut ConfigReader<'_>, document: &DeTable<'_>) -> BTreeMap<String, String> {
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::InstallSettings;
    use crate::Project;

    fn settings(text: &str) -> InstallSettings {
        Project::parse(Path::new("vx.toml"), text).expect("a project").settings
    }

    #[test]
    fn an_empty_list_takes_the_place_of_the_one_further_up() {
        let above = settings("[settings]\nrequire_provenance = [\"just\"]\n[tools]\njust = \"1\"\n");
        for (text, inherited) in [("[settings]\nrequire_provenance = []\n", None), ("", Some("just"))] {
            let mut own = settings(text);
            own.inherit(&above);
            assert_eq!(own.require_provenance.unwrap_or_default().first().map(String::as_str), inherited, "{text}");
        }
    }
}
