//! The remains of dead processes in the home: staging directories, locks, and parts of archives that no project wants.

use std::collections::BTreeSet;
use std::path::Path;

use vx_base::paths::Home;
use vx_base::trouble::Trouble;
use vx_project::Lock;
use vx_project::lock::{self, LockFile};
use vx_store::leftovers;
use vx_store::{Leftover, LeftoverKind, remove_leftover};

use crate::doors::doctor::finding::{DoctorCheck, Finding, Remedy, Severity};
use crate::tools::installs::wanted_by::wanted_by;

/// All remains that no process uses or will use.
pub(super) fn check(home: &Home, own: &Lock) -> Vec<Finding> {
    let left = leftovers(home);
    let has_parts = left.iter().any(|left| matches!(left.kind, LeftoverKind::Part { .. }));
    // The locks of all projects are read only if there are parts of archives.
    let wanted = if has_parts { locked_digests(home, own) } else { BTreeSet::new() };
    left.into_iter().filter(|left| !is_wanted(left, &wanted)).map(finding).collect()
}

/// Remove a leftover.
pub(super) fn remove(home: &Home, leftover: &Leftover) -> Result<(), Trouble> {
    match remove_leftover(home, leftover) {
        // A process uses it again, so it is no longer a leftover.
        Ok(_) => Ok(()),
        Err(error) => Err(Trouble::from_error(&error)),
    }
}

/// The file names, made from digests, of all archives that this lock or any project that was synced on this machine
/// locks.
fn locked_digests(home: &Home, own: &Lock) -> BTreeSet<String> {
    let projects: BTreeSet<_> = wanted_by(home).into_values().flatten().collect();
    let others = projects.iter().filter_map(|project| read(project));
    let locks = others.collect::<Vec<_>>();
    let parts = locks.iter().chain([own]).flat_map(|lock| lock.tools.values()).flat_map(|tool| tool.platforms.values());
    parts.flatten().filter_map(|part| Some(part.archive().digest.as_ref()?.file_name())).collect()
}

fn read(project: &Path) -> Option<Lock> {
    match Lock::read(&project.join(lock::FILE_NAME)) {
        Ok(Some(LockFile::Current(lock))) => Some(lock),
        _ => None,
    }
}

/// Whether this is the beginning of an archive that a lock names: the next install continues the download.
fn is_wanted(left: &Leftover, wanted: &BTreeSet<String>) -> bool {
    matches!(&left.kind, LeftoverKind::Part { of, .. } if wanted.contains(of))
}

fn finding(left: Leftover) -> Finding {
    let (what, why) = match &left.kind {
        LeftoverKind::Staging => (
            "no living process works in this staging directory".to_owned(),
            "an install that was killed left it; it only takes up space",
        ),
        LeftoverKind::Lock => (
            "no process holds this lock".to_owned(),
            "a process that was killed left it; it locks nothing, and no process uses it",
        ),
        LeftoverKind::Part { size_bytes, .. } => (
            format!("these {size_bytes} bytes of an archive belong to no tool that a project locks"),
            "nothing will continue this download; it only takes up space",
        ),
    };
    Finding {
        check: DoctorCheck::Leftover,
        severity: Severity::Wrong,
        subject: left.path.display().to_string(),
        what,
        why,
        mend: "remove it: `vx doctor --fix`".into(),
        remedy: Remedy::RemoveLeftover(left),
    }
}
