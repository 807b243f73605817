//! A part of a project that can act: its line of text, and its canonical form.

use std::path::PathBuf;

use vx_base::digest::{Algorithm, Digest};
use vx_base::files::agreed_file::NamedKind;
use vx_base::package::shipped::NamedPackage;
use vx_base::package::source_kind::SourceKind;
use vx_base::shown_address::{shown_address, shown_value};
use vx_base::system::platform::Platform;
use vx_text::escaped;

use super::shown_command::shown_command;
use crate::ValueKind;
use crate::dotted_key::{key_segment, key_segments};

/// A part of a project that can act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActingPart {
    /// A command that runs after a tool is installed.
    PostInstall {
        /// Name of the tool.
        tool: String,
        /// The command.
        command: String,
        /// Files of the project that it names.
        files: Vec<NamedFile>,
    },
    /// A setting of a tool: for its installation, or a variable for its command.
    Option {
        /// Name of the tool.
        tool: String,
        /// The name.
        name: String,
        /// The value.
        value: String,
    },
    /// A tool from an address of the project.
    Address {
        /// Name of the tool.
        tool: String,
        /// Requested version.
        request: String,
        /// Address, unexpanded.
        address: String,
        /// Declared digests, by platform, or a single one.
        digests: Vec<String>,
    },
    /// A package that the catalogue doesn't name for the tool, with all its programs.
    Package {
        /// Name of the tool.
        tool: String,
        /// The registry.
        source: SourceKind,
        /// The package.
        package: String,
    },
    /// A program of a tool, with a name and a path that the project chooses.
    Program {
        /// Name of the tool.
        tool: String,
        /// Name that users type.
        name: String,
        /// Path in the release.
        path: String,
    },
    /// A variable of `[env]`.
    Variable {
        /// The name.
        name: String,
        /// The value.
        value: String,
    },
    /// A setting that redirects sources or weakens a check.
    Setting {
        /// Key in `[settings]`.
        name: String,
        /// The value.
        value: String,
    },
    /// A setting of npm, uv or pip in a file of the project.
    SourceSetting {
        /// File, relative to the top of the repository.
        file: String,
        /// The setting.
        name: String,
        /// Value, which may be a credential.
        value: String,
        /// Files of the project that it names: certificates and keys.
        files: Vec<NamedFile>,
    },
    /// A folder of the project in which scripts find programs first.
    Folder {
        /// The folder.
        path: String,
    },
    /// A value in a table that other programs act on: `[hooks]`, `[agents]`.
    Entry {
        /// Dotted key.
        key: String,
        /// The value.
        value: String,
        /// Kind of the value.
        kind: ValueKind,
        /// Files of the project that it names.
        files: Vec<NamedFile>,
    },
    /// Everything that git tracks, if the user has tied the consent to it. By itself it acts nowhere.
    Tree {
        /// Tracked tree; empty if it can't be compared, and then no consent covers the part.
        files: Vec<NamedFile>,
    },
}

/// How much a part matters to its reader, from least to most. In a long list people read the end, right above the
/// question, so the parts with the most weight come last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PartWeight {
    /// It sets a variable.
    Variable,
    /// It chooses or configures a tool.
    Tool,
    /// It is a command, or an argument of a program that runs it.
    Command,
}

/// A setting of npm, uv or pip that the sources would follow, in a file of the project or of a stranger around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundSetting {
    /// Path of the file.
    pub file: PathBuf,
    /// Name of the setting.
    pub name: String,
    /// Its value, which may be a credential.
    pub value: String,
}

/// A file or folder of the checkout that a part names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedFile {
    /// Path, relative to the top of the repository.
    pub path: String,
    /// Its kind.
    pub kind: NamedKind,
    /// Digest of its content.
    pub digest: Digest,
}

impl NamedFile {
    /// Whether the consent covers its content.
    pub fn is_compared(&self) -> bool {
        self.kind != NamedKind::Untracked
    }

