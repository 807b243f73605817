//! `vx.lock`: which release answers each request, and what its archives digest to on every platform.
//!
//! It names packages and files, never hosts, so that one lock works behind any mirror; only a tool that the project
//! fetches from an address of its own keeps that address. Version 3 is the first of this format: locks of version 1 and
//! 2 were written by another program and are read for their versions only.

mod compare;
mod file;
mod old;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::candidate::SourceKind;
use crate::digest::Digest;
use crate::hint::Hint;
use crate::platform::Platform;

pub use compare::{Change, Difference};
pub use file::Guard;

/// The version of the format, as the file says it.
pub const VERSION: u64 = 3;

/// The name of the file, beside `vx.toml`.
pub const FILE_NAME: &str = "vx.lock";

/// What a lock file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lock {
    /// The tools by their names in `vx.toml`.
    pub tools: BTreeMap<String, LockedTool>,
}

/// The release of one tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockedTool {
    /// The request it answers, as `vx.toml` has it.
    pub request: String,
    /// The version.
    pub version: String,
    /// Where it comes from.
    #[serde(with = "kind_as_text")]
    pub source: SourceKind,
    /// The archives that make it up, in the order in which they are unpacked, by platform.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub platforms: BTreeMap<Platform, Vec<LockedPart>>,
}

/// One archive of a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockedPart {
    /// The package's name in its registry; for an address, the tool's.
    pub package: String,
    /// The package's version, which may differ from the tool's.
    pub version: String,
    /// The archive's file name.
    pub file: String,
    /// What the archive digests to.
    pub digest: Digest,
    /// The key of the registry that signed package, version and digest, where it signs and this was checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<String>,
    /// Its size in bytes, where the source says.
    #[serde(default, skip_serializing_if = "is_unsayable")]
    pub size: Option<u64>,
    /// How many leading path components to drop.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub strip: u32,
    /// The folder of the release to unpack into; empty for the top.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub into: String,
    /// The address, for tools that the project fetches from one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// What was found where the lock file should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A lock of this format.
    Current(Lock),
    /// A lock of an older format, with the versions it pins; to be replaced on the next write, with one notice.
    Old {
        /// Its format.
        version: u64,
        /// The pinned versions by tool.
        versions: BTreeMap<String, String>,
    },
}

/// Why the lock file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Its text is no lock.
    #[error("`{}` cannot be understood: {reason}", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// What is wrong, with the line where that is known.
        reason: String,
    },
    /// A newer vx wrote it.
    #[error("`{}` has format {version}, this vx reads up to {VERSION}", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        version: u64,
    },
    /// The file system said no.
    #[error("`{}` cannot be {action}: {cause}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// `read` or `written`.
        action: &'static str,
        /// Why.
        cause: std::io::Error,
    },
    /// Another vx has been writing it for too long.
    #[error("`{}` is being written by another vx for more than {} s", path.display(), waited.as_secs())]
    Busy {
        /// The file that says so.
        path: PathBuf,
        /// How long this one waited.
        waited: std::time::Duration,
    },
}

impl Hint for LockError {
    fn hint(&self) -> Option<String> {
        Some(match self {
            LockError::Broken { .. } => {
                "take vx.lock from version control again, or remove it and run `vx lock`, which chooses every version anew"
                    .into()
            }
            LockError::Newer { .. } => "update vx; or remove vx.lock and write it anew with `vx lock`".into(),
            LockError::Io { .. } => "check the permissions of the file and of its directory".into(),
            LockError::Busy { .. } => "wait for the other vx, or stop it".into(),
        })
    }
}

#[derive(Serialize, Deserialize)]
struct Document {
    version: u64,
    #[serde(default)]
    tools: BTreeMap<String, LockedTool>,
}

