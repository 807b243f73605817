//! Each release of the store against its receipt, file by file.

use std::fs;
use std::path::{Path, PathBuf};

use crate::doctor::finding::{Check, Finding, Remedy, Severity};
use crate::doctor::project::Wants;
use crate::install::{Change, Depth, Manifest, Receipt, Store};
use crate::paths::Home;
use crate::sync::in_parallel;
use crate::trouble::Trouble;

/// The most paths of a release that are named; the others are only counted.
const NAMED: usize = 5;

/// The result for all releases.
pub(super) struct Outcome {
    pub(super) findings: Vec<Finding>,
    pub(super) releases: usize,
    pub(super) files: usize,
}

/// A directory in the place of a release.
struct ReleaseDirectory {
    tool: String,
    version: String,
    path: PathBuf,
}

/// The fault of a directory in the place of a release.
enum Fault {
    NoReceipt,
    BadReceipt,
    Other { tool: String, version: String },
    Unlisted,
    BadList,
    Changed(Vec<(String, Change)>),
    Grown(Vec<(String, Change)>),
    Unreadable(String),
}

/// Check every release of the home.
pub(super) fn check(home: &Home, wants: &Wants, depth: Depth) -> Outcome {
    let places = places(&home.store());
    let releases = places.len();
    let readers = std::thread::available_parallelism().map_or(1, usize::from);
    let looked: Vec<(ReleaseDirectory, usize, Vec<Fault>)> = in_parallel(places, readers, |place| {
        let (files, faults) = look(&place, depth);
        (place, files, faults)
    });
    let files = looked.iter().map(|(_, files, _)| files).sum();
    let findings = looked.iter().flat_map(|(place, _, faults)| faults.iter().map(|fault| fault.finding(place, wants)));
    Outcome { findings: findings.collect(), releases, files }
}

/// Remove the directory in the place of a release.
pub(super) fn remove(home: &Home, tool: &str, version: &str) -> Result<(), Trouble> {
    Store::new(home.clone()).remove(tool, version).map(drop).map_err(|error| Trouble::of(&error))
}

fn places(store: &Path) -> Vec<ReleaseDirectory> {
    let mut places = Vec::new();
    for (tool, path) in directories(store) {
        let versions = directories(&path).into_iter();
        places.extend(versions.map(|(version, path)| ReleaseDirectory { tool: tool.clone(), version, path }));
    }
    places
}

fn directories(above: &Path) -> Vec<(String, PathBuf)> {
    let entries = fs::read_dir(above).into_iter().flatten().flatten();
    let mut found: Vec<_> = entries
        .filter(|entry| entry.path().is_dir())
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path()))
        .collect();
    found.sort();
    found
}

fn look(place: &ReleaseDirectory, depth: Depth) -> (usize, Vec<Fault>) {
    let Some(receipt) = Receipt::read(&place.path) else {
        let there = fs::symlink_metadata(place.path.join(Receipt::FILE_NAME)).is_ok();
        return (0, vec![if there { Fault::BadReceipt } else { Fault::NoReceipt }]);
    };
    if (&receipt.tool, &receipt.version) != (&place.tool, &place.version) {
        return (0, vec![Fault::Other { tool: receipt.tool, version: receipt.version }]);
    }
    let Some(digest) = &receipt.contents else { return (0, vec![Fault::Unlisted]) };
    let Some(manifest) = Manifest::read(&place.path, digest) else { return (0, vec![Fault::BadList]) };
    match manifest.changes(&place.path, depth) {
        Ok(changes) => {
            let (grown, changed): (Vec<_>, Vec<_>) =
                changes.into_iter().partition(|(_, change)| *change == Change::Added);
            let faults = [(changed, Fault::Changed as fn(_) -> _), (grown, Fault::Grown)];
            let faults = faults.into_iter().filter(|(paths, _)| !paths.is_empty()).map(|(paths, fault)| fault(paths));
            (manifest.len(), faults.collect())
        }
        Err(error) => (0, vec![Fault::Unreadable(error.to_string())]),
    }
}

impl Fault {
    fn finding(&self, place: &ReleaseDirectory, wants: &Wants) -> Finding {
        let (tool, version) = (place.tool.clone(), place.version.clone());
        let wanted = wants.any_wants(&tool, &version);
        let shown = place.path.display();
        let (what, why) = match self {
            Fault::NoReceipt => (format!("`{shown}` holds no receipt"), "without one it counts as not installed"),
            Fault::BadReceipt => ("its receipt cannot be understood".into(), "without one it counts as not installed"),
            Fault::Other { tool, version } => (
                format!("its receipt is that of {tool} {version}"),
                "what is in this place is another release than the one that runs under its name",
            ),
            Fault::Unlisted => (
                "it was installed by a vx that kept no list of files".into(),
                "whether it is as it was installed cannot be told",
            ),
            Fault::BadList => (
                "its list of files is missing or is not the one of its receipt".into(),
                "somebody changed it, or the disk did; whether the files are still those that were installed cannot be told",
            ),
            Fault::Changed(paths) => (
                format!("{} not as installed: {}", counted(paths.len(), "file is", "files are"), listed(paths)),
                "its programs may fail, or do what their makers did not write",
            ),
            Fault::Grown(paths) => (
                format!("{} added since: {}", counted(paths.len(), "file was", "files were"), listed(paths)),
                "a tool that keeps files beside its programs loses them with the next install; anything else does not belong there",
            ),
            Fault::Unreadable(error) => {
                (format!("it cannot be read: {error}"), "programs that cannot be read cannot run either")
            }
        };
        let advice = matches!(self, Fault::Unlisted | Fault::Grown(_));
        let (mend, remedy) = match self {
            Fault::Grown(_) => ("leave it, or install the release again".to_owned(), Remedy::ByHand),
            Fault::Unreadable(_) => (format!("make `{shown}` readable for this user"), Remedy::ByHand),
            // A release that no project wants need not be installed again.
            Fault::NoReceipt | Fault::BadReceipt | Fault::Other { .. } if !wanted => (
                "remove it: `vx doctor --fix`".to_owned(),
                Remedy::RemoveRelease { tool: tool.clone(), version: version.clone() },
            ),
            _ => (
                "install it again: `vx doctor --fix`".to_owned(),
                Remedy::Install { tool: tool.clone(), version: version.clone() },
            ),
        };
        let severity = if advice { Severity::Advice } else { Severity::Wrong };
        Finding { check: Check::Release, severity, subject: format!("{tool} {version}"), what, why, mend, remedy }
    }
}

fn counted(count: usize, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}

fn listed(paths: &[(String, Change)]) -> String {
    let named = paths.iter().take(NAMED).map(|(path, change)| match change {
        Change::Missing => format!("`{path}` (missing)"),
        Change::OtherKind => format!("`{path}` (of another kind)"),
        Change::Content => format!("`{path}` (changed)"),
        Change::NotExecutable => format!("`{path}` (no longer executable)"),
        Change::Unreadable(error) => format!("`{path}` (unreadable: {error})"),
        Change::Added => format!("`{path}`"),
    });
    let mut text = named.collect::<Vec<_>>().join(", ");
    if paths.len() > NAMED {
        text.push_str(&format!(" and {} more", paths.len() - NAMED));
    }
    text
}