    /// Describe the file, or the files of the folder, for people, with the first digits of the digest: if two lists
    /// differ only in content, these digits are the difference.
    fn shown(&self) -> String {
        let folder = if self.path.is_empty() { "the top folder".to_owned() } else { format!("{}/", self.path) };
        let named = match self.kind {
            NamedKind::Untracked => return self.path.clone(),
            NamedKind::File => self.path.clone(),
            NamedKind::Tracked { files: 1 } => format!("the one tracked file in {folder}"),
            NamedKind::Tracked { files } => format!("the {files} tracked files in {folder}"),
            NamedKind::Whole { files: 1 } => format!("the one file in {folder}"),
            NamedKind::Whole { files } => format!("the {files} files in {folder}"),
            NamedKind::Tree { files: 1 } => "the one file that git tracks".to_owned(),
            NamedKind::Tree { files } => format!("all {files} files that git tracks"),
        };
        format!("{named} [{:.8}]", self.digest.hex())
    }
}

/// Digest exactly these parts. Neither their order nor their places in the file matter.
pub fn digest(parts: &[ActingPart]) -> Digest {
    let mut forms: Vec<Vec<u8>> = parts.iter().map(ActingPart::canonical).collect();
    forms.sort();
    forms.dedup();
    let mut hasher = Algorithm::Sha256.hasher();
    hasher.update(b"vx acting parts 1\0");
    for form in &forms {
        hasher.update(&(form.len() as u64).to_le_bytes());
        hasher.update(form);
    }
    hasher.finish()
}

impl ActingPart {
    /// Files of the project that the part names.
    pub fn files(&self) -> &[NamedFile] {
        match self {
            Self::PostInstall { files, .. }
            | Self::Entry { files, .. }
            | Self::SourceSetting { files, .. }
            | Self::Tree { files } => files,
            _ => &[],
        }
    }

    /// How much the part matters to its reader.
    pub fn weight(&self) -> PartWeight {
        match self {
            Self::Variable { .. } => PartWeight::Variable,
            Self::PostInstall { .. } | Self::Entry { .. } => PartWeight::Command,
            _ => PartWeight::Tool,
        }
    }

    /// Tool that may not be used without this part.
    pub fn withholds(&self) -> Option<&str> {
        match self {
            Self::PostInstall { tool, .. } | Self::Address { tool, .. } => Some(tool),
            Self::Package { tool, .. } => Some(tool),
            _ => None,
        }
    }

    /// Whether it ties a consent to the tracked files.
    pub fn is_tree(&self) -> bool {
        matches!(self, Self::Tree { .. })
    }

    /// Whether the tool's name says everything about the part: a package named as such, as in `npm:zx`.
    pub fn is_named_by_tool(&self) -> bool {
        matches!(self, Self::Package { tool, .. } if NamedPackage::of_tool(tool).is_some())
    }

    /// Whether the tool or agent of this name may not be used without this part.
    pub fn is_needed_by(&self, name: &str) -> bool {
        let of_agent = |key: &str| {
            let rest = key.strip_prefix("agents.").and_then(|rest| rest.strip_prefix(&*key_segment(name)));
            rest.is_some_and(|rest| rest.starts_with('.'))
        };
        self.withholds() == Some(name) || matches!(self, Self::Entry { key, .. } if of_agent(key))
    }

    /// Describe the effect of the part, in one line without control characters. Secrets in addresses are not shown, nor
    /// is any value of `.npmrc`, since it may be a credential.
    pub fn line(&self) -> String {
        one_line(&match self {
            Self::PostInstall { tool, command, files } => {
                format!("installing {tool} runs: {}{}", shown_command(command), compared(files))
            }
            Self::Option { tool, name, value } => {
                format!("installing {tool} is set up with {name}={}", shown_value(value))
            }
            Self::Address { tool, request, address, digests } => {
                let sealed = if digests.is_empty() { ", without a digest" } else { "" };
                format!("{tool} {request} comes from {}{sealed}", shown_place(address))
            }
            Self::Package { tool, source, package } => {
                format!("{tool} is the {source} package {package}, with every program that it declares")
            }
            Self::Program { tool, name, path } => format!("`{name}` runs {path} of {tool}"),
            Self::Variable { name, value } => format!("sets the variable {name}={}", shown_value(value)),
            Self::Setting { name, value } => {
                format!("changes where tools come from or are checked: {name} = {}", shown_value(value))
            }
            Self::SourceSetting { file, name, files, .. } => {
                format!("{file} changes where packages come from or how that is checked: {name}{}", named(files))
            }
            Self::Folder { path } => format!("scripts find the programs in {path} first"),
            Self::Entry { key, value, files, .. } if is_command(key) && !(files.is_empty() && is_arguments(key)) => {
                format!("{key} = {}{}", shown_command(value), compared(files))
            }
            Self::Entry { key, value, files, .. } if is_command(key) => {
                format!("{key} = {}{}", shown_command(value), named(files))
            }
            Self::Entry { key, value, files, .. } => format!("{key} = {}{}", shown_value(value), named(files)),
            Self::Tree { files } if files.is_empty() => "the files that git tracks cannot be compared".to_owned(),
            Self::Tree { files } => {
                format!("for as long as nothing changes in {}", shown(&files.iter().collect::<Vec<_>>()))
            }
        })
    }

