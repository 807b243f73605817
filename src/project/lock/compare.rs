//! Whether a lock answers what the project asks for now.

use std::fmt;

use super::{Lock, LockedTool};
use crate::candidate::SourceKind;
use crate::project::config::ToolRequest;
use crate::template;

/// A tool for which lock and project disagree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The tool.
    pub tool: String,
    /// How they disagree.
    pub change: Change,
}

/// How lock and project can disagree about a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The project asks for it, the lock does not have it.
    Added,
    /// The lock has it, the project does not ask for it.
    Removed,
    /// The project asks for another version.
    Request {
        /// The request that the lock answers.
        locked: String,
        /// The request of the project.
        wanted: String,
    },
    /// The project names another source.
    Source {
        /// The lock's.
        locked: SourceKind,
        /// The project's.
        wanted: SourceKind,
    },
    /// The project names another address, or another digest for it.
    Address,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tool = &self.tool;
        match &self.change {
            Change::Added => write!(f, "`{tool}` is not in the lock"),
            Change::Removed => write!(f, "`{tool}` is in the lock and no longer in vx.toml"),
            Change::Request { locked, wanted } => {
                write!(f, "`{tool}` was locked for `{locked}`, vx.toml says `{wanted}`")
            }
            Change::Source { locked, wanted } => write!(f, "`{tool}` was locked from {locked}, vx.toml says {wanted}"),
            Change::Address => write!(f, "`{tool}` was locked for another address or digest"),
        }
    }
}

impl Lock {
    /// Where the lock does not answer these tools; empty when it does. The copies on `PATH` are never locked.
    pub fn differences(&self, tools: &[ToolRequest]) -> Vec<Difference> {
        let lockable = |tool: &&ToolRequest| !tool.request.is_system() && tool.source != Some(SourceKind::System);
        let wanted: Vec<&ToolRequest> = tools.iter().filter(lockable).collect();
        let mut differences: Vec<Difference> = wanted
            .iter()
            .filter_map(|tool| {
                let change = match self.tools.get(&tool.name) {
                    None => Some(Change::Added),
                    Some(locked) => change(locked, tool),
                };
                change.map(|change| Difference { tool: tool.name.clone(), change })
            })
            .collect();
        let gone = self.tools.keys().filter(|name| !wanted.iter().any(|tool| tool.name == **name));
        differences.extend(gone.map(|name| Difference { tool: name.clone(), change: Change::Removed }));
        differences
    }
}

fn change(locked: &LockedTool, tool: &ToolRequest) -> Option<Change> {
    if locked.request != tool.request.text() {
        return Some(Change::Request { locked: locked.request.clone(), wanted: tool.request.text().to_owned() });
    }
    match tool.source {
        Some(wanted) if wanted != locked.source => return Some(Change::Source { locked: locked.source, wanted }),
        None if locked.source == SourceKind::Url => return Some(Change::Address),
        _ => {}
    }
    let url = tool.url.as_ref()?;
    let moved = locked.platforms.iter().any(|(platform, parts)| {
        let address = template::expand(url, &locked.version, *platform);
        let declared = tool.sha256.as_ref().and_then(|digests| digests.of(*platform));
        parts
            .iter()
            .any(|part| part.url.as_ref() != Some(&address) || declared.is_some_and(|digest| *digest != part.digest))
    });
    moved.then_some(Change::Address)
}
