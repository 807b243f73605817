//! Builders of archives: which of them a lock holds, and what is reported about archives without one.
//!
//! An attestation that is wrong, or that names another builder than the lock, refuses the tool
//! ([`changed`](super::changed)). A missing attestation doesn't, unless the settings require it: mirrors don't pass
//! attestations on.

use vx_base::package::archive::{Archive, Attested};
use vx_base::trouble::{Explain, Trouble, TroubleKind};
use vx_fetch::{Artifact, Attestation};
use vx_project::{LockedPart, LockedTool, ToolRequest};

use super::Resolver;
use super::archives::Archives;
use super::changed::predecessor;

/// The settings require an attestation of a tool, and one of its archives has none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{package} {version}: `require_provenance` names `{tool}`, and {reason}")]
pub(super) struct Unattested {
    tool: String,
    package: String,
    version: String,
    reason: String,
}

impl Explain for Unattested {
    fn kind(&self) -> TroubleKind {
        TroubleKind::Signature
    }

    fn hint(&self) -> Option<String> {
        let tool = &self.tool;
        Some(format!(
            "name a registry that passes attestations on and run `vx lock {tool}`, or take `{tool}` out of \
             `require_provenance` in [settings]"
        ))
    }
}

impl Unattested {
    fn for_archive(tool: &str, archive: &Archive, reason: &str) -> Self {
        let (package, version) = (archive.package.clone(), archive.version.clone());
        Self { tool: tool.to_owned(), package, version, reason: reason.to_owned() }
    }
}

impl Resolver<'_> {
    /// Find the first archive without a verified attestation, if the settings require one.
    pub(super) fn unattested(&self, ask: &ToolRequest, archives: &Archives) -> Option<Unattested> {
        if !self.sources.requires_provenance(&ask.name) {
            return None;
        }
        let mut artifacts = archives.values().flatten().flatten();
        artifacts.find_map(|now| {
            now.attestation.lack().map(|reason| Unattested::for_archive(&ask.name, &now.archive, reason))
        })
    }

    /// Find the first locked archive for which the lock names no builder, if the settings require one.
    pub(super) fn unclaimed(&self, ask: &ToolRequest, parts: &[LockedPart]) -> Option<Unattested> {
        let required = self.sources.requires_provenance(&ask.name);
        let bare = parts.iter().find(|part| required && part.attested.is_none())?;
        Some(Unattested::for_archive(&ask.name, bare.archive(), "vx.lock names nobody who built it"))
    }
}

/// Choose the builder to lock: the proved one, or else the present entry's for the same bytes. So an entry loses
/// nothing when a colleague updates it through a mirror that passes no attestations on.
pub(super) fn builder(now: &Artifact, before: Option<&LockedTool>) -> Option<Attested> {
    if let Attestation::By(attested) = &now.attestation {
        return Some(attested.clone());
    }
    let mut parts = before?.platforms.values().flatten();
    let same = parts.find(|part| {
        let known = part.archive();
        known.digest == now.archive.digest && (&known.package, &known.file) == (&now.archive.package, &now.archive.file)
    });
    same?.attested.clone()
}

/// Warn about archives whose attestation could not be verified, and about those that have none although the lock names
/// a builder of the previous version; each is named once.
pub(super) fn warning(tool: &str, before: Option<&LockedTool>, archives: &Archives) -> Option<Trouble> {
    let mut lines: Vec<String> = Vec::new();
    for (platform, answer) in archives {
        for (at, now) in answer.iter().flatten().enumerate() {
            let part = before.and_then(|before| predecessor(before, *platform, at, now));
            let builder = part.and_then(|part| Some((part, part.attested.as_ref()?)));
            let said = match (&now.attestation, builder) {
                (Attestation::By(_), _) | (Attestation::Unoffered, None) => continue,
                (lacking, None) => lacking.lack().unwrap_or_default().to_owned(),
                (lacking, Some((part, by))) => {
                    let (lack, version) = (lacking.lack().unwrap_or_default(), &part.archive().version);
                    format!("{lack}, and vx.lock has {version}, built by {by}")
                }
            };
            lines.push(format!("  {} {}: {said}", now.archive.package, now.archive.version));
        }
    }
    lines.sort();
    lines.dedup();
    let text = format!("no attestation proves who built `{tool}`:");
    (!lines.is_empty()).then(|| Trouble::new(TroubleKind::Signature, text).detailed(lines))
}
