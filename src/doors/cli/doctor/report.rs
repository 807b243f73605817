//! The report of `vx doctor`: as text, or as a JSON document.

use serde_json::{Value, json};

use crate::doors::cli::output::print;
use crate::doors::doctor::{Diagnosis, Finding, Remedy, Severity};

/// Print the findings, and those that were mended.
pub(in crate::doors::cli) fn print(diagnosis: &Diagnosis, mended: &[Finding], as_json: bool) {
    if as_json {
        print::data(format_args!("{:#}", document(diagnosis, mended)));
        return;
    }
    for finding in mended {
        print::data(format_args!("mended: {}: {}", finding.subject, finding.what));
    }
    for finding in &diagnosis.findings {
        print::data(text(finding));
    }
    print::data(summary(diagnosis));
}

fn text(finding: &Finding) -> String {
    let Finding { subject, what, why, mend, .. } = finding;
    format!("{}: {subject}: {what}\n  why: {why}\n  mend: {mend}", finding.severity.name())
}

fn summary(diagnosis: &Diagnosis) -> String {
    let count = |severity| diagnosis.findings.iter().filter(|finding| finding.severity == severity).count();
    let (wrong, advice) = (count(Severity::Wrong), count(Severity::Advice));
    let looked = format!("looked at {} releases with {} files", diagnosis.releases, diagnosis.files);
    let advice = match advice {
        0 => String::new(),
        1 => ", 1 piece of advice".into(),
        count => format!(", {count} pieces of advice"),
    };
    match wrong {
        0 => format!("nothing is wrong{advice}; {looked}"),
        1 => format!("1 thing is wrong{advice}; {looked}"),
        count => format!("{count} things are wrong{advice}; {looked}"),
    }
}

fn document(diagnosis: &Diagnosis, mended: &[Finding]) -> Value {
    json!({
        "well": diagnosis.well(),
        "releases": diagnosis.releases,
        "files": diagnosis.files,
        "findings": diagnosis.findings.iter().map(entry).collect::<Vec<_>>(),
        "mended": mended.iter().map(entry).collect::<Vec<_>>(),
    })
}

fn entry(finding: &Finding) -> Value {
    json!({
        "check": finding.check.name(),
        "severity": finding.severity.name(),
        "subject": finding.subject,
        "what": finding.what,
        "why": finding.why,
        "mend": finding.mend,
        "fixable": finding.remedy != Remedy::ByHand,
    })
}
