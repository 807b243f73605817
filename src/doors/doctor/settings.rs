//! The configuration of npm, pip and uv: its files must be readable, and the registries it names must answer.

use vx_base::package::source_kind::SourceKind;
use vx_base::system::parallel::in_parallel;
use vx_base::trouble::Explain;
use vx_fetch::{SourceError, Sources};

use crate::doors::doctor::finding::{DoctorCheck, Finding, Remedy, Severity};

/// Check the settings of these kinds of sources. With `online`, also check that the registries answer.
pub(super) fn check(sources: &Sources, online: Option<&Sources>, kinds: &[SourceKind]) -> Vec<Finding> {
    let found = in_parallel(kinds.to_vec(), kinds.len(), |kind| {
        let problems = sources.problems_of(kind);
        let mut findings: Vec<Finding> = problems.iter().map(|error| finding(kind, error)).collect();
        // No request is made to a registry with a wrong address.
        if let Some(online) = online.filter(|_| problems.is_empty())
            && let Err(error) = online.reach(kind)
        {
            findings.push(finding(kind, &error));
        }
        findings
    });
    found.into_iter().flatten().collect()
}

fn finding(kind: SourceKind, error: &SourceError) -> Finding {
    Finding {
        check: DoctorCheck::Source,
        severity: Severity::Wrong,
        subject: kind.name().to_owned(),
        what: error.to_string(),
        why: "versions and archives cannot be fetched from there; what is installed and cached still works",
        mend: error.hint().unwrap_or_else(|| "correct the setting".into()),
        remedy: Remedy::ByHand,
    }
}