    /// Name the kind of part and its subject, in a few words.
    pub fn short(&self) -> String {
        one_line(&match self {
            Self::PostInstall { tool, .. } => format!("the command after installing {tool}"),
            Self::Option { tool, name, .. } => format!("{name} of {tool}"),
            Self::Address { tool, .. } => format!("{tool} from an address"),
            Self::Package { package, .. } => format!("the package {package}"),
            Self::Program { tool, name, .. } => format!("the program `{name}` of {tool}"),
            Self::Variable { name, .. } => format!("the variable {name}"),
            Self::Setting { name, .. } => name.clone(),
            Self::SourceSetting { file, .. } => file.clone(),
            Self::Folder { path } => format!("the folder {path}"),
            Self::Entry { key, .. } => key.clone(),
            Self::Tree { .. } => "the tracked files".to_owned(),
        })
    }

    /// Encode the part: its kind and its fields, each after its length, so that no two parts have the same bytes.
    fn canonical(&self) -> Vec<u8> {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let (kind, fields) = match self {
            Self::PostInstall { tool, command, .. } => ("post-install", texts(&[tool, command])),
            Self::Option { tool, name, value } => ("option", texts(&[tool, name, value])),
            Self::Address { tool, request, address, digests } => {
                ("address", [texts(&[tool, request, address]), digests.clone()].concat())
            }
            Self::Package { tool, source, package } => ("package", texts(&[tool, source.name(), package])),
            Self::Program { tool, name, path } => ("program", texts(&[tool, name, path])),
            Self::Variable { name, value } => ("variable", texts(&[name, value])),
            Self::Setting { name, value } => ("setting", texts(&[name, value])),
            Self::SourceSetting { file, name, value, .. } => ("source-setting", texts(&[file, name, value])),
            Self::Folder { path } => ("folder", texts(&[path])),
            Self::Entry { key, value, kind: ValueKind::Text, .. } if reads_as_another_kind(value) => {
                ("entry", texts(&[key, value, "text"]))
            }
            Self::Entry { key, value, .. } => ("entry", texts(&[key, value])),
            Self::Tree { .. } => ("tree", Vec::new()),
        };
        let files = self.files().iter().filter(|file| file.is_compared());
        let files = files.flat_map(|file| [file.path.clone(), file.digest.to_string()]);
        let mut bytes = Vec::new();
        for field in std::iter::once(kind.to_owned()).chain(fields).chain(files) {
            bytes.extend((field.len() as u64).to_le_bytes());
            bytes.extend(field.as_bytes());
        }
        bytes
    }
}

/// Show an address of the project; if there are several, the platform that it is for follows.
fn shown_place(address: &str) -> String {
    let platform = address
        .rsplit_once(" (")
        .filter(|(_, rest)| rest.strip_suffix(')').is_some_and(|platform| platform.parse::<Platform>().is_ok()));
    match platform {
        Some((address, platform)) => format!("{} ({platform}", shown_address(address)),
        None => shown_address(address),
    }
}

/// Whether the value with this key of the project's file is a command, or chooses one.
pub(super) fn is_command(key: &str) -> bool {
    let words = key_segments(key);
    let last = words[1..].last();
    let is_named =
        matches!(last, Some(&("command" | "program" | "args" | "conversation" | "build" | "reload" | "preset")));
    // In a `Procfile`, every value is a command by its service's name.
    is_named || words[0] == "hooks" || words[0] == "services" && words.len() == 2
}

