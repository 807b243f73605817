//! Compares each release of the store with its receipt, file by file.

use std::fs;
use std::path::{Path, PathBuf};

use vx_base::paths::Home;
use vx_base::system::parallel::in_parallel;
use vx_base::trouble::Trouble;
use vx_store::{Manifest, ManifestCheckDepth, ManifestDifference, Receipt, Store, tool_of};

use crate::doors::doctor::finding::{DoctorCheck, Finding, Remedy, Severity};
use crate::doors::doctor::project::ReleaseDemand;

/// The most paths of a release that are named; the rest is only counted.
const NAMED: usize = 5;

/// The result for all releases.
pub(super) struct ReleaseCheckResult {
    pub(super) findings: Vec<Finding>,
    pub(super) releases: usize,
    pub(super) files: usize,
}

/// The place of a release, whatever it contains.
struct ReleasePlace {
    tool: String,
    /// Empty if there is no directory of the tool's releases.
    version: String,
    path: PathBuf,
}

/// What is wrong in the place of a release.
enum ReleaseFault {
    NoDirectory,
    NoReceipt,
    BadReceipt,
    Later { layout: u32 },
    Other { tool: String, version: String },
    Unlisted,
    BadList,
    Changed(Vec<(String, ManifestDifference)>),
    Planted(Vec<(String, ManifestDifference)>),
    Grown(Vec<(String, ManifestDifference)>),
    Unreadable(String),
}

/// Check every release of the home.
pub(super) fn check(home: &Home, wants: &ReleaseDemand, depth: ManifestCheckDepth) -> ReleaseCheckResult {
    let places = places(&home.store());
    let releases = places.len();
    let readers = std::thread::available_parallelism().map_or(1, usize::from);
    let looked: Vec<(ReleasePlace, usize, Vec<ReleaseFault>)> = in_parallel(places, readers, |place| {
        let (files, faults) = examine_release(&place, depth);
        (place, files, faults)
    });
    let files = looked.iter().map(|(_, files, _)| files).sum();
    let findings = looked.iter().flat_map(|(place, _, faults)| faults.iter().map(|fault| fault.finding(place, wants)));
    ReleaseCheckResult { findings: findings.collect(), releases, files }
}

/// Remove the directory in the place of a release.
pub(super) fn remove(home: &Home, tool: &str, version: &str) -> Result<(), Trouble> {
    Store::new(home.clone()).remove(tool, version).map(drop).map_err(|error| Trouble::from_error(&error))
}

fn places(store: &Path) -> Vec<ReleasePlace> {
    let mut places = Vec::new();
    for (folder, path) in entries(store) {
        let tool = tool_of(&folder).into_owned();
        if !path.is_dir() {
            places.push(ReleasePlace { tool, version: String::new(), path });
            continue;
        }
        let versions = entries(&path).into_iter();
        places.extend(versions.map(|(version, path)| ReleasePlace { tool: tool.clone(), version, path }));
    }
    places
}

/// Everything in a directory whose name can be that of a tool or a version; the names of other systems' own files begin
/// with a dot.
fn entries(above: &Path) -> Vec<(String, PathBuf)> {
    let entries = fs::read_dir(above).into_iter().flatten().flatten();
    let named = entries.map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path()));
    let mut found: Vec<_> = named.filter(|(name, _)| !name.starts_with('.')).collect();
    found.sort();
    found
}

fn examine_release(place: &ReleasePlace, depth: ManifestCheckDepth) -> (usize, Vec<ReleaseFault>) {
    if !place.path.is_dir() {
        return (0, vec![ReleaseFault::NoDirectory]);
    }
    if let Some(layout) = Receipt::later_layout(&place.path) {
        return (0, vec![ReleaseFault::Later { layout }]);
    }
    let Some(receipt) = Receipt::read(&place.path) else {
        let there = fs::symlink_metadata(place.path.join(Receipt::FILE_NAME)).is_ok();
        return (0, vec![if there { ReleaseFault::BadReceipt } else { ReleaseFault::NoReceipt }]);
    };
    if (&receipt.tool, &receipt.version) != (&place.tool, &place.version) {
        return (0, vec![ReleaseFault::Other { tool: receipt.tool, version: receipt.version }]);
    }
    let Some(digest) = &receipt.contents else { return (0, vec![ReleaseFault::Unlisted]) };
    let Some(manifest) = Manifest::read(&place.path, digest) else { return (0, vec![ReleaseFault::BadList]) };
    match manifest.changes(&place.path, depth) {
        Ok(changes) => {
            let (grown, changed): (Vec<_>, Vec<_>) =
                changes.into_iter().partition(|(_, change)| *change == ManifestDifference::Added);
            let (planted, grown): (Vec<_>, Vec<_>) = grown.into_iter().partition(|(path, _)| path.starts_with("bin/"));
            let faults = [
                (changed, ReleaseFault::Changed as fn(_) -> _),
                (planted, ReleaseFault::Planted),
                (grown, ReleaseFault::Grown),
            ];
            let faults = faults.into_iter().filter(|(paths, _)| !paths.is_empty()).map(|(paths, fault)| fault(paths));
            (manifest.len(), faults.collect())
        }
        Err(error) => (0, vec![ReleaseFault::Unreadable(error.to_string())]),
    }
}

