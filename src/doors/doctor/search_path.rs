//! `PATH`: entries below the store whose release is gone or is not the project's, and relative entries, which name a
//! different place in each directory.

use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

use vx_base::paths::Home;
use vx_store::tool_of;

use crate::doors::doctor::finding::{DoctorCheck, Finding, Remedy, Severity};
use crate::doors::doctor::project::ReleaseDemand;

/// Check each entry.
pub(super) fn check(home: &Home, search_path: Option<&OsStr>, wants: &ReleaseDemand) -> Vec<Finding> {
    let Some(search_path) = search_path.filter(|path| !path.is_empty()) else {
        return vec![entry("PATH", Severity::Wrong, "it is not set", "no program is found by its name", "set PATH")];
    };
    let entries: Vec<PathBuf> = std::env::split_paths(search_path).collect();
    let mut findings: Vec<Finding> = entries.iter().filter_map(|path| in_store(home, path, wants)).collect();
    if entries.iter().any(|path| !path.is_absolute()) {
        let what = "it has an entry that is empty or relative";
        let why = "in a directory that others can write to, their programs run under the names of yours";
        findings.push(entry("PATH", Severity::Advice, what, why, "remove such entries"));
    }
    findings
}

/// The fault of an entry below the store: `<store>/<tool>/<version>/…`.
fn in_store(home: &Home, path: &Path, wants: &ReleaseDemand) -> Option<Finding> {
    let below = path.strip_prefix(home.store()).ok()?;
    let mut names = below.components().filter_map(|component| match component {
        Component::Normal(name) => name.to_str(),
        _ => None,
    });
    let (folder, version) = (names.next()?, names.next()?);
    let tool = &*tool_of(folder);
    let subject = format!("PATH entry {}", path.display());
    if !path.is_dir() {
        let what = format!("{tool} {version} is not installed, or has no such folder");
        let mend = format!("remove it from PATH, or install it with `vx install {tool}@{version}`");
        return Some(entry(
            &subject,
            Severity::Wrong,
            &what,
            "its programs are not found, or others of the same name run",
            &mend,
        ));
    }
    let wanted = wants.version_of(tool).filter(|wanted| *wanted != version)?;
    let what = format!("this project wants {tool} {wanted}");
    let mend = format!("put the folder of `vx which {tool}` there instead");
    Some(entry(&subject, Severity::Advice, &what, "the shell runs another version than the project asks for", &mend))
}

fn entry(subject: &str, severity: Severity, what: &str, why: &'static str, mend: &str) -> Finding {
    let (subject, what, mend) = (subject.to_owned(), what.to_owned(), mend.to_owned());
    Finding { check: DoctorCheck::Path, severity, subject, what, why, mend, remedy: Remedy::ByHand }
}
