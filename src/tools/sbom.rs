//! A record of a project's tools for auditors, made from the lock alone: each archive with its source, its digest, and
//! its builder.
//!
//! The same lock gives the same bytes on every machine: nothing installed is examined, and the document's time is that
//! of SOURCE_DATE_EPOCH, or else of the last publication in the lock. Licences are not included, since locks don't hold
//! them.

mod cyclonedx;
mod package_url;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;
use vx_base::age::Published;
use vx_base::digest::{Algorithm, Digest};
use vx_base::package::source_kind::SourceKind;
use vx_base::paths::Home;
use vx_base::system::platform::Platform;
use vx_base::trouble::{Trouble, TroubleKind};
use vx_project::{Lock, LockedPart, LockedTool};

use crate::workspace::error::WorkError;
use crate::workspace::frontend::Frontend;
use crate::workspace::frontend::notice::Notice;
use crate::workspace::project::{Access, Faults, ProjectPlace, Workspace, check_entries};
use package_url::package_url;

/// Everything that a record holds, in the order of its output.
struct Inventory {
    /// The project.
    title: String,
    /// The time of the record.
    time: Timestamp,
    tools: Vec<SbomTool>,
}

struct SbomTool {
    name: String,
    version: String,
    source: SourceKind,
    archives: Vec<Item>,
}

/// An archive, once for all platforms that it is for.
struct Item {
    /// Its unique name in the record.
    id: String,
    part: LockedPart,
    digest: Digest,
    package_url: String,
    platforms: Vec<Platform>,
}

/// The record of the tools in the lock of the project at `place`, in CycloneDX 1.6.
///
/// # Errors
/// The project or its lock cannot be used, or the lock holds none of its tools.
pub fn sbom(home: Home, place: &ProjectPlace, frontend: &dyn Frontend) -> Result<Value, WorkError> {
    let workspace = Workspace::open(home, place, Faults::Refuse, frontend)?;
    let sources = workspace.sources(Access::Offline);
    check_entries(&workspace.resolver(&sources), &workspace.project.tools)?;
    let differences: Vec<String> =
        workspace.lock.differences(&workspace.project.tools).iter().map(ToString::to_string).collect();
    if workspace.lock.tools.is_empty() && !differences.is_empty() {
        return Err(WorkError::Unlocked { differences, above: None });
    }
    if !differences.is_empty() {
        let text = "the record describes vx.lock, which does not fit vx.toml:";
        let lines = differences.iter().map(|difference| format!("  {difference}"));
        frontend.notice(Notice::Resolution(
            Trouble::new(TroubleKind::Lock, text).detailed(lines).hinted("run `vx lock` and commit vx.lock"),
        ));
    }
    note_the_inherited(&workspace, frontend);
    let epoch = std::env::var("SOURCE_DATE_EPOCH").ok();
    Ok(cyclonedx::document(&Inventory::from_lock(workspace.title(), &workspace.lock, epoch.as_deref())))
}

/// Send notices of inherited tools, which are not in this lock but in the locks of the projects that declare them.
fn note_the_inherited(workspace: &Workspace, frontend: &dyn Frontend) {
    for (at, above) in workspace.above.iter().enumerate() {
        let names: Vec<String> = workspace.given(at + 1).into_iter().map(|ask| ask.name).collect();
        if !names.is_empty() {
            let (path, names) = (above.project.path.display(), names.join(", "));
            let text = format!("the record does not include inherited tools: `{path}` declares {names}");
            let hint = "run the command in that directory to get their record";
            frontend.notice(Notice::Resolution(Trouble::new(TroubleKind::Lock, text).hinted(hint)));
        }
    }
}

impl Inventory {
    fn from_lock(title: String, lock: &Lock, epoch: Option<&str>) -> Self {
        let published = |tool: &LockedTool| match tool.published {
            Some(Published::At(at) | Published::By(at)) => Some(at),
            None => None,
        };
        let named = epoch.and_then(|text| Timestamp::from_second(text.trim().parse().ok()?).ok());
        let last = lock.tools.values().filter_map(published).max();
        let time = named.or(last).unwrap_or(Timestamp::UNIX_EPOCH);
        Self {
            title,
            time,
            tools: lock.tools.iter().map(|(name, locked)| SbomTool::from_locked(name, locked)).collect(),
        }
    }

    /// The record's own name: the digest of its contents, in the form of a UUID of version 8.
    fn uuid(&self) -> String {
        let mut hasher = Algorithm::Sha256.hasher();
        hasher.update(self.title.as_bytes());
        hasher.update(self.time.to_string().as_bytes());
        for SbomTool { name, version, source, archives } in &self.tools {
            hasher.update(format!("\n{name} {version} {source}").as_bytes());
            for Item { id, part, platforms, .. } in archives {
                hasher.update(format!("\n{id} {part:?} {platforms:?}").as_bytes());
            }
        }
        let hex = hasher.finish().hex();
        format!("{}-{}-8{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32])
    }
}

impl SbomTool {
    fn from_locked(name: &str, locked: &LockedTool) -> Self {
        let mut archives: BTreeMap<String, Item> = BTreeMap::new();
        for (platform, parts) in &locked.platforms {
            for part in parts {
                // Every part in a lock has a digest.
                let Some(digest) = part.archive().digest.clone() else { continue };
                // Archives of a tool from an address may differ only in the folder of their URL, so the digest is part
                // of the id.
                let id = format!("{name}/{}/{}#{}", part.archive().package, part.archive().file, &digest.hex()[..12]);
                let package_url = package_url(locked.source, part);
                let item = || Item { id: id.clone(), part: part.clone(), digest, package_url, platforms: Vec::new() };
                let known = archives.entry(id.clone()).or_insert_with(item);
                if !known.platforms.contains(platform) {
                    known.platforms.push(*platform);
                }
            }
        }
        let archives = archives.into_values().collect();
        Self { name: name.to_owned(), version: locked.version.clone(), source: locked.source, archives }
    }
}

#[cfg(test)]
mod tests;
