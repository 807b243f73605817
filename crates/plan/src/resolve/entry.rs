//! A tool's lock entry, and the warning about platforms that it lacks.

use std::collections::BTreeMap;

use vx_base::package::candidate::Candidate;
use vx_base::package::source_kind::SourceKind;
use vx_base::shown_address::locked_address;
use vx_base::system::platform::Platform;
use vx_base::trouble::{Trouble, TroubleKind};
use vx_fetch::{Artifact, Recipe, Signature};
use vx_project::{LockedPart, LockedTool, ToolRequest};

use super::archives::{Archives, MissingArchives};
use super::attested;

/// Make a tool's new lock entry, with the platforms whose digests are known; `None` if no platform is left, or if the
/// entry is unchanged. `before` is the present entry, unless it is renewed.
pub(super) fn entry(
    ask: &ToolRequest,
    recipe: &Recipe,
    release: &Candidate,
    known: Option<&LockedTool>,
    before: Option<&LockedTool>,
    archives: &Archives,
) -> Option<LockedTool> {
    let mut platforms = known.map(|known| known.platforms.clone()).unwrap_or_default();
    for (platform, artifacts) in archives {
        if let Ok(artifacts) = artifacts {
            let parts: Option<Vec<LockedPart>> =
                artifacts.iter().map(|artifact| locked_part(artifact, recipe.source, before)).collect();
            platforms.extend(parts.map(|parts| (*platform, parts)));
        }
    }
    let (request, version) = (ask.request.text().to_owned(), release.version.clone());
    let (instructions, published) = (ask.instructions(), release.published);
    let entry = LockedTool { request, version, source: recipe.source, instructions, published, platforms };
    (!entry.platforms.is_empty() && known != Some(&entry)).then_some(entry)
}

/// Warn about platforms that the lock lacks although the tool may exist for them; each reason is given once.
pub(super) fn warning(tool: &str, archives: &Archives) -> Option<Trouble> {
    let mut reasons: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut kind = None;
    for (platform, answer) in archives {
        if let Err(MissingArchives::Unknown(error)) = answer {
            kind = kind.or(Some(error.kind));
            reasons.entry(&error.text).or_default().push(Platform::to_string(platform));
        }
    }
    let text = format!("vx.lock lacks `{tool}` for these platforms:");
    let lines = reasons.iter().map(|(reason, platforms)| format!("  {}: {reason}", platforms.join(", ")));
    // One hint serves all reasons.
    let hint = "run `vx lock`, which asks again for what is missing, or limit the tool with `os = [...]`";
    kind.map(|kind| Trouble::new(kind, text).detailed(lines).hinted(hint))
}

/// Warn about packages whose signature could not be checked although their registry may sign; each is named once.
pub(super) fn unsigned(tool: &str, archives: &Archives) -> Option<Trouble> {
    let artifacts = archives.values().flatten().flatten();
    let mut lines: Vec<String> = artifacts
        .filter_map(|artifact| match &artifact.signature {
            Signature::Absent(reason) => {
                Some(format!("  {} {}: {reason}", artifact.archive.package, artifact.archive.version))
            }
            _ => None,
        })
        .collect();
    lines.sort();
    lines.dedup();
    let text = format!("`{tool}` is verified by its digests alone:");
    (!lines.is_empty()).then(|| Trouble::new(TroubleKind::Signature, text).detailed(lines))
}

fn locked_part(artifact: &Artifact, source: SourceKind, before: Option<&LockedTool>) -> Option<LockedPart> {
    let url = source.facts().has_own_address.then(|| locked_address(&artifact.origin.url));
    let part = LockedPart::new(artifact.archive.clone(), artifact.signature.signed().cloned(), url)?;
    Some(part.attested(attested::builder(artifact, before)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_names_each_reason_once_with_its_platforms() {
        let unknown =
            |reason: &str| Err(MissingArchives::Unknown(Trouble::new(TroubleKind::Network, reason).hinted("wait")));
        let mut archives = Archives::new();
        let [one, two, three, four, ..] = Platform::ALL;
        archives.insert(one, Ok(Vec::new()));
        let absent = Trouble::new(TroubleKind::NotForPlatform, "nothing there");
        archives.insert(two, Err(MissingArchives::Absent(absent)));
        assert_eq!(warning("just", &archives), None);
        archives.insert(three, unknown("status 500"));
        archives.insert(four, unknown("status 500"));
        let warning = warning("just", &archives).expect("a warning");
        assert_eq!(warning.details, [format!("  {three}, {four}: status 500")]);
        assert!(warning.hint.is_some_and(|hint| hint.starts_with("run `vx lock`")));
        assert_eq!(warning.kind, TroubleKind::Network);
    }
}
