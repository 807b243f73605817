//! The plan: what to do for each tool, decided from the resolved releases and the installed ones. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use vx_base::digest::Digest;
use vx_base::files::agreed_file::AgreedFile;
use vx_base::package::archive::Archive;
use vx_base::package::source_kind::SourceKind;
use vx_base::package::{Part, Program};
use vx_base::trouble::{Trouble, TroubleKind};
use vx_fetch::Claim;
use vx_project::LockedPart;
use vx_store::{Receipt, instructions};

use super::step::PlanStep;

/// A tool of the project, as far as it was resolved.
#[derive(Clone, Debug)]
pub struct ResolvedTool {
    /// Its name in `vx.toml`.
    pub tool: String,
    /// Whether the project also works without it.
    pub optional: bool,
    /// What the tool was resolved to.
    pub found: ToolResolution,
}

/// What a tool was resolved to.
#[derive(Clone, Debug)]
pub enum ToolResolution {
    /// A release to install.
    Release(Box<ResolvedRelease>),
    /// The program is on `PATH`.
    OnPath {
        /// Its file.
        program: PathBuf,
        /// Version that the program reports.
        version: String,
    },
    /// `vx.toml` requests it for other systems only.
    NotHere,
    /// No release matches, or its source gave no answer.
    Nothing {
        /// Why.
        error: Trouble,
    },
}

/// A release that a request was resolved to.
#[derive(Clone, Debug)]
pub struct ResolvedRelease {
    /// Exact version.
    pub version: String,
    /// Its source.
    pub source: SourceKind,
    /// Archives to fetch, in order.
    pub parts: Vec<Part>,
    /// Programs that it provides.
    pub programs: Vec<Program>,
    /// Whether the package itself declares its programs; then `programs` are those that the project chose, if any.
    pub ships_programs: bool,
    /// Tool that runs its programs, if it is another one.
    pub needs: Option<String>,
    /// Free settings of the tool.
    pub options: BTreeMap<String, String>,
    /// A command to run before the release is activated.
    pub postinstall: Option<String>,
    /// Files that the command names, with the contents that were agreed to.
    pub agreed: Vec<AgreedFile>,
    /// Archives as the lock has them, with their signatures; empty if a source was asked just now.
    pub locked: Vec<LockedPart>,
}

/// What is known of an installed release that may differ from the wanted one.
#[derive(Clone, Debug, Default)]
pub struct InstalledRelease {
    /// Name of its source.
    pub source: String,
    /// Archives that it was made of.
    pub archives: Vec<Archive>,
    /// Digest of the instructions that it was made by, if known.
    pub instructions: Option<Digest>,
}

impl InstalledRelease {
    /// Take what a receipt records.
    pub fn from_receipt(receipt: &Receipt) -> Self {
        let (archives, instructions) = (receipt.parts.clone(), receipt.instructions.clone());
        Self { source: receipt.source.clone(), archives, instructions }
    }
}

/// What to do for a tool.
#[derive(Clone, Debug)]
pub enum Decision {
    /// Install this release.
    Install {
        /// The release.
        release: Box<ResolvedRelease>,
        /// Whether it replaces an installed release, because of `force` or because that release was made from other
        /// archives or by other instructions.
        replaces: bool,
    },
    /// Nothing has to be done.
    Nothing {
        /// Installed version; empty if the tool isn't for this system.
        version: String,
        /// Why.
        reason: String,
    },
    /// Nothing can be done.
    Fail {
        /// Why.
        error: Trouble,
    },
}

/// Decisions for all tools: first the installs, largest first, then the others by name.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Each tool with its decision.
    pub decisions: Vec<(String, Decision)>,
    /// Tools without which the project works, too.
    pub optional: BTreeSet<String>,
    /// Doubts about releases that are installed nevertheless.
    pub doubts: Vec<Trouble>,
}

impl Plan {
    /// Join the plans of several projects: first the installs, in the order of the plans.
    pub fn joined(plans: impl Iterator<Item = Self>) -> Self {
        let mut joined = Self::default();
        for plan in plans {
            joined.decisions.extend(plan.decisions);
            joined.optional.extend(plan.optional);
            joined.doubts.extend(plan.doubts);
        }
        joined.decisions.sort_by_key(|(_, decision)| !matches!(decision, Decision::Install { .. }));
        joined
    }

    /// Whether every tool is installed.
    pub fn complete(&self) -> bool {
        self.decisions.iter().all(|(_, decision)| matches!(decision, Decision::Nothing { .. }))
    }

    /// Whether a tool can't be installed that the project doesn't work without.
    pub fn fails(&self) -> bool {
        let fails = |(tool, decision): &(String, Decision)| {
            matches!(decision, Decision::Fail { .. }) && !self.optional.contains(tool)
        };
        self.decisions.iter().any(fails)
    }

    /// Make the steps that carry out the plan; `locate` prepares the install of a release.
    pub fn into_steps(self, mut locate: impl FnMut(&str, ResolvedRelease, bool) -> PlanStep) -> Vec<PlanStep> {
        use super::step::ToolAction;
        let step = |(tool, decision): (String, Decision)| {
            let optional = self.optional.contains(&tool);
            let (version, action) = match decision {
                Decision::Install { release, replaces } => {
                    return PlanStep { optional, ..locate(&tool, *release, replaces) };
                }
                Decision::Nothing { version, reason } => (version, ToolAction::Skip { reason }),
                Decision::Fail { error } => (String::new(), ToolAction::Fail { error }),
            };
            PlanStep { tool, version, size_bytes: None, optional, action }
        };
        self.decisions.into_iter().map(step).collect()
    }
}

