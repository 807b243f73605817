//! Compares the archives in the download cache with the digests in their names.

use std::path::{Path, PathBuf};

use vx_base::paths::Home;
use vx_base::system::parallel::in_parallel;
use vx_base::trouble::Trouble;
use vx_store::{ManifestCheckDepth, cached_archives, is_damaged, remove_damaged};

use crate::doors::doctor::finding::{DoctorCheck, Finding, Remedy, Severity};

/// All archives that don't have the digest in their name. They are read only if contents are compared.
pub(super) fn check(home: &Home, depth: ManifestCheckDepth) -> Vec<Finding> {
    if depth != ManifestCheckDepth::Contents {
        return Vec::new();
    }
    let readers = std::thread::available_parallelism().map_or(1, usize::from);
    let looked = in_parallel(cached_archives(home), readers, |path| {
        let damaged = is_damaged(&path);
        (path, damaged)
    });
    looked.into_iter().filter_map(|(path, damaged)| finding(path, damaged)).collect()
}

/// Remove a damaged archive.
pub(super) fn remove(path: &Path) -> Result<(), Trouble> {
    remove_damaged(path).map_err(|error| Trouble::from_error(&error))
}

fn finding(path: PathBuf, damaged: std::io::Result<bool>) -> Option<Finding> {
    let what = match damaged {
        Ok(false) => return None,
        // An install removed it meanwhile.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        Ok(true) => "this archive of the cache does not have the digest in its name".to_owned(),
        Err(error) => format!("this archive of the cache cannot be read: {error}"),
    };
    Some(Finding {
        check: DoctorCheck::Archive,
        severity: Severity::Wrong,
        subject: path.display().to_string(),
        what,
        why: "the disk or somebody changed it; an install that needs it downloads it again, or fails if offline",
        mend: "remove it: `vx doctor --fix`".into(),
        remedy: Remedy::RemoveArchive { path },
    })
}
