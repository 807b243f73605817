//! The links that `vx shims` makes, and the order of PATH: the shell must find the links, and the tools of an activated
//! project, before other copies.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use vx_base::files::search_path::is_program;
use vx_base::paths::{Home, LAUNCHER_NAME, VX_LINK_NAME};

use crate::doors::doctor::examination::Examination;
use crate::doors::doctor::finding::{DoctorCheck, Finding, Remedy, Severity};

/// Folders of other version managers, by a part of their path.
const MANAGERS: [(&str, &str); 11] = [
    ("mise/shims", "mise"),
    (".asdf/shims", "asdf"),
    (".volta/bin", "volta"),
    (".proto/shims", "proto"),
    (".nvm/versions", "nvm"),
    ("fnm_multishells", "fnm"),
    (".pyenv/shims", "pyenv"),
    (".rbenv/shims", "rbenv"),
    (".nodenv/shims", "nodenv"),
    (".goenv/shims", "goenv"),
    (".sdkman/candidates", "sdkman"),
];

/// Check the links, and the programs that precede them on the search path.
pub(super) fn check(what: &Examination<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let entries: Vec<PathBuf> =
        what.search_path.as_deref().map(|path| std::env::split_paths(path).collect()).unwrap_or_default();
    let shims = what.workspace.home.shims();
    if shims.join(VX_LINK_NAME).is_symlink() {
        findings.extend(links(what, &shims));
        if !entries.iter().any(|entry| same(entry, &shims)) {
            let (severity, why) = (Severity::Advice, "the shell does not find them");
            let mend = format!("put `{}` first on PATH, or remove the links with `vx shims --remove`", shims.display());
            findings.push(finding(
                &shims.display().to_string(),
                severity,
                "it is not on PATH",
                why,
                &mend,
                Remedy::ByHand,
            ));
        }
    }
    findings.extend(in_front(&what.workspace.home, &entries));
    findings
}

/// Dangling links, and a launcher or a vx other than this one.
fn links(what: &Examination<'_>, shims: &Path) -> Option<Finding> {
    let subject = shims.display().to_string();
    let mend = "run `vx shims`, which makes the links again";
    let wrong = |what: &str, why| Some(finding(&subject, Severity::Wrong, what, why, mend, Remedy::Shims));
    let vx = shims.join(VX_LINK_NAME);
    let Ok(target) = vx.canonicalize() else {
        return wrong("its link to vx leads nowhere", "tools that are not installed yet cannot be run by name");
    };
    let entries = fs::read_dir(shims).into_iter().flatten().flatten();
    let mut broken: Vec<String> = entries
        .filter(|entry| entry.path().is_symlink() && !entry.path().exists())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    broken.sort();
    if !broken.is_empty() {
        return wrong(&format!("links lead nowhere: {}", broken.join(", ")), "these names do not run");
    }
    if what.launcher.is_some_and(|launcher| fs::read(shims.join(LAUNCHER_NAME)).is_ok_and(|there| there != launcher)) {
        return wrong("its launcher is from another vx", "it may not understand this vx's cache, and is slow then");
    }
    let own = std::env::current_exe().and_then(|own| own.canonicalize()).ok()?;
    (own != target).then(|| {
        let what = format!("its link leads to another vx, `{}`", target.display());
        let why = "that vx does what the links cannot do by themselves";
        finding(&subject, Severity::Advice, &what, why, mend, Remedy::Shims)
    })
}

/// Folders before ours on the search path with programs of the same names.
fn in_front(home: &Home, entries: &[PathBuf]) -> Vec<Finding> {
    let ours = |entry: &Path| same(entry, &home.shims()) || entry.starts_with(home.store());
    let Some(last) = entries.iter().rposition(|entry| ours(entry)) else { return Vec::new() };
    // Each name with the first of our folders that has it.
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    for (at, entry) in entries.iter().enumerate().take(last + 1).filter(|(_, entry)| ours(entry)) {
        for file in fs::read_dir(entry).into_iter().flatten().flatten() {
            let name = file.file_name().to_string_lossy().into_owned();
            if !name.starts_with('.') && name != "vx" && is_program(&file.path()) {
                names.entry(name).or_insert(at);
            }
        }
    }
    let mut findings: Vec<Finding> = Vec::new();
    for (at, entry) in entries.iter().enumerate().take(last).filter(|(_, entry)| entry.is_absolute() && !ours(entry)) {
        let shadowed = names.iter().filter(|(name, ours)| at < **ours && is_program(&entry.join(name)));
        let shadowed: Vec<&str> = shadowed.map(|(name, _)| name.as_str()).collect();
        let subject = format!("PATH entry {}", entry.display());
        if shadowed.is_empty() || findings.iter().any(|known| known.subject == subject) {
            continue;
        }
        let shown = match shadowed.as_slice() {
            [first, second, third, _, ..] => format!("{first}, {second}, {third} and {} more", shadowed.len() - 3),
            few => few.join(", "),
        };
        let manager = MANAGERS.iter().find(|(part, _)| entry.to_string_lossy().contains(part));
        let whose = manager.map_or_else(String::new, |(_, name)| format!("it is {name}'s and "));
        let what = format!("{whose}has {shown}, and comes before vx's own folder");
        let (why, mend) = ("the shell runs these, whatever a project pins", "put vx's folder before it");
        findings.push(finding(&subject, Severity::Wrong, &what, why, mend, Remedy::ByHand));
    }
    findings
}

fn same(one: &Path, other: &Path) -> bool {
    one == other || one.canonicalize().is_ok_and(|one| other.canonicalize().is_ok_and(|other| one == other))
}

fn finding(subject: &str, severity: Severity, what: &str, why: &'static str, mend: &str, remedy: Remedy) -> Finding {
    let (subject, what, mend) = (subject.to_owned(), what.to_owned(), mend.to_owned());
    Finding { check: DoctorCheck::Path, severity, subject, what, why, mend, remedy }
}
