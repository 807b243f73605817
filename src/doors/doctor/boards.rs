//! Boards and logs in the runtime directory, of runs that are long over.

use std::path::Path;

use vx_base::trouble::{Trouble, TroubleKind};
use vx_run::{collect_boards, stale_boards};

use crate::doors::doctor::finding::{DoctorCheck, Finding, Remedy, Severity};

/// The boards and logs that the next run would remove.
pub(super) fn check(directory: &Path) -> Vec<Finding> {
    let stale = match stale_boards(directory) {
        Ok(stale) => stale,
        Err(error) => return vec![unreadable(directory, &error)],
    };
    stale
        .into_iter()
        .map(|path| Finding {
            check: DoctorCheck::Board,
            // The next run removes it, so nothing has to be repaired now.
            severity: Severity::Advice,
            subject: path.display().to_string(),
            what: "it was left by a run that is long over".into(),
            why: "it takes up memory and gets in the way of users who look for the board of a run",
            mend: "remove it: `vx doctor --fix`, or `vx board gc`".into(),
            remedy: Remedy::CollectBoards { directory: directory.to_owned() },
        })
        .collect()
}

/// Remove these boards and logs.
pub(super) fn collect(directory: &Path) -> Result<(), Trouble> {
    collect_boards(directory).map(drop).map_err(|error| Trouble::new(TroubleKind::Board, error))
}

fn unreadable(directory: &Path, error: &std::io::Error) -> Finding {
    Finding {
        check: DoctorCheck::Board,
        severity: Severity::Wrong,
        subject: directory.display().to_string(),
        what: format!("its boards cannot be listed: {error}"),
        why: "no run can show its progress",
        mend: "make it readable for this user, or name another with VX_RUNTIME_DIR".into(),
        remedy: Remedy::ByHand,
    }
}
