//! Carries out the remedies that need no decision by the user.

use vx_base::paths::Home;
use vx_base::trouble::Trouble;

use super::examine::{Diagnosis, DoctorOptions, examine, open};
use super::finding::{DoctorCheck, Finding, Remedy};
use super::{archives, boards, leftovers, places, releases, strays};
use crate::tools::installs::repair::repair;
use crate::tools::installs::wanted_by::WantedRelease;
use crate::tools::locking::{LockOptions, lock};
use crate::tools::shims;
use crate::workspace::error::WorkError;
use crate::workspace::frontend::Frontend;
use crate::workspace::frontend::notice::Notice;
use crate::workspace::frontend::options::RunOptions;

/// The result of [`mend`].
#[derive(Clone, Debug)]
pub struct Mended {
    /// The findings that are left.
    pub diagnosis: Diagnosis,
    /// The findings that are gone.
    pub mended: Vec<Finding>,
}

/// Examine everything, carry out every remedy that needs no decision, and examine everything again. The frontend gets a
/// notice of each remedy that fails.
///
/// # Errors
/// Nothing could be examined.
pub fn mend(home: &Home, options: &DoctorOptions, frontend: &dyn Frontend) -> Result<Mended, WorkError> {
    let mut now = examine(home, options)?;
    let mut found = now.findings.clone();
    for finding in distinct(&now.findings) {
        if let Some(Err(trouble)) = carry_out(home, &finding.remedy) {
            frontend.notice(Notice::NotMended(trouble.about(&finding.subject)));
        }
    }
    if has(&now, &Remedy::Lock) && relock(home, options, frontend) {
        // A release that was locked just now may be missing in the store.
        now = examine(home, options)?;
        found.extend(now.findings.iter().filter(|finding| !found.contains(finding)).cloned().collect::<Vec<_>>());
    }
    if has(&now, &Remedy::Shims)
        && let Err(error) = shims::renew(home)
    {
        frontend.notice(Notice::ShimsKept(error));
    }
    let damaged = damaged(&now);
    if !damaged.is_empty()
        && let Err(error) = reinstall(home, options, &damaged, frontend)
    {
        frontend.notice(Notice::Failed(error));
    }
    let diagnosis = examine(home, options)?;
    let mended = found.into_iter().filter(|finding| !remains(finding, &diagnosis)).collect();
    Ok(Mended { diagnosis, mended })
}

/// Carry out a remedy that only needs the file system; `None` for the others.
fn carry_out(home: &Home, remedy: &Remedy) -> Option<Result<(), Trouble>> {
    match remedy {
        Remedy::RemoveLeftover(leftover) => Some(leftovers::remove(home, leftover)),
        Remedy::RemoveArchive { path } => Some(archives::remove(path)),
        Remedy::RemoveRelease { tool, version } => Some(releases::remove(home, tool, version)),
        Remedy::CollectBoards { directory } => Some(boards::collect(directory)),
        Remedy::EndStrays => Some(strays::end()),
        Remedy::CloseDirectory { path } => Some(places::close(path)),
        Remedy::Install { .. } | Remedy::Lock | Remedy::Shims | Remedy::ByHand => None,
    }
}

/// Lock the project. Returns whether the lock file was written.
fn relock(home: &Home, options: &DoctorOptions, frontend: &dyn Frontend) -> bool {
    match lock(home.clone(), &options.place.required(), &LockOptions::default(), frontend) {
        Ok(outcome) => outcome.written,
        Err(error) => {
            frontend.notice(Notice::Failed(error));
            false
        }
    }
}

/// Install damaged releases again. The outcome of each tool is shown with the run.
fn reinstall(
    home: &Home,
    options: &DoctorOptions,
    damaged: &[WantedRelease],
    frontend: &dyn Frontend,
) -> Result<(), WorkError> {
    let workspace = open(home, options, frontend)?;
    let run = RunOptions { offline: options.offline, timeout: Some(options.mend_within), ..RunOptions::default() };
    repair(&workspace, damaged, &run, frontend).map(drop)
}

/// The first finding of each remedy.
fn distinct(findings: &[Finding]) -> Vec<&Finding> {
    let mut first: Vec<&Finding> = Vec::new();
    for finding in findings {
        if !first.iter().any(|known| known.remedy == finding.remedy) {
            first.push(finding);
        }
    }
    first
}

fn has(diagnosis: &Diagnosis, remedy: &Remedy) -> bool {
    diagnosis.findings.iter().any(|finding| finding.remedy == *remedy)
}

/// The releases to install again, each once.
fn damaged(diagnosis: &Diagnosis) -> Vec<WantedRelease> {
    let mut damaged: Vec<WantedRelease> = Vec::new();
    for finding in &diagnosis.findings {
        if let Remedy::Install { tool, version } = &finding.remedy {
            let release = WantedRelease { tool: tool.clone(), version: version.clone() };
            if !damaged.contains(&release) {
                damaged.push(release);
            }
        }
    }
    damaged
}

/// Whether a fault remains. A fault that remains in another form is not mended either.
fn remains(finding: &Finding, now: &Diagnosis) -> bool {
    let same = |other: &Finding| {
        // A setting or a place may have several faults at once, so the fault must be the same; for a release any fault
        // counts.
        let same_fault =
            other.what == finding.what || !matches!(finding.check, DoctorCheck::Source | DoctorCheck::Place);
        let key = |of: &Finding| (of.check, of.severity, of.subject.clone());
        key(other) == key(finding) && same_fault
    };
    now.findings.iter().any(same)
}
