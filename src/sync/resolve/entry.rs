//! What becomes of a tool's archives in the lock: its new entry, and a warning of the platforms that it lacks.

use std::collections::BTreeMap;

use super::archives::{Archives, Missing};
use crate::candidate::SourceKind;
use crate::platform::Platform;
use crate::project::{LockedPart, LockedTool, ToolRequest};
use crate::source::{Artifact, Recipe, Signature};

/// The lock's new entry for a tool, with the platforms whose archives' digests are known; `None` when none is, or when
/// it is the one that is known.
pub(super) fn entry(
    ask: &ToolRequest,
    recipe: &Recipe,
    version: &str,
    known: Option<&LockedTool>,
    archives: &Archives,
) -> Option<LockedTool> {
    let mut platforms = known.map(|known| known.platforms.clone()).unwrap_or_default();
    for (platform, artifacts) in archives {
        if let Ok(artifacts) = artifacts {
            let parts: Option<Vec<LockedPart>> =
                artifacts.iter().map(|artifact| locked_part(artifact, recipe.source)).collect();
            platforms.extend(parts.map(|parts| (*platform, parts)));
        }
    }
    let (request, version) = (ask.request.text().to_owned(), version.to_owned());
    let entry = LockedTool { request, version, source: recipe.source, platforms };
    (!entry.platforms.is_empty() && known != Some(&entry)).then_some(entry)
}

/// Which platforms the lock lacks though the tool may be there for them, and why, each reason once.
pub(super) fn warning(tool: &str, archives: &Archives) -> Option<String> {
    let mut reasons: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (platform, answer) in archives {
        if let Err(Missing::Unknown(error)) = answer {
            // One way on is enough for all of them.
            let reason = error.split_once("\nhint: ").map_or(error.as_str(), |(reason, _)| reason);
            reasons.entry(reason).or_default().push(Platform::to_string(platform));
        }
    }
    if reasons.is_empty() {
        return None;
    }
    let lines: Vec<String> =
        reasons.iter().map(|(reason, platforms)| format!("  {}: {reason}", platforms.join(", "))).collect();
    let lines = lines.join("\n");
    Some(format!(
        "vx.lock lacks `{tool}` for platforms that could not be asked about:\n{lines}\nhint: run `vx lock`, which asks \
         again for what is missing, or limit the tool with `os = [...]`"
    ))
}

/// Which packages of a tool could not be checked for a signature though their registry may sign, each once.
pub(super) fn unsigned(tool: &str, archives: &Archives) -> Option<String> {
    let artifacts = archives.values().flatten().flatten();
    let mut lines: Vec<String> = artifacts
        .filter_map(|artifact| match &artifact.signature {
            Signature::Absent(reason) => Some(format!("  {} {}: {reason}", artifact.package, artifact.version)),
            _ => None,
        })
        .collect();
    lines.sort();
    lines.dedup();
    (!lines.is_empty()).then(|| format!("`{tool}` is verified by its digests alone:\n{}", lines.join("\n")))
}

fn locked_part(artifact: &Artifact, source: SourceKind) -> Option<LockedPart> {
    Some(LockedPart {
        package: artifact.package.clone(),
        version: artifact.version.clone(),
        file: artifact.file_name.clone(),
        digest: artifact.digest.clone()?,
        signed_by: artifact.signature.key().map(str::to_owned),
        size: artifact.size,
        strip: artifact.strip,
        into: artifact.into.clone(),
        url: (source == SourceKind::Url).then(|| artifact.url.clone()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_names_each_reason_once_with_its_platforms() {
        let unknown = |reason: &str| Err(Missing::Unknown(format!("{reason}\nhint: wait")));
        let mut archives = Archives::new();
        let [one, two, three, four, ..] = Platform::ALL;
        archives.insert(one, Ok(Vec::new()));
        archives.insert(two, Err(Missing::Absent("nothing there".into())));
        assert_eq!(warning("just", &archives), None);
        archives.insert(three, unknown("status 500"));
        archives.insert(four, unknown("status 500"));
        let warning = warning("just", &archives).expect("a warning");
        assert!(warning.contains(&format!("  {three}, {four}: status 500\nhint: run `vx lock`")), "{warning}");
        assert!(!warning.contains("wait") && !warning.contains("nothing there"), "{warning}");
    }
}
