//! Compares a lock with the requests of the project.

use std::fmt;

use vx_base::digest::Digest;
use vx_base::package::source_kind::SourceKind;
use vx_base::shown_address::locked_address;
use vx_base::template;

use super::{Lock, LockedPart, LockedTool};
use crate::config::{DeclaredDigests, ToolRequest};

/// A tool whose lock entry does not match the project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolDifference {
    /// Name of the tool.
    pub tool: String,
    /// How it differs.
    pub change: LockMismatch,
}

/// How lock and project can differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LockMismatch {
    /// The tool is only in the project.
    Added,
    /// The tool is only in the lock.
    Removed,
    /// The project requests another version.
    Request {
        /// Request in the lock.
        locked: String,
        /// Request in the project.
        wanted: String,
    },
    /// The project names another source.
    Source {
        /// Source in the lock.
        locked: SourceKind,
        /// Source in the project.
        wanted: SourceKind,
    },
    /// The project names another package.
    Package {
        /// Package in the project.
        wanted: String,
    },
    /// The project gives other instructions: `strip`, `bin` or `postinstall`.
    Instructions,
    /// The project names another address, or another digest for it.
    Address,
}

impl fmt::Display for ToolDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tool = &self.tool;
        match &self.change {
            LockMismatch::Added => write!(f, "`{tool}` is not in the lock"),
            LockMismatch::Removed => write!(f, "`{tool}` is in the lock and no longer in vx.toml"),
            LockMismatch::Request { locked, wanted } => {
                write!(f, "`{tool}` was locked for `{locked}`, vx.toml says `{wanted}`")
            }
            LockMismatch::Source { locked, wanted } => {
                write!(f, "`{tool}` was locked from {locked}, vx.toml says {wanted}")
            }
            LockMismatch::Package { wanted } => write!(f, "`{tool}` was locked from another package than {wanted}"),
            LockMismatch::Instructions => write!(f, "`{tool}` was locked for another `strip`, `bin` or `postinstall`"),
            LockMismatch::Address => write!(f, "`{tool}` was locked for another address or digest"),
        }
    }
}

impl Lock {
    /// Find where the lock and these tools differ. Copies on `PATH` are never locked.
    pub fn differences(&self, tools: &[ToolRequest]) -> Vec<ToolDifference> {
        let is_installed = |source: SourceKind| source.facts().is_installed;
        let lockable = |tool: &&ToolRequest| !tool.request.is_system() && tool.source.is_none_or(is_installed);
        let wanted: Vec<&ToolRequest> = tools.iter().filter(lockable).collect();
        let mut differences: Vec<ToolDifference> = wanted
            .iter()
            .filter_map(|tool| {
                let change = match self.tools.get(&tool.name) {
                    None => Some(LockMismatch::Added),
                    Some(locked) => change(locked, tool),
                };
                change.map(|change| ToolDifference { tool: tool.name.clone(), change })
            })
            .collect();
        let gone = self.tools.keys().filter(|name| !wanted.iter().any(|tool| tool.name == **name));
        differences.extend(gone.map(|name| ToolDifference { tool: name.clone(), change: LockMismatch::Removed }));
        differences
    }
}

fn change(locked: &LockedTool, tool: &ToolRequest) -> Option<LockMismatch> {
    if locked.request != tool.request.text() {
        return Some(LockMismatch::Request { locked: locked.request.clone(), wanted: tool.request.text().to_owned() });
    }
    match tool.source {
        Some(wanted) if wanted != locked.source => return Some(LockMismatch::Source { locked: locked.source, wanted }),
        None if locked.source.facts().has_own_address => return Some(LockMismatch::Address),
        _ => {}
    }
    if let Some(wanted) = tool.package.clone().filter(|package| is_of_another(locked, package)) {
        return Some(LockMismatch::Package { wanted });
    }
    if is_moved(locked, tool) {
        return Some(LockMismatch::Address);
    }
    (locked.instructions != tool.instructions()).then_some(LockMismatch::Instructions)
}

/// Whether the lock has a package other than this one for any platform.
fn is_of_another(locked: &LockedTool, package: &str) -> bool {
    let firsts = locked.platforms.values().filter_map(|parts| parts.first());
    firsts.into_iter().any(|part| part.archive.package != package)
}

/// Whether the project names another address for any locked platform, or another digest for that archive.
fn is_moved(locked: &LockedTool, tool: &ToolRequest) -> bool {
    let Some(url) = &tool.url else { return false };
    let declared = tool.sha256.as_ref().filter(|_| !tool.has_digest_of_one_platform());
    let differs = |digest: &Digest, part: &LockedPart| part.archive.digest.as_ref() != Some(digest);
    if let Some(DeclaredDigests::One(digest)) = tool.sha256.as_ref().filter(|_| tool.has_digest_of_one_platform()) {
        // The file doesn't say which platform's archive has this digest.
        if locked.platforms.values().flatten().all(|part| differs(digest, part)) {
            return true;
        }
    }
    locked.platforms.iter().any(|(platform, parts)| {
        let address =
            url.for_platform(*platform).map(|template| template::expand(template, &locked.version, *platform));
        let address = address.as_deref().map(locked_address);
        let declared = declared.and_then(|digests| digests.for_platform(*platform));
        parts.iter().any(|part| part.url != address || declared.is_some_and(|digest| differs(digest, part)))
    })
}
