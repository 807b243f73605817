//! The rule that finds the parts that can act, in a project and its settings of npm, uv and pip. Pure.
//!
//! Without consent, the tools of the catalogue are resolved, installed and run, from the catalogue's sources and
//! packages and under the catalogue's names. Everything else that could run code, or set a variable, is a part.
//!
//! A name that isn't the catalogue's counts whether or not it hides a program of this system: the digest must not
//! depend on the current search path.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::slice;

use vx_base::age::{MINIMUM_RELEASE_AGE, in_words};
use vx_base::package::source_kind::SourceKind;

use super::command_files::{NamedFileLookup, PartValueKind, named_files};
use super::part::{ActingPart, FoundSetting, NamedFile, is_arguments, is_command};
use super::variables::is_never_taken;
use crate::dotted_key::key_segments;
use crate::{DeclaredAddresses, DeclaredDigests, Project, ToolRequest, ValueKind};

/// Tables of a project whose values other programs act on.
const ACTED_ON: [&str; 3] = ["hooks", "agents", "services"];

/// How the names of settings of npm and pip end whose value is the path of certificates or of a key, as in `cafile` and
/// `//HOST/:certfile`.
const NAMING_FILES: [&str; 3] = ["file", "cert", "key"];

/// A project, and what is needed to find its acting parts.
pub struct TrustSubject<'a> {
    /// The project, as its file describes it.
    pub project: &'a Project,
    /// Settings of npm, uv and pip in its files.
    pub settings: &'a [FoundSetting],
    /// Returns the package that a tool names, with its source, unless the catalogue has it for that tool.
    pub uncatalogued: &'a dyn Fn(&ToolRequest) -> Option<(SourceKind, String)>,
    /// Its directory, with links resolved.
    pub directory: &'a Path,
    /// Top folder of its repository, or its directory.
    pub top: &'a Path,
    /// Variables that the user's own file allows although they steer programs.
    pub allowed: &'a [String],
    /// Contents of its checkout.
    pub contents: &'a dyn NamedFileLookup,
}

/// Find the parts of a project that can act, in the order of its tables.
pub fn acting_parts(subject: &TrustSubject<'_>) -> Vec<ActingPart> {
    let project = subject.project;
    let mut parts = Vec::new();
    for tool in &project.tools {
        of_tool(subject, tool, &mut parts);
    }
    let taken = project.env.iter().filter(|(name, _)| !is_never_taken(name, subject.allowed));
    parts.extend(taken.map(|(name, value)| ActingPart::Variable { name: name.clone(), value: value.clone() }));
    of_settings(project, &mut parts);
    parts.extend(subject.settings.iter().map(|setting| source_setting(subject, setting)));
    of_entries(subject, &mut parts);
    parts
}

/// Find the variables of the project that are never taken, with or without consent.
pub fn refused_variables(subject: &TrustSubject<'_>) -> Vec<String> {
    let of_services = subject.project.services.iter().flat_map(|service| service.env.keys());
    let names: BTreeSet<&String> = subject.project.env.keys().chain(of_services).collect();
    names.into_iter().filter(|name| is_never_taken(name, subject.allowed)).cloned().collect()
}

/// Find the variable that a value with this key of the project's file sets for a service.
pub fn variable_of_service(key: &str) -> Option<&str> {
    match key_segments(key)[..] {
        ["services", _, .., "env", name] => Some(name),
        _ => None,
    }
}

fn of_tool(subject: &TrustSubject<'_>, tool: &ToolRequest, parts: &mut Vec<ActingPart>) {
    let name = || tool.name.clone();
    if let Some((source, package)) = (subject.uncatalogued)(tool) {
        parts.push(ActingPart::Package { tool: name(), source, package });
    }
    if let Some(declared) = &tool.url {
        let (request, digests) = (tool.request.text().to_owned(), digests(tool.sha256.as_ref()));
        let part =
            |address| ActingPart::Address { tool: name(), request: request.clone(), address, digests: digests.clone() };
        match declared {
            DeclaredAddresses::One(template) => parts.push(part(template.clone())),
            DeclaredAddresses::Each(each) => {
                parts.extend(each.iter().map(|(platform, template)| part(format!("{template} ({platform})"))));
            }
        }
    }
    if let Some(command) = &tool.postinstall {
        let directories = [subject.directory.to_owned()];
        let files = named_files(slice::from_ref(command), &directories, PartValueKind::Command, subject.contents);
        parts.push(ActingPart::PostInstall { tool: name(), command: command.clone(), files });
    }
    let options = tool.options.iter();
    parts.extend(options.map(|(key, value)| ActingPart::Option {
        tool: name(),
        name: key.clone(),
        value: value.clone(),
    }));
    let programs = tool.bin.iter();
    parts.extend(programs.map(|program| ActingPart::Program {
        tool: name(),
        name: program.name.clone(),
        path: program.path.clone(),
    }));
    if let Some(age) = tool.minimum_release_age.filter(|age| *age < MINIMUM_RELEASE_AGE) {
        parts.push(ActingPart::Option { tool: name(), name: "minimum_release_age".into(), value: in_words(age) });
    }
    if let Some(count) = tool.strip {
        parts.push(ActingPart::Option { tool: name(), name: "strip".into(), value: count.to_string() });
    }
}

