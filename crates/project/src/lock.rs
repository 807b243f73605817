//! `vx.lock`: the release for each request, and the digests of its archives on every platform.
//!
//! A lock names packages and files, but no hosts, so it works with any mirror. Only a tool from an address of the
//! project keeps that address. Version 3 is the first of this format: versions 1 and 2 were written by another program,
//! and only the tool versions are read from them.

mod compare;
mod file;
mod foreign_lock;
mod part;
mod release_age;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use vx_base::age::Published;
use vx_base::digest::Digest;
use vx_base::files::file_lock::{NO_LOCKS_HINT, UnseenOwner, has_no_locks};
use vx_base::files::small_file::read_regular_text;
use vx_base::package::archive::{Attested, is_one_name};
use vx_base::package::source_kind::SourceKind;
use vx_base::paths::leads_outside;
use vx_base::shown_address::without_secrets;
use vx_base::system::platform::Platform;
use vx_base::trouble::{Explain, TroubleKind};

pub use compare::{LockMismatch, ToolDifference};
pub use file::LockFileGuard;
pub use part::LockedPart;
pub use release_age::Young;

/// The format version in the file.
pub const VERSION: u64 = 3;

/// The name of the file, beside `vx.toml`.
pub const FILE_NAME: &str = "vx.lock";

/// The content of a lock file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lock {
    /// The tools by their names in `vx.toml`.
    pub tools: BTreeMap<String, LockedTool>,
}

/// The release of one tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockedTool {
    /// The request from `vx.toml` that the version was chosen for.
    pub request: String,
    /// The version.
    pub version: String,
    /// Its source.
    #[serde(with = "kind_as_text")]
    pub source: SourceKind,
    /// The digest of the project's instructions for the release, if it gives any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instructions: Option<Digest>,
    /// The time of its publication, if the source gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<Published>,
    /// The archives by platform, in the order of their unpacking.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub platforms: BTreeMap<Platform, Vec<LockedPart>>,
}

/// A lock file that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LockFile {
    /// A lock of this format.
    Current(Lock),
    /// A lock of an older format, with the versions it pins. The next write replaces it, with a notice.
    Old {
        /// The version of its format.
        version: u64,
        /// The pinned versions by tool.
        versions: BTreeMap<String, String>,
    },
}

/// The reasons why the lock file was not read or written.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// The text is not a valid lock.
    #[error("`{}` cannot be understood: {reason}", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// The defect, with its line if that is known.
        reason: String,
    },
    /// A newer vx wrote it.
    #[error("`{}` has format {version}, this vx reads up to {VERSION}", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// The version of its format.
        version: u64,
    },
    /// The file system refused.
    #[error("`{}` cannot be {action}: {cause}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// `read` or `written`.
        action: &'static str,
        /// The reason.
        cause: std::io::Error,
    },
    /// Another vx was writing it for too long.
    #[error("`{}` is being written by another vx for more than {} s", path.display(), waited.as_secs())]
    Busy {
        /// The file.
        path: PathBuf,
        /// The time waited.
        waited: std::time::Duration,
        /// The other vx, if it runs where this machine can't see it.
        unseen: Option<UnseenOwner>,
    },
}

impl LockError {
    /// The error without anything that the file says, if that is a link out of the project.
    fn unquoted_if_outside(self) -> Self {
        match self {
            Self::Broken { path, .. } if leads_outside(&path) => {
                Self::Broken { path, reason: "it is a link out of the project, so its content is not quoted".into() }
            }
            error => error,
        }
    }
}

impl Explain for LockError {
    fn kind(&self) -> TroubleKind {
        match self {
            LockError::Broken { .. } | LockError::Newer { .. } => TroubleKind::Lock,
            LockError::Io { .. } => TroubleKind::Disk,
            LockError::Busy { .. } => TroubleKind::Busy,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            LockError::Newer { .. } => "update vx; or remove vx.lock and write it anew with `vx lock`".into(),
            LockError::Io { cause, .. } if has_no_locks(cause) => NO_LOCKS_HINT.into(),
            LockError::Io { cause, .. } if cause.kind() != std::io::ErrorKind::InvalidData => {
                "check the permissions of the file and of its directory".into()
            }
            LockError::Broken { .. } | LockError::Io { .. } => {
                "take vx.lock from version control again, or remove it and run `vx lock`, which chooses every version anew"
                    .into()
            }
            LockError::Busy { unseen: Some(owner), .. } => owner.hint(),
            LockError::Busy { .. } => "wait for the other vx, or stop it".into(),
        })
    }
}

