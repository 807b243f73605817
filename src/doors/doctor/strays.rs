//! Stray processes: left behind by runs that were killed together with everything that would have ended them.

use vx_base::trouble::{Trouble, TroubleKind};
use vx_process::{EndedProcesses, MemberProcess, Survivors};

use crate::doors::doctor::finding::{DoctorCheck, Finding, Remedy, Severity};
use crate::tools::installs::strays::{end_strays, strays};

/// All stray processes.
pub(super) fn check() -> Vec<Finding> {
    let Survivors { seen, unseen } = strays();
    seen.iter().map(finding).chain(unseen.map(not_looked_for)).collect()
}

/// End all stray processes.
pub(super) fn end() -> Result<(), Trouble> {
    let EndedProcesses { left, .. } = end_strays();
    if left.is_none() { Ok(()) } else { Err(Trouble::new(TroubleKind::Internal, left)) }
}

fn finding(stray: &MemberProcess) -> Finding {
    Finding {
        check: DoctorCheck::Process,
        severity: Severity::Wrong,
        subject: format!("{} (pid {})", stray.name, stray.pid),
        what: "it was started, directly or not, by a vx that was killed".into(),
        why: "its work is over, and no other process will end it",
        mend: "end it: `vx doctor --fix`, or the next run that installs".into(),
        remedy: Remedy::EndStrays,
    }
}

fn not_looked_for(why: String) -> Finding {
    Finding {
        check: DoctorCheck::Process,
        severity: Severity::Wrong,
        subject: "processes of runs that were killed".into(),
        what: why,
        why: "some of them may still be there",
        mend: "remove the cause, then run `vx doctor` again".into(),
        remedy: Remedy::ByHand,
    }
}
