//! Compares vx.toml, vx.lock and the store with each other.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use vx_base::trouble::{Explain, TroubleKind};
use vx_plan::{InstalledRelease, ResolvedRelease, ResolvedTool, Resolver, ToolResolution};
use vx_project::lock::LockMismatch;
use vx_project::trust::ActingPart;
use vx_project::{ProjectError, ToolRequest};
use vx_store::Store;

use crate::doors::doctor::examination::Examination;
use crate::doors::doctor::finding::{DoctorCheck, Finding, Remedy, Severity};
use crate::tools::installs::wanted_by::{WantedRelease, wanted_by};
use crate::workspace::error::WorkError;
use crate::workspace::project::LockOrigin;

/// The releases that projects want: this project by its lock, the others by their last sync.
pub(super) struct ReleaseDemand {
    /// The tools of this project whose lock entries match it, resolved.
    own: Vec<ResolvedTool>,
    others: BTreeMap<WantedRelease, Vec<PathBuf>>,
}

impl ReleaseDemand {
    pub(super) fn from_examination(what: &Examination<'_>) -> Self {
        Self { own: answered(what), others: wanted_by(&what.workspace.home) }
    }

    /// Whether any project wants this release.
    pub(super) fn any_wants(&self, tool: &str, version: &str) -> bool {
        let want = WantedRelease { tool: tool.to_owned(), version: version.to_owned() };
        self.others.contains_key(&want) || self.version_of(tool) == Some(version)
    }

    /// The version of a tool that this project wants.
    pub(super) fn version_of(&self, tool: &str) -> Option<&str> {
        self.releases().find(|(name, _)| *name == tool).map(|(_, release)| release.version.as_str())
    }

    fn releases(&self) -> impl Iterator<Item = (&str, &ResolvedRelease)> {
        self.own.iter().filter_map(|wanted| match &wanted.found {
            ToolResolution::Release(release) => Some((wanted.tool.as_str(), &**release)),
            _ => None,
        })
    }
}

/// The tools whose lock entries match the project's current requests, resolved.
fn answered(what: &Examination<'_>) -> Vec<ResolvedTool> {
    let (lock, tools) = (&what.workspace.lock, &what.workspace.project.tools);
    let unfit: BTreeSet<String> = lock.differences(tools).into_iter().map(|found| found.tool).collect();
    let asked: Vec<ToolRequest> = tools.iter().filter(|ask| !unfit.contains(&ask.name)).cloned().collect();
    resolver(what).resolve(&asked, |_| false).wanted
}

/// A resolver that uses only the lock.
fn resolver<'a>(what: &'a Examination<'a>) -> Resolver<'a> {
    Resolver { frozen: true, all_platforms: false, ..what.workspace.resolver(what.sources) }
}

/// Check the project, if there is one.
pub(super) fn check(what: &Examination<'_>, wants: &ReleaseDemand) -> Vec<Finding> {
    if let Some(WorkError::Project(error)) = &what.workspace.fault {
        let why = "no command for the project works until this is fixed";
        let shown = match error {
            ProjectError::Wrong(errors) => errors.render(),
            error => error.to_string(),
        };
        return vec![by_hand("vx.toml", &shown, error.hint(), why)];
    }
    if !what.workspace.has_project {
        return Vec::new();
    }
    let mut findings = unlocked(what);
    findings.extend(withheld(what));
    findings.extend(wants.own.iter().filter_map(|wanted| missing(what, wanted)));
    findings
}