fn digests(declared: Option<&DeclaredDigests>) -> Vec<String> {
    match declared {
        None => Vec::new(),
        Some(DeclaredDigests::One(digest)) => vec![digest.to_string()],
        Some(DeclaredDigests::Each(each)) => {
            each.iter().map(|(platform, digest)| format!("{platform} {digest}")).collect()
        }
    }
}

fn of_settings(project: &Project, parts: &mut Vec<ActingPart>) {
    let settings = &project.settings;
    let mut push = |name: String, value: String| parts.push(ActingPart::Setting { name, value });
    for (site, address) in &settings.mirrors {
        push(format!("mirrors.{site}"), address.clone());
    }
    if let Some(order) = &settings.sources {
        push("sources".into(), order.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", "));
    }
    for (name, value) in
        [("verify_checksums", settings.verify_checksums), ("require_signatures", settings.require_signatures)]
    {
        if value == Some(false) {
            push(name.into(), "false".into());
        }
    }
    if let Some(age) = settings.minimum_release_age.filter(|age| *age < MINIMUM_RELEASE_AGE) {
        push("minimum_release_age".into(), in_words(age));
    }
}

fn source_setting(subject: &TrustSubject<'_>, setting: &FoundSetting) -> ActingPart {
    let file = setting.file.strip_prefix(subject.top).unwrap_or(&setting.file);
    let value = setting.value.clone();
    let names_files = NAMING_FILES.iter().any(|name| setting.name.trim_matches(['"', '\'']).ends_with(name));
    let directories = [subject.directory.to_owned()];
    let named = || named_files(slice::from_ref(&value), &directories, PartValueKind::Words, subject.contents);
    let files = if names_files { named() } else { Vec::new() };
    ActingPart::SourceSetting { file: file.display().to_string(), name: setting.name.clone(), value, files }
}

fn of_entries(subject: &TrustSubject<'_>, parts: &mut Vec<ActingPart>) {
    let own = subject.project.entries.iter().map(|entry| (&entry.key, &entry.value, entry.kind));
    let procfile = subject.project.procfile.iter().flat_map(|procfile| &procfile.values);
    let directories = directories_of_tables(subject);
    for (key, value, kind) in own.chain(procfile.map(|(key, value)| (key, value, ValueKind::Text))) {
        let table = key.split('.').next().unwrap_or_default();
        if variable_of_service(key).is_some_and(|name| is_never_taken(name, subject.allowed)) {
            continue;
        }
        if key == "python.venv" {
            parts.push(ActingPart::Folder { path: value.clone() });
        } else if ACTED_ON.contains(&table) {
            let files = files_of_entry(subject, &directories, key, (value, kind));
            parts.push(ActingPart::Entry { files, key: key.clone(), value: value.clone(), kind });
        }
    }
}

/// Find each table's `directory`, by the table's key.
fn directories_of_tables<'a>(subject: &TrustSubject<'a>) -> HashMap<&'a str, PathBuf> {
    let entries = subject.project.entries.iter();
    let named = entries.filter_map(|entry| Some((entry.key.strip_suffix(".directory")?, &entry.value)));
    named.map(|(table, directory)| (table, subject.directory.join(directory))).collect()
}

/// Find the files that a value names: a command of a service from the service's directory, everything from the
/// project's.
fn files_of_entry(
    subject: &TrustSubject<'_>,
    of_tables: &HashMap<&str, PathBuf>,
    key: &str,
    (value, kind): (&str, ValueKind),
) -> Vec<NamedFile> {
    let meaning = match () {
        () if is_arguments(key) => PartValueKind::Words,
        () if is_command(key) => PartValueKind::Command,
        () => PartValueKind::Value,
    };
    let mut directories = vec![subject.directory.to_owned()];
    let mut table = key;
    for name in key_segments(key).into_iter().rev().filter(|_| meaning != PartValueKind::Value) {
        table = table.strip_suffix(name).unwrap_or(table).trim_end_matches('.');
        directories.extend(of_tables.get(table).cloned());
    }
    named_files(&texts(value, kind), &directories, meaning, subject.contents)
}

/// Split a value into its texts: the words of a list, or the value itself.
fn texts(value: &str, kind: ValueKind) -> Vec<String> {
    let is_list = kind == ValueKind::Other && value.starts_with('[');
    let list = is_list.then(|| toml::from_str::<toml::Table>(&format!("list = {value}")).ok());
    match list.flatten().and_then(|mut table| table.remove("list")) {
        Some(toml::Value::Array(items)) => {
            items.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned)).collect()
        }
        _ => vec![value.to_owned()],
    }
}

#[cfg(test)]
mod tests;