impl Lock {
    /// Reads the lock file; `None` when there is none.
    pub fn read(path: &Path) -> Result<Option<Found>, LockError> {
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(path, &text).map(Some),
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(LockError::Io { path: path.to_owned(), action: "read", cause }),
        }
    }

    /// Understands the text of a lock file.
    pub fn parse(path: &Path, text: &str) -> Result<Found, LockError> {
        let broken = |reason: String| LockError::Broken { path: path.to_owned(), reason };
        if text.lines().any(|line| line.starts_with("<<<<<<< ")) {
            return Err(broken("it holds a merge conflict".into()));
        }
        // Nearly always it is one of this version: only where it is not, its version is looked at by itself.
        let document = match toml::from_str::<Document>(text) {
            Ok(document) if document.version == VERSION => document,
            read => {
                if let Some(versions) = Self::of_another_version(path, text)? {
                    return Ok(versions);
                }
                read.map_err(|error| broken(plain(&error)))?
            }
        };
        for (name, tool) in &document.tools {
            tool.check().map_err(|reason| broken(format!("tool `{name}`: {reason}")))?;
        }
        Ok(Found::Current(Self { tools: document.tools }))
    }

    /// What a lock of another version has; none for one of this version.
    fn of_another_version(path: &Path, text: &str) -> Result<Option<Found>, LockError> {
        let broken = |reason: String| LockError::Broken { path: path.to_owned(), reason };
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| broken(plain(&error)))?;
        match table.get("version").and_then(toml::Value::as_integer) {
            Some(VERSION_AS_INTEGER) => Ok(None),
            Some(version @ (1 | 2)) => {
                Ok(Some(Found::Old { version: version.unsigned_abs(), versions: old::versions(&table) }))
            }
            Some(version) if version > VERSION_AS_INTEGER => {
                Err(LockError::Newer { path: path.to_owned(), version: version.unsigned_abs() })
            }
            _ => Err(broken("it says no `version`".into())),
        }
    }

    /// The text of the lock file.
    pub fn render(&self) -> String {
        let document = Document { version: VERSION, tools: self.tools.clone() };
        let body = toml::to_string(&document).expect("a lock has nothing that TOML cannot hold");
        format!("# Written by `vx lock`. Commit it; do not edit it.\n{body}")
    }

    /// The archives of a tool on a platform; `None` when the lock does not have them.
    pub fn parts(&self, tool: &str, platform: Platform) -> Option<&[LockedPart]> {
        self.tools.get(tool)?.platforms.get(&platform).map(Vec::as_slice)
    }
}

const VERSION_AS_INTEGER: i64 = VERSION as i64;

impl LockedTool {
    /// A lock comes with a repository: what it says must not lead outside of the store.
    fn check(&self) -> Result<(), String> {
        if let Some((platform, _)) = self.platforms.iter().find(|(_, parts)| parts.is_empty()) {
            return Err(format!("there is no archive for {platform}"));
        }
        let parts = self.platforms.values().flatten();
        if !is_one_name(&self.version) {
            return Err(format!("`{}` cannot be a version", self.version));
        }
        for part in parts {
            if !is_one_name(&part.file) {
                return Err(format!("`{}` is no file name", part.file));
            }
            let inside = part.into.is_empty() || part.into.split('/').all(is_one_name);
            if !inside {
                return Err(format!("`{}` is no folder inside the release", part.into));
            }
            match (self.source, &part.url) {
                (SourceKind::Url, None) => return Err(format!("`{}` has no address", part.file)),
                (SourceKind::Npm | SourceKind::Pypi | SourceKind::Vendor, Some(_)) => {
                    return Err(format!("`{}` of a registry has an address", part.file));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn is_one_name(text: &str) -> bool {
    !matches!(text, "" | "." | "..") && !text.contains(['/', '\\', '\0', ':'])
}

/// A TOML error on one line.
fn plain(error: &toml::de::Error) -> String {
    error.to_string().lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

/// TOML's numbers end at 2^63; a server that claims more says nothing.
fn is_unsayable(size: &Option<u64>) -> bool {
    size.is_none_or(|size| i64::try_from(size).is_err())
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}

mod kind_as_text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use crate::candidate::SourceKind;

    pub(super) fn serialize<S: Serializer>(kind: &SourceKind, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(kind.name())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<SourceKind, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests;
