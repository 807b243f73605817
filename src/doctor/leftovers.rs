//! What dead processes left in the home: staging directories, locks, and parts of archives that nobody wants.

use std::collections::BTreeSet;
use std::path::Path;

use crate::doctor::Examination;
use crate::doctor::finding::{Check, Finding, Remedy, Severity};
use crate::install::{Leftover, LeftoverKind, leftovers, remove_leftover};
use crate::paths::Home;
use crate::project::Lock;
use crate::project::lock::{self, Found};
use crate::sync::wanted_by;

/// Everything that nobody works with and nobody will.
pub(super) fn check(what: &Examination<'_>) -> Vec<Finding> {
    let left = leftovers(what.home);
    let has_parts = left.iter().any(|left| matches!(left.kind, LeftoverKind::Part { .. }));
    // The locks of all projects are read only where that decides something.
    let wanted = if has_parts { locked_digests(what.home, what.current_lock()) } else { BTreeSet::new() };
    left.into_iter().filter(|left| !is_wanted(left, &wanted)).map(told).collect()
}

/// Remove one.
pub(super) fn remove(home: &Home, leftover: &Leftover) -> Result<(), String> {
    match remove_leftover(home, leftover) {
        // Somebody works with it again: it is no leftover any more.
        Ok(_) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}

/// The file names, by digest, of all archives that a project of this machine locks: this lock's, and those of every
/// project that was synced here.
pub fn locked_digests(home: &Home, own: Option<&Lock>) -> BTreeSet<String> {
    let projects: BTreeSet<_> = wanted_by(home).into_values().flatten().collect();
    let others = projects.iter().filter_map(|project| read(project));
    let locks = others.collect::<Vec<_>>();
    let parts = locks.iter().chain(own).flat_map(|lock| lock.tools.values()).flat_map(|tool| tool.platforms.values());
    parts.flatten().map(|part| part.digest.file_name()).collect()
}

fn read(project: &Path) -> Option<Lock> {
    match Lock::read(&project.join(lock::FILE_NAME)) {
        Ok(Some(Found::Current(lock))) => Some(lock),
        _ => None,
    }
}

/// The beginning of an archive that a lock names saves its next install the first bytes.
fn is_wanted(left: &Leftover, wanted: &BTreeSet<String>) -> bool {
    matches!(&left.kind, LeftoverKind::Part { of, .. } if wanted.contains(of))
}

fn told(left: Leftover) -> Finding {
    let (what, why) = match &left.kind {
        LeftoverKind::Staging => (
            "nobody alive works in this staging directory".to_owned(),
            "an install that was killed left it; it takes up room and nothing else",
        ),
        LeftoverKind::Lock => (
            "nobody holds this lock".to_owned(),
            "a process that was killed left it; it keeps nobody off and is in nobody's use",
        ),
        LeftoverKind::Part { size_bytes, .. } => (
            format!("these {size_bytes} bytes of an archive belong to no tool that a project locks"),
            "nothing will go on with this download; it takes up room and nothing else",
        ),
    };
    Finding {
        check: Check::Leftover,
        severity: Severity::Wrong,
        subject: left.path.display().to_string(),
        what,
        why,
        mend: "remove it: `vx doctor --fix`".into(),
        remedy: Remedy::RemoveLeftover(left),
    }
}
