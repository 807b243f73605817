//! `vx.lock`: the release for each request, and the digests of its archives on every platform.
//!
//! A lock names packages and files, but no hosts, so it works with any mirror. Only a tool from an address of the
//! project keeps that address. This format starts with version 3: versions 1 and 2 were written by another program, and
//! only the tool versions are read from them.

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

/// Version of the format in the file.
pub const VERSION: u64 = 3;

/// Name of the file, beside `vx.toml`.
pub const FILE_NAME: &str = "vx.lock";

/// Content of a lock file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lock {
    /// Tools by their names in `vx.toml`.
    pub tools: BTreeMap<String, LockedTool>,
}

/// A tool's release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockedTool {
    /// Request in `vx.toml` that the version was chosen for.
    pub request: String,
    /// Its version.
    pub version: String,
    /// Its source.
    #[serde(with = "kind_as_text")]
    pub source: SourceKind,
    /// Digest of the project's instructions for the release, if it gives any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instructions: Option<Digest>,
    /// When it was published, if the source said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<Published>,
    /// Archives by platform, in the order of unpacking.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub platforms: BTreeMap<Platform, Vec<LockedPart>>,
}

/// A lock file that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LockFile {
    /// A lock of this format.
    Current(Lock),
    /// A lock of an older format, with the versions that it pins. The next write replaces it, with a notice.
    Old {
        /// Version of its format.
        version: u64,
        /// Pinned versions by tool.
        versions: BTreeMap<String, String>,
    },
}

/// Why the lock file was not read or written.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// The text is not a valid lock.
    #[error("`{}` cannot be understood: {reason}", path.display())]
    Broken {
        /// Path of the file.
        path: PathBuf,
        /// What is wrong, with the line if that is known.
        reason: String,
    },
    /// A newer vx wrote it.
    #[error("`{}` has format {version}, this vx reads up to {VERSION}", path.display())]
    Newer {
        /// Path of the file.
        path: PathBuf,
        /// Version of its format.
        version: u64,
    },
    /// The file system operation failed.
    #[error("`{}` cannot be {action}: {cause}", path.display())]
    Io {
        /// Path of the file.
        path: PathBuf,
        /// `read` or `written`.
        action: &'static str,
        /// Why.
        cause: std::io::Error,
    },
    /// Another vx has been writing it for too long.
    #[error("`{}` has been locked by another vx process for more than {} s", path.display(), waited.as_secs())]
    Busy {
        /// Path of the file.
        path: PathBuf,
        /// How long vx waited.
        waited: std::time::Duration,
        /// The other vx, if it runs where this machine can't see it.
        unseen: Option<UnseenOwner>,
    },
}

impl LockError {
    /// Remove everything from the error that quotes the file, if the file is a link out of the project.
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
                "restore vx.lock from version control, or remove it and run `vx lock`, which chooses every version anew"
                    .into()
            }
            LockError::Busy { unseen: Some(owner), .. } => owner.hint(),
            LockError::Busy { .. } => "wait for the other vx process, or end it".into(),
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
    /// Read the lock file; `None` if it doesn't exist.
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
        // Most locks have the current version, so the version is parsed separately only for the others.
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

    /// Read a lock of another version; `None` if the version is the current one.
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
            _ => Err(broken("it has no `version`".into())),
        }
    }

    /// Write the text of the lock file.
    pub fn render(&self) -> String {
        let document = LockDocument { version: VERSION, tools: self.tools.clone() };
        let body = toml::to_string(&document).expect("a lock has nothing that TOML cannot hold");
        format!("# Written by `vx lock`. Commit it; do not edit it.\n{body}")
    }

    /// Archives of a tool on a platform; `None` if the lock doesn't have them.
    pub fn parts(&self, tool: &str, platform: Platform) -> Option<&[LockedPart]> {
        self.tools.get(tool)?.platforms.get(&platform).map(Vec::as_slice)
    }
}

const VERSION_AS_INTEGER: i64 = VERSION as i64;

impl LockedTool {
    /// Check that the entry names no path outside of the store. This is done when an entry is read, since a lock comes
    /// with a repository, and before one is written, since a source can't be trusted any more than a lock.
    ///
    /// # Errors
    /// Returns the reason, as a sentence without a full stop.
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

/// Put a TOML error on one line.
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
