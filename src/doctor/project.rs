//! vx.toml, vx.lock and the store against each other.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::doctor::Examination;
use crate::doctor::finding::{Check, Finding, Remedy, Severity};
use crate::hint::Hint;
use crate::install::Store;
use crate::project::lock::{Change, Found as LockFile};
use crate::project::{Lock, Project, ToolRequest};
use crate::sync::{Found, Release, Resolver, Want, Wanted, wanted_by};

/// Which releases projects want: this one, by its lock, and the others, by their last sync.
pub(super) struct Wants {
    /// The tools of this project whose lock entries answer it, with what they come to.
    own: Vec<Wanted>,
    others: BTreeMap<Want, Vec<PathBuf>>,
}

impl Wants {
    pub(super) fn of(what: &Examination<'_>) -> Self {
        let none = Lock::default();
        let own = match what.project {
            Some(Ok(project)) => answered(what, project, what.current_lock().unwrap_or(&none)),
            _ => Vec::new(),
        };
        Self { own, others: wanted_by(what.home) }
    }

    /// Whether any project wants this release.
    pub(super) fn any_wants(&self, tool: &str, version: &str) -> bool {
        let want = Want { tool: tool.to_owned(), version: version.to_owned() };
        self.others.contains_key(&want) || self.version_of(tool) == Some(version)
    }

    /// The version of a tool that this project wants.
    pub(super) fn version_of(&self, tool: &str) -> Option<&str> {
        self.releases().find(|(name, _)| *name == tool).map(|(_, release)| release.version.as_str())
    }

    fn releases(&self) -> impl Iterator<Item = (&str, &Release)> {
        self.own.iter().filter_map(|wanted| match &wanted.found {
            Found::Release(release) => Some((wanted.tool.as_str(), &**release)),
            _ => None,
        })
    }
}

/// What the lock's entries come to, where they answer what the project asks for today.
fn answered(what: &Examination<'_>, project: &Project, lock: &Lock) -> Vec<Wanted> {
    let unfit: BTreeSet<String> = lock.differences(&project.tools).into_iter().map(|found| found.tool).collect();
    let asked: Vec<ToolRequest> = project.tools.iter().filter(|ask| !unfit.contains(&ask.name)).cloned().collect();
    resolver(what, project, lock, &BTreeMap::new()).resolve(&asked, |_| false).wanted
}

/// Resolves by the lock alone.
fn resolver<'a>(
    what: &'a Examination<'a>,
    project: &'a Project,
    lock: &'a Lock,
    pins: &'a BTreeMap<String, String>,
) -> Resolver<'a> {
    Resolver {
        sources: what.sources,
        platform: what.platform,
        order: project.settings.sources.as_deref().unwrap_or_default(),
        lock,
        pins,
        frozen: true,
        all_platforms: false,
        declared: &project.tools,
        digest_of: None,
    }
}

/// Look at the project, where there is one.
pub(super) fn check(what: &Examination<'_>, wants: &Wants) -> Vec<Finding> {
    let project = match what.project {
        None => return Vec::new(),
        Some(Ok(project)) => project,
        Some(Err(error)) => {
            let why = "no command that works on the project starts while this is so";
            return vec![by_hand("vx.toml", error, error.hint(), why)];
        }
    };
    let mut findings = unlocked(what, project);
    findings.extend(wants.own.iter().filter_map(|wanted| missing(what, wanted)));
    findings
}

/// Where the lock does not answer the project.
fn unlocked(what: &Examination<'_>, project: &Project) -> Vec<Finding> {
    let lock = match what.lock {
        Err(error) => {
            let why = "the versions that everybody on this project should have are not known";
            return vec![by_hand("vx.lock", error, error.hint(), why)];
        }
        Ok(Some(LockFile::Current(lock))) => lock.clone(),
        Ok(Some(LockFile::Old { version, .. })) => {
            let text = format!("it has the old format {version}, which holds versions and no digests");
            return vec![Finding { severity: Severity::Advice, ..to_lock("vx.lock", text) }];
        }
        Ok(None) => Lock::default(),
    };
    let pins = BTreeMap::new();
    let resolver = resolver(what, project, &lock, &pins);
    let unknown = resolver.recipes(&project.tools).err().unwrap_or_default();
    let mut findings: Vec<Finding> = unknown
        .iter()
        .map(|error| by_hand("vx.toml", error, error.hint(), "nothing is installed while this is so"))
        .collect();
    for difference in lock.differences(&project.tools) {
        let ask = project.tools.iter().find(|ask| ask.name == difference.tool);
        // What no lock written here could have is no fault of this one.
        if difference.change != Change::Added || ask.is_some_and(|ask| resolver.lockable(ask)) {
            findings.push(to_lock(&difference.tool, difference.to_string()));
        }
    }
    let lacking = |ask: &&ToolRequest| {
        let here = ask.wanted_on(what.platform.os);
        here && lock.tools.get(&ask.name).is_some_and(|locked| !locked.platforms.contains_key(&what.platform))
    };
    let lacking = project.tools.iter().filter(lacking);
    findings.extend(lacking.map(|ask| to_lock(&ask.name, format!("it is not locked for {}", what.platform))));
    findings
}

/// What a locked tool lacks on this machine.
fn missing(what: &Examination<'_>, wanted: &Wanted) -> Option<Finding> {
    let tool = &wanted.tool;
    let release = match &wanted.found {
        Found::Release(release) => release,
        // That the lock lacks this platform has been told.
        Found::Nothing { error } if !error.contains("vx.lock") => {
            let (text, hint) = error.split_once("\nhint: ").unwrap_or((error, "correct it in vx.toml"));
            return Some(by_hand(tool, &text, Some(hint.to_owned()), "the project asks for it, and it is not there"));
        }
        _ => return None,
    };
    let store = Store::new(what.home.clone());
    let text = match store.installed(tool, &release.version) {
        Some(installed) => {
            let there = installed.receipt.parts.iter().map(|part| &part.digest);
            let same = there.eq(release.parts.iter().filter_map(|part| part.digest.as_ref()));
            (!same).then(|| "what is installed was made from other archives than vx.lock names".to_owned())?
        }
        // A directory without a valid receipt is told of where releases are.
        None if store.path(tool, &release.version).is_ok_and(|path| path.exists()) => return None,
        None => "vx.lock names it, and it is not installed".to_owned(),
    };
    Some(Finding {
        check: Check::Project,
        severity: Severity::Wrong,
        subject: format!("{tool} {}", release.version),
        what: text,
        why: "the project would run without it, or with something else",
        mend: "install it: `vx sync`, or `vx doctor --fix`".into(),
        remedy: Remedy::Install { tool: tool.clone(), version: release.version.clone() },
    })
}

fn to_lock(subject: &str, what: String) -> Finding {
    Finding {
        check: Check::Project,
        severity: Severity::Wrong,
        subject: subject.to_owned(),
        what,
        why: "others, and CI, may get other versions than you do; `vx sync --locked` refuses to run",
        mend: "lock it: `vx lock`, or `vx doctor --fix`; then commit vx.lock".into(),
        remedy: Remedy::Lock,
    }
}

fn by_hand(subject: &str, what: &impl ToString, hint: Option<String>, why: &'static str) -> Finding {
    Finding {
        check: Check::Project,
        severity: Severity::Wrong,
        subject: subject.to_owned(),
        what: what.to_string().trim_end().to_owned(),
        why,
        mend: hint.unwrap_or_else(|| "correct it".into()),
        remedy: Remedy::ByHand,
    }
}