/// Make the plan. `installed` looks up an installed release. `proved` refuses a release to install whose signatures
/// aren't good. With `force`, installed releases are installed again.
///
/// The largest installs come first, so that the run does not end with a single large one that started last.
pub fn plan(
    wanted: Vec<ResolvedTool>,
    installed: impl Fn(&str, &str) -> Option<InstalledRelease>,
    proved: impl Fn(&str, &ResolvedRelease) -> Result<(), Trouble>,
    force: bool,
) -> Plan {
    let optional = wanted.iter().filter(|wanted| wanted.optional).map(|wanted| wanted.tool.clone()).collect();
    let mut decisions: Vec<(String, Decision)> = wanted
        .into_iter()
        .map(|wanted| {
            let decision = match decide(&wanted.tool, wanted.found, &installed, force) {
                Decision::Install { release, replaces } => match proved(&wanted.tool, &release) {
                    Ok(()) => Decision::Install { release, replaces },
                    Err(error) => Decision::Fail { error },
                },
                decision => decision,
            };
            (wanted.tool, decision)
        })
        .collect();
    decisions.sort_by(|(left_tool, left), (right_tool, right)| {
        order(left).cmp(&order(right)).then_with(|| left_tool.cmp(right_tool))
    });
    Plan { decisions, optional, doubts: Vec::new() }
}

/// Express what the lock says about an archive's signature.
pub fn claim(part: &LockedPart) -> Claim<'_> {
    Claim { archive: part.archive(), key: part.signed_by.as_deref(), signature: part.signature.as_deref() }
}

fn decide(
    tool: &str,
    found: ToolResolution,
    installed: &impl Fn(&str, &str) -> Option<InstalledRelease>,
    force: bool,
) -> Decision {
    match found {
        ToolResolution::Release(release) if !release.verifiable() => Decision::Fail { error: unverifiable(tool) },
        ToolResolution::Release(release) => match installed(tool, &release.version) {
            Some(there) if !force && release.is_made_as(&there) => {
                Decision::Nothing { version: release.version, reason: "up to date".into() }
            }
            there => Decision::Install { release, replaces: there.is_some() },
        },
        ToolResolution::OnPath { program, version } => {
            Decision::Nothing { version, reason: format!("on PATH: {}", program.display()) }
        }
        ToolResolution::NotHere => Decision::Nothing { version: String::new(), reason: "not for this system".into() },
        ToolResolution::Nothing { error } => Decision::Fail { error },
    }
}

fn unverifiable(tool: &str) -> Trouble {
    let text = format!("`{tool}` comes from an address, and no digest says what it must be");
    let hint = "add `sha256 = \"…\"` to it in vx.toml, or run `vx lock`, which fetches it once and records its digest";
    Trouble::new(TroubleKind::Digest, text).hinted(hint)
}

fn order(decision: &Decision) -> (u8, std::cmp::Reverse<u64>) {
    match decision {
        Decision::Install { release, .. } => (0, std::cmp::Reverse(release.size_bytes())),
        _ => (1, std::cmp::Reverse(0)),
    }
}

impl ResolvedRelease {
    /// Size of the archives in bytes, as far as it is known.
    pub fn size_bytes(&self) -> u64 {
        self.parts.iter().filter_map(|part| part.archive.size).sum()
    }

    /// Size of all archives in bytes; `None` if any of them is unknown.
    pub fn whole_size_bytes(&self) -> Option<u64> {
        self.parts.iter().map(|part| part.archive.size).sum()
    }

    /// Whether an installed release is this one, as far as its archives and instructions are known.
    pub fn is_made_as(&self, there: &InstalledRelease) -> bool {
        let own = instructions(&self.parts, &self.programs, self.postinstall.as_deref());
        there.instructions.as_ref().is_none_or(|known| *known == own) && self.is_made_of(there)
    }

    /// Whether an installed release that was made of these archives is this release, as far as digests are known. If no
    /// digests can be compared, the source must be the same.
    pub fn is_made_of(&self, made: &InstalledRelease) -> bool {
        let archives = &made.archives;
        if !self.comparable(archives) && made.source != self.source.name() {
            return false;
        }
        self.parts.iter().filter_map(|part| part.archive.digest.as_ref()).all(|digest| {
            // A receipt may hold a digest of another algorithm; only digests of the same algorithm can be compared.
            let known = archives.iter().filter_map(|archive| archive.digest.as_ref());
            let mut same_kind = known.filter(|known| known.algorithm() == digest.algorithm()).peekable();
            same_kind.peek().is_none() || same_kind.any(|known| known == digest)
        })
    }

    /// Whether a digest can be compared with one of these archives: both need the same algorithm.
    fn comparable(&self, archives: &[Archive]) -> bool {
        let algorithms = |archive: &Archive| archive.digest.as_ref().map(Digest::algorithm);
        let own = self.parts.iter().filter_map(|part| algorithms(&part.archive));
        own.into_iter().any(|algorithm| archives.iter().filter_map(algorithms).any(|known| known == algorithm))
    }

    /// Whether the archives can be verified: those from an address need a digest, and registries always give one.
    fn verifiable(&self) -> bool {
        self.source.facts().always_has_digests || self.parts.iter().all(|part| part.archive.digest.is_some())
    }
}

#[cfg(test)]
mod tests;