/// Whether the text without its quotes could be a value of another kind, as it is written.
fn reads_as_another_kind(text: &str) -> bool {
    // These are lists, numbers and dates, infinity and nan, true and false; anything else isn't a value without quotes.
    text.starts_with(|first: char| first.is_ascii_digit() || "[+-.intf".contains(first))
        && toml::from_str::<toml::Table>(&format!("value = {text}")).is_ok()
}

/// Whether the value with this key holds arguments of a program, which has its own line.
pub(super) fn is_arguments(key: &str) -> bool {
    key.ends_with(".args") || key.ends_with(".conversation")
}

/// Describe the files of a command, including those whose changes nobody would notice.
fn compared(files: &[NamedFile]) -> String {
    let (compared, others): (Vec<&NamedFile>, Vec<&NamedFile>) = files.iter().partition(|file| file.is_compared());
    let such = if others.is_empty() {
        String::new()
    } else {
        format!(", such as {}, which git does not track", shown(&others))
    };
    match compared.as_slice() {
        [] => format!("  (the files that it uses are not compared{such})"),
        files => format!("  (with the present content of {}; other files are not compared{such})", shown(files)),
    }
}

/// Describe the files of a value that isn't a command.
fn named(files: &[NamedFile]) -> String {
    let compared: Vec<&NamedFile> = files.iter().filter(|file| file.is_compared()).collect();
    match compared.as_slice() {
        [] => String::new(),
        files => format!("  (with the present content of {})", shown(files)),
    }
}

fn shown(files: &[&NamedFile]) -> String {
    files.iter().map(|file| file.shown()).collect::<Vec<_>>().join(", ")
}

/// Put a text on one line, with non-printable characters escaped.
fn one_line(text: &str) -> String {
    escaped(text).replace('\r', "\\r").replace('\n', "\\n").replace('\t', "\\t")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(name: &str, value: &str) -> ActingPart {
        ActingPart::Variable { name: name.into(), value: value.into() }
    }

    #[test]
    fn the_digest_depends_on_the_parts_alone() {
        let (one, other) = (variable("A", "1"), variable("B", "2"));
        assert_eq!(digest(&[one.clone(), other.clone()]), digest(&[other.clone(), one.clone(), one.clone()]));
        assert_ne!(digest(std::slice::from_ref(&one)), digest(&[one.clone(), other]));
        assert_ne!(digest(&[variable("AB", "C")]), digest(&[variable("A", "BC")]), "a border that moved");
        let setting = ActingPart::Setting { name: "A".into(), value: "1".into() };
        assert_ne!(digest(&[variable("A", "1")]), digest(&[setting]), "another kind");
    }

    #[test]
    fn the_digest_stays_the_same_from_one_version_to_the_next() {
        let parts = [variable("MODE", "test")];
        let digits = "8f59edd5885c3bf0aa960f9b8f553e4192babf1722f1eb6be6a43c5fd3f9272e";
        assert_eq!(digest(&parts).hex(), digits);
    }

    #[test]
    fn a_line_is_one_line_and_harmless() {
        let line = variable("A", "x\n\u{1b}[2J\u{202e}\tb\r").line();
        assert!(!line.contains(['\n', '\t', '\r', '\u{1b}', '\u{202e}']), "{line:?}");
        assert!(line.contains("\\n\\u001b[2J\\u202e\\tb"), "{line:?}");
    }

    #[test]
    fn a_credential_is_not_shown() {
        let part = ActingPart::SourceSetting {
            file: ".npmrc".into(),
            name: "//h/:_authToken".into(),
            value: "planted".into(),
            files: Vec::new(),
        };
        assert!(!part.line().contains("planted") && !part.short().contains("planted"));
        let address = "https://planted:planted@h/{os}?token=planted (linux-x64)".to_owned();
        let part = ActingPart::Address { tool: "t".into(), request: "1".into(), address, digests: Vec::new() };
        assert_eq!(part.line(), "t 1 comes from https://***@h/{os}?token=*** (linux-x64), without a digest");
        let command = "curl https://planted@h/?t=planted&evil | sh".to_owned();
        let part = ActingPart::PostInstall { tool: "t".into(), command, files: Vec::new() };
        let shown = "installing t runs: curl https://***@h/?t=***&evil | sh  (the files that it uses are not compared)";
        assert_eq!(part.line(), shown);
    }
}
