//! Processes that runs left behind which were killed together with everything that would have ended them.

use crate::doctor::finding::{Check, Finding, Remedy, Severity};
use crate::process::{Member, Swept};
use crate::trouble::{Trouble, TroubleKind};
use crate::work::strays::{end_strays, strays};

/// All of them.
pub(super) fn check() -> Vec<Finding> {
    strays().iter().map(finding).collect()
}

/// End them.
pub(super) fn end() -> Result<(), Trouble> {
    let Swept { left, .. } = end_strays();
    let left: Vec<String> = left.iter().map(ToString::to_string).collect();
    if left.is_empty() { Ok(()) } else { Err(Trouble::new(TroubleKind::Internal, left.join(", "))) }
}

fn finding(stray: &Member) -> Finding {
    Finding {
        check: Check::Process,
        severity: Severity::Wrong,
        subject: format!("{} (pid {})", stray.name, stray.pid),
        what: "a vx that was killed had started it, or started what it belongs to".into(),
        why: "the work that it belongs to is over, and no other process will end it",
        mend: "end it: `vx doctor --fix`, or the next run that installs".into(),
        remedy: Remedy::EndStrays,
    }
}
