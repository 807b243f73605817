//! The configuration of npm, pip and uv: whether it can be read, and whether anybody answers where it leads.

use crate::candidate::SourceKind;
use crate::doctor::finding::{Check, Finding, Remedy, Severity};
use crate::hint::Hint;
use crate::source::{SourceError, Sources};
use crate::sync::in_parallel;

/// Look at the settings of these kinds of sources, and ask `online`, where that is given, whether somebody answers.
pub(super) fn check(sources: &Sources, online: Option<&Sources>, kinds: &[SourceKind]) -> Vec<Finding> {
    let found = in_parallel(kinds.to_vec(), kinds.len(), |kind| {
        let problems = sources.problems_of(kind);
        let mut findings: Vec<Finding> = problems.iter().map(|error| told(kind, error)).collect();
        // Nobody is asked at an address that makes no sense.
        if let Some(online) = online.filter(|_| problems.is_empty())
            && let Err(error) = online.reach(kind)
        {
            findings.push(told(kind, &error));
        }
        findings
    });
    found.into_iter().flatten().collect()
}

fn told(kind: SourceKind, error: &SourceError) -> Finding {
    Finding {
        check: Check::Source,
        severity: Severity::Wrong,
        subject: kind.name().to_owned(),
        what: error.to_string(),
        why: "versions and archives of its packages cannot be had from there; what is installed and cached still works",
        mend: error.hint().unwrap_or_else(|| "correct the setting".into()),
        remedy: Remedy::ByHand,
    }
}