impl ReleaseFault {
    fn finding(&self, place: &ReleasePlace, wants: &ReleaseDemand) -> Finding {
        let ReleasePlace { tool, version, .. } = place;
        let (what, why) = self.facts(place);
        let (mend, remedy) = self.remedy(place, wants.any_wants(tool, version));
        let advice = matches!(self, ReleaseFault::Unlisted | ReleaseFault::Grown(_));
        let severity = if advice { Severity::Advice } else { Severity::Wrong };
        let subject = format!("{tool} {version}").trim_end().to_owned();
        Finding { check: DoctorCheck::Release, severity, subject, what, why, mend, remedy }
    }

    /// The fault, and its consequence.
    fn facts(&self, place: &ReleasePlace) -> (String, &'static str) {
        let shown = place.path.display();
        match self {
            ReleaseFault::NoDirectory => (
                format!("`{shown}` is not a directory"),
                "a release is a directory; whatever is in its place keeps it from being used",
            ),
            ReleaseFault::NoReceipt => {
                (format!("`{shown}` holds no receipt"), "without one it counts as not installed")
            }
            ReleaseFault::BadReceipt => ("its receipt cannot be read".into(), "without one it counts as not installed"),
            ReleaseFault::Later { layout } => (
                format!("a later vx installed it: its receipt has layout {layout}"),
                "this vx cannot read the receipt, so it neither uses nor changes the release",
            ),
            ReleaseFault::Other { tool, version } => {
                (format!("its receipt is for {tool} {version}"), "another release than the name says would run")
            }
            ReleaseFault::Unlisted => (
                "it was installed by a vx that kept no list of files".into(),
                "vx cannot tell whether it is still as it was installed",
            ),
            ReleaseFault::BadList => (
                "its list of files is missing or does not match its receipt".into(),
                "somebody or the disk changed it; vx cannot tell whether the files are still as they were installed",
            ),
            ReleaseFault::Changed(paths) => (
                format!("{} not as installed: {}", counted(paths.len(), "file is", "files are"), listed(paths)),
                "its programs may fail, or run code that their makers did not write",
            ),
            ReleaseFault::Planted(paths) => (
                format!(
                    "{} added to its programs since: {}",
                    counted(paths.len(), "file was", "files were"),
                    listed(paths)
                ),
                "the programs of a release are found by name alone, and this one did not come with the release",
            ),
            ReleaseFault::Grown(paths) => (
                format!("{} added since: {}", counted(paths.len(), "file was", "files were"), listed(paths)),
                "files that a tool keeps beside its programs are lost by the next install; others don't belong there",
            ),
            ReleaseFault::Unreadable(error) => {
                (format!("it cannot be read: {error}"), "programs that cannot be read cannot run either")
            }
        }
    }

    /// The remedy, as a text and as an action. A release that no project wants need not be installed again.
    fn remedy(&self, place: &ReleasePlace, wanted: bool) -> (String, Remedy) {
        let (tool, version) = (place.tool.clone(), place.version.clone());
        let shown = place.path.display();
        match self {
            ReleaseFault::NoDirectory if version.is_empty() => (format!("move `{shown}` away"), Remedy::ByHand),
            ReleaseFault::Later { .. } => {
                ("update vx, or set VX_HOME to another directory for this version of vx".to_owned(), Remedy::ByHand)
            }
            // The release's package manager may have put it there for the user, so the user has to decide.
            ReleaseFault::Planted(_) => (
                format!(
                    "remove what you don't know, or install the release again: `vx install {tool}@{version} --force`"
                ),
                Remedy::ByHand,
            ),
            ReleaseFault::Grown(_) => ("leave it, or install the release again".to_owned(), Remedy::ByHand),
            ReleaseFault::Unreadable(_) => (format!("make `{shown}` readable for this user"), Remedy::ByHand),
            ReleaseFault::NoDirectory
            | ReleaseFault::NoReceipt
            | ReleaseFault::BadReceipt
            | ReleaseFault::Other { .. }
                if !wanted =>
            {
                ("remove it: `vx doctor --fix`".to_owned(), Remedy::RemoveRelease { tool, version })
            }
            _ => ("install it again: `vx doctor --fix`".to_owned(), Remedy::Install { tool, version }),
        }
    }
}

fn counted(count: usize, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}

fn listed(paths: &[(String, ManifestDifference)]) -> String {
    let named = paths.iter().take(NAMED).map(|(path, change)| match change {
        ManifestDifference::Missing => format!("`{path}` (missing)"),
        ManifestDifference::OtherKind => format!("`{path}` (of another kind)"),
        ManifestDifference::Content => format!("`{path}` (changed)"),
        ManifestDifference::NotExecutable => format!("`{path}` (no longer executable)"),
        ManifestDifference::Privileged => format!("`{path}` (setuid or setgid)"),
        ManifestDifference::Unreadable(error) => format!("`{path}` (unreadable: {error})"),
        ManifestDifference::Added => format!("`{path}`"),
    });
    let mut text = named.collect::<Vec<_>>().join(", ");
    if paths.len() > NAMED {
        text.push_str(&format!(" and {} more", paths.len() - NAMED));
    }
    text
}