#[derive(Serialize, Deserialize)]
struct LockDocument {
    version: u64,
    #[serde(default)]
    tools: BTreeMap<String, LockedTool>,
}

impl Lock {
    /// Read the lock file; `None` if there is none.
    pub fn read(path: &Path) -> Result<Option<LockFile>, LockError> {
        match read_regular_text(path) {
            Ok(text) => Self::parse(path, &text).map(Some).map_err(|error| error.unquoted_if_outside()),
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(LockError::Io { path: path.to_owned(), action: "read", cause }),
        }
    }

    /// Parse the text of a lock file.
    pub fn parse(path: &Path, text: &str) -> Result<LockFile, LockError> {
        let broken = |reason: String| LockError::Broken { path: path.to_owned(), reason };
        if text.lines().any(|line| line.starts_with("<<<<<<< ")) {
            return Err(broken("it holds a merge conflict".into()));
        }
        // Most locks have the current version, so the version is parsed by itself only for the others.
        let document = match toml::from_str::<LockDocument>(text) {
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
        Ok(LockFile::Current(Self { tools: document.tools }))
    }

    /// Read a lock of another version; `None` for the current one.
    fn of_another_version(path: &Path, text: &str) -> Result<Option<LockFile>, LockError> {
        let broken = |reason: String| LockError::Broken { path: path.to_owned(), reason };
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| broken(plain(&error)))?;
        match table.get("version").and_then(toml::Value::as_integer) {
            Some(VERSION_AS_INTEGER) => Ok(None),
            Some(version @ (1 | 2)) => {
                Ok(Some(LockFile::Old { version: version.unsigned_abs(), versions: foreign_lock::versions(&table) }))
            }
            Some(version) if version > VERSION_AS_INTEGER => {
                Err(LockError::Newer { path: path.to_owned(), version: version.unsigned_abs() })
            }
            _ => Err(broken("it says no `version`".into())),
        }
    }

    /// The text of the lock file.
    pub fn render(&self) -> String {
        let document = LockDocument { version: VERSION, tools: self.tools.clone() };
        let body = toml::to_string(&document).expect("a lock has nothing that TOML cannot hold");
        format!("# Written by `vx lock`. Commit it; do not edit it.\n{body}")
    }

    /// The archives of a tool on a platform; `None` if the lock does not have them.
    pub fn parts(&self, tool: &str, platform: Platform) -> Option<&[LockedPart]> {
        self.tools.get(tool)?.platforms.get(&platform).map(Vec::as_slice)
    }
}

const VERSION_AS_INTEGER: i64 = VERSION as i64;

impl LockedTool {
    /// Check that the entry names no path outside of the store: one that is read, since a lock comes with a repository,
    /// and one that is to be written, since a source is no more to be trusted.
    ///
    /// # Errors
    /// The reason, as a sentence without a full stop.
    pub fn check(&self) -> Result<(), String> {
        if let Some((platform, _)) = self.platforms.iter().find(|(_, parts)| parts.is_empty()) {
            return Err(format!("there is no archive for {platform}"));
        }
        if !is_one_name(&self.version) {
            return Err(format!("`{}` cannot be a version", self.version));
        }
        for part in self.platforms.values().flatten() {
            let archive = &part.archive;
            if let Some(fault) = archive.fault() {
                return Err(fault);
            }
            if part.signature.is_some() && part.signed_by.is_none() {
                return Err(format!("`{}` has a signature, and no key is named for it", archive.file));
            }
            if let Some(fault) = part.attested.as_ref().and_then(Attested::fault) {
                return Err(fault);
            }
            let facts = self.source.facts();
            match (facts.has_own_address, &part.url) {
                (true, None) => return Err(format!("`{}` has no address", archive.file)),
                (false, Some(_)) if facts.is_installed => {
                    return Err(format!("`{}` of a registry has an address", archive.file));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// A TOML error on one line.
fn plain(error: &toml::de::Error) -> String {
    without_secrets(&error.to_string())
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

mod kind_as_text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use vx_base::package::source_kind::SourceKind;

    pub(super) fn serialize<S: Serializer>(kind: &SourceKind, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(kind.name())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<SourceKind, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests;
