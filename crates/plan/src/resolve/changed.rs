//! Archives that differ from the lock: the same version with other bytes, no longer signed, or with another builder.
//!
//! A published version doesn't change, and a registry that signs doesn't stop. If either happens, a person has to look;
//! nothing is locked until then.

use vx_base::digest::Digest;
use vx_base::package::archive::Attested;
use vx_base::system::platform::Platform;
use vx_base::trouble::{Explain, TroubleKind};
use vx_fetch::Artifact;
use vx_project::{LockedPart, LockedTool, ToolRequest};

use super::Resolver;
use super::archives::Archives;

/// An archive that differs from the lock.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{package} {version} {change}")]
pub(super) struct ChangedArchive {
    tool: String,
    package: String,
    version: String,
    change: ArchiveChange,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum ArchiveChange {
    #[error("has other bytes than before: vx.lock has {locked}, and its source says {now}")]
    Bytes { locked: Digest, now: Digest },
    #[error("is not signed any more: vx.lock has {before}, signed by {key}, and now {reason}")]
    Unsigned { before: String, key: String, reason: String },
    #[error("has another builder: vx.lock has {version}, built by {}, and this one was built by {}", builders.0, builders.1)]
    Builder { version: String, builders: Box<(Attested, Attested)> },
}

impl Explain for ChangedArchive {
    fn kind(&self) -> TroubleKind {
        match self.change {
            ArchiveChange::Bytes { .. } => TroubleKind::Digest,
            ArchiveChange::Unsigned { .. } | ArchiveChange::Builder { .. } => TroubleKind::Signature,
        }
    }

    fn hint(&self) -> Option<String> {
        let tool = &self.tool;
        Some(match &self.change {
            // Without `--upgrade`, the tool would be locked at its present version.
            ArchiveChange::Builder { version, .. } if *version != self.version => format!(
                "look up why its build has moved; if it is intended, allow it with `vx lock {tool} --upgrade {tool}`"
            ),
            _ => format!("compare with another mirror; if the change is intended, allow it with `vx lock {tool}`"),
        })
    }
}

impl Resolver<'_> {
    /// Find the first of these archives that differs from the lock.
    pub(super) fn changed(&self, ask: &ToolRequest, archives: &Archives) -> Option<ChangedArchive> {
        let before = self.lock.tools.get(&ask.name)?;
        archives.iter().find_map(|(platform, answer)| {
            let artifacts = answer.as_ref().ok()?;
            artifacts.iter().enumerate().find_map(|(at, now)| {
                let part = predecessor(before, *platform, at, now)?;
                let declared = ask.digest_of(*platform, self.platform);
                let change =
                    bytes(part, now, declared).or_else(|| unsigned(part, now)).or_else(|| rebuilt(part, now))?;
                let (package, version) = (now.archive.package.clone(), now.archive.version.clone());
                Some(ChangedArchive { tool: ask.name.clone(), package, version, change })
            })
        })
    }
}

/// Detect another builder than before, in any version.
fn rebuilt(part: &LockedPart, now: &Artifact) -> Option<ArchiveChange> {
    let (before, by) = (part.attested.clone()?, now.attestation.attested()?.clone());
    let version = part.archive().version.clone();
    (before != by).then(|| ArchiveChange::Builder { version, builders: Box::new((before, by)) })
}

/// Find the lock's part for the same package on any platform, or else the part in the same position: packages are
/// renamed.
pub(super) fn predecessor<'a>(
    before: &'a LockedTool,
    platform: Platform,
    at: usize,
    now: &Artifact,
) -> Option<&'a LockedPart> {
    let own = before.platforms.get(&platform).map(Vec::as_slice).unwrap_or_default();
    let all = own.iter().chain(before.platforms.values().flatten());
    let mut same = all.filter(|part| part.archive().package == now.archive.package);
    same.next().or_else(|| own.get(at))
}

/// Detect other bytes under the same file name, unless vx.toml declares them.
fn bytes(part: &LockedPart, now: &Artifact, declared: Option<&Digest>) -> Option<ArchiveChange> {
    let (old, new) = (part.archive(), &now.archive);
    let same = (&old.package, &old.version, &old.file) == (&new.package, &new.version, &new.file);
    let moved = part.url.as_ref().is_some_and(|url| *url != now.origin.url);
    let (locked, now) = (old.digest.clone()?, new.digest.clone()?);
    (same && !moved && locked != now && declared != Some(&now)).then_some(ArchiveChange::Bytes { locked, now })
}

fn unsigned(part: &LockedPart, now: &Artifact) -> Option<ArchiveChange> {
    let key = part.signed_by.clone()?;
    let reason = now.signature.lack()?.to_owned();
    Some(ArchiveChange::Unsigned { before: part.archive().version.clone(), key, reason })
}

#[cfg(test)]
mod tests {
    use super::*;
    use vx_base::package::archive::{Archive, Origin, Signed};
    use vx_fetch::{Attestation, Signature};

    fn artifact(version: &str, digit: char, signature: Signature) -> Artifact {
        let archive = Archive {
            package: "@esbuild/linux-x64".into(),
            version: version.into(),
            file: format!("linux-x64-{version}.tgz"),
            digest: digit.to_string().repeat(64).parse().ok(),
            ..Archive::default()
        };
        let origin = Origin { url: "https://h.invalid/x.tgz".into(), authorization: None };
        Artifact { archive, origin, signature, attestation: Attestation::Unoffered }
    }

    fn by(key: &str) -> Signature {
        Signature::By(Signed { key: key.into(), signature: "MEUC".into() })
    }

    fn locked(artifact: &Artifact) -> LockedPart {
        LockedPart::new(artifact.archive.clone(), artifact.signature.signed().cloned(), None).unwrap()
    }

    #[test]
    fn other_bytes_of_one_version_are_a_change_unless_they_are_declared() {
        let part = locked(&artifact("1.0.0", 'a', Signature::Unoffered));
        let now = |version, digit| artifact(version, digit, Signature::Unoffered);
        assert_eq!(bytes(&part, &now("1.0.0", 'a'), None), None);
        assert_eq!(bytes(&part, &now("1.0.1", 'b'), None), None);
        assert!(matches!(bytes(&part, &now("1.0.0", 'b'), None), Some(ArchiveChange::Bytes { .. })));
        let declared = "b".repeat(64).parse().unwrap();
        assert_eq!(bytes(&part, &now("1.0.0", 'b'), Some(&declared)), None);
        // A digest of another algorithm can't be compared, so it doesn't prove the same bytes.
        let mut weaker = now("1.0.0", 'a');
        weaker.archive.digest = format!("sha512:{}", "a".repeat(128)).parse().ok();
        assert!(bytes(&part, &weaker, None).is_some());
    }

    #[test]
    fn a_signature_that_is_gone_is_a_change_in_any_version() {
        let part = locked(&artifact("1.0.0", 'a', by("SHA256:one")));
        for version in ["1.0.0", "1.1.0"] {
            assert_eq!(unsigned(&part, &artifact(version, 'a', by("SHA256:two"))), None);
            assert!(unsigned(&part, &artifact(version, 'a', Signature::Unoffered)).is_some());
            assert!(unsigned(&part, &artifact(version, 'a', Signature::Absent("it has none".into()))).is_some());
        }
        let never = locked(&artifact("1.0.0", 'a', Signature::Unoffered));
        assert_eq!(unsigned(&never, &artifact("1.0.0", 'a', Signature::Unoffered)), None);
    }
}