/// The differences between the lock and the project.
fn unlocked(what: &Examination<'_>) -> Vec<Finding> {
    let workspace = what.workspace;
    if let Some(WorkError::LockRead(error)) = &workspace.fault {
        let why = "the versions that this project pins are not known";
        return vec![by_hand("vx.lock", error, error.hint(), why)];
    }
    if let LockOrigin::Old { version, .. } = workspace.lock_origin {
        let text = format!("it has the old format {version}, which holds versions but no digests");
        return vec![Finding { severity: Severity::Advice, ..to_lock("vx.lock", text) }];
    }
    let (lock, tools) = (&workspace.lock, &workspace.project.tools);
    let resolver = resolver(what);
    let unknown = resolver.recipes(tools).err().unwrap_or_default();
    let mut findings: Vec<Finding> = unknown
        .iter()
        .map(|error| by_hand("vx.toml", error, error.hint(), "nothing is installed until this is fixed"))
        .collect();
    for difference in lock.differences(tools) {
        let ask = tools.iter().find(|ask| ask.name == difference.tool);
        // A tool that cannot be locked on this system is not missing in the lock.
        if difference.change != LockMismatch::Added || ask.is_some_and(|ask| !ask.optional && resolver.lockable(ask)) {
            findings.push(to_lock(&difference.tool, difference.to_string()));
        }
    }
    let forged = resolver.forged(tools).into_iter();
    let why = "it names something else than the project asks for, so nothing is installed from it";
    findings.extend(forged.map(|forged| by_hand(&forged.tool, &forged, forged.hint(), why)));
    let young = lock.young(tools, workspace.age);
    findings.extend(young.iter().map(|young| to_lock(&young.tool, young.to_string())));
    let platform = workspace.platform;
    let lacking = |ask: &&ToolRequest| {
        let here = ask.wanted_on(platform.os);
        here && lock.tools.get(&ask.name).is_some_and(|locked| !locked.platforms.contains_key(&platform))
    };
    let lacking = tools.iter().filter(lacking);
    findings.extend(lacking.map(|ask| to_lock(&ask.name, format!("it is not locked for {platform}"))));
    findings
}

/// The parts of the project that may not act.
fn withheld(what: &Examination<'_>) -> Option<Finding> {
    let consent = &what.workspace.consent;
    let parts: Vec<String> = consent.withheld().iter().map(ActingPart::short).collect();
    let stranger = consent.stranger.as_ref().map(|stranger| format!("; {stranger}")).unwrap_or_default();
    (!parts.is_empty()).then(|| Finding {
        check: DoctorCheck::Project,
        severity: Severity::Advice,
        subject: "vx.toml".to_owned(),
        what: format!("it may not act yet: left out are {}{stranger}", parts.join(", ")),
        why: "none of this is set, run or installed before you agree to it",
        mend: "review it: `vx trust` lists everything that the project would do, and asks".into(),
        remedy: Remedy::ByHand,
    })
}

/// The fault of a locked tool on this machine.
fn missing(what: &Examination<'_>, wanted: &ResolvedTool) -> Option<Finding> {
    let tool = &wanted.tool;
    let release = match &wanted.found {
        ToolResolution::Release(release) => release,
        // A lock without this platform and a missing consent are findings already.
        ToolResolution::Nothing { error } if !matches!(error.kind, TroubleKind::Lock | TroubleKind::Consent) => {
            let hint = error.hint.clone().or_else(|| Some("correct it in vx.toml".into()));
            return Some(by_hand(tool, error, hint, "the project asks for it, but it cannot be installed"));
        }
        _ => return None,
    };
    let store = Store::new(what.workspace.home.clone());
    let text = match store.installed(tool, &release.version) {
        Some(installed) => {
            let there = InstalledRelease::from_receipt(&installed.receipt);
            let what = match release.is_made_of(&there) {
                true if release.is_made_as(&there) => return None,
                true => "the installed release was made by other instructions than those in vx.toml",
                false => "the installed release was made from other archives than those in vx.lock",
            };
            what.to_owned()
        }
        // A directory without a valid receipt is reported by the check of releases.
        None if store.path(tool, &release.version).is_ok_and(|path| path.exists()) => return None,
        None => "vx.lock names it, but it is not installed".to_owned(),
    };
    Some(Finding {
        check: DoctorCheck::Project,
        severity: Severity::Wrong,
        subject: format!("{tool} {}", release.version),
        what: text,
        why: "the project would run without it, or with another release",
        mend: "install it: `vx sync`, or `vx doctor --fix`".into(),
        remedy: Remedy::Install { tool: tool.clone(), version: release.version.clone() },
    })
}

fn to_lock(subject: &str, what: String) -> Finding {
    Finding {
        check: DoctorCheck::Project,
        severity: Severity::Wrong,
        subject: subject.to_owned(),
        what,
        why: "others, and CI, may get other versions than you; `vx sync --locked` refuses to run",
        mend: "lock it: `vx lock`, or `vx doctor --fix`; then commit vx.lock".into(),
        remedy: Remedy::Lock,
    }
}

fn by_hand(subject: &str, what: &impl ToString, hint: Option<String>, why: &'static str) -> Finding {
    Finding {
        check: DoctorCheck::Project,
        severity: Severity::Wrong,
        subject: subject.to_owned(),
        what: what.to_string().trim_end().to_owned(),
        why,
        mend: hint.unwrap_or_else(|| "correct it".into()),
        remedy: Remedy::ByHand,
    }
}
