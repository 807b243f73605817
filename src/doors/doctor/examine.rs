//! Examines a home, a project and their surroundings: all checks, in parallel if they wait for different resources.

use std::thread;
use std::time::Duration;

use vx_base::paths::{Home, find_runtime_directory, known_directories};
use vx_base::system::threads::aside;
use vx_fetch::RequestLimits;
use vx_store::ManifestCheckDepth;

use super::examination::Examination;
use super::finding::{Finding, Severity};
use super::{archives, boards, leftovers, places, project, releases, search_path, settings, shims, strays};
use crate::tools::shims::LAUNCHER;
use crate::workspace::error::WorkError;
use crate::workspace::frontend::{Frontend, NullFrontend};
use crate::workspace::project::{Access, Faults, ProjectPlace, Workspace};

/// The time after which a registry that does not answer counts as unreachable.
const PROBE: Duration = Duration::from_secs(5);

/// An examination to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DoctorOptions {
    /// The directory whose project is examined, if there is one.
    pub place: ProjectPlace,
    /// The depth to which releases are compared.
    pub depth: ManifestCheckDepth,
    /// Whether to skip the check that each registry answers.
    pub offline: bool,
    /// The longest that repairing one release may take.
    pub mend_within: Duration,
}

/// The result of an examination.
#[derive(Clone, Debug, Default)]
pub struct Diagnosis {
    /// The findings, the worst first.
    pub findings: Vec<Finding>,
    /// The number of releases.
    pub releases: usize,
    /// The number of files compared.
    pub files: usize,
}

impl Diagnosis {
    /// Whether there is no fault; advice does not count.
    pub fn well(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity != Severity::Wrong)
    }
}

/// Examine everything. Nothing is changed.
///
/// # Errors
/// The named project does not exist, or no tools are built for this machine.
pub fn examine(home: &Home, options: &DoctorOptions) -> Result<Diagnosis, WorkError> {
    let workspace = open(home, options, &NullFrontend)?;
    let sources = workspace.sources(Access::Offline);
    let limits = RequestLimits { connect: PROBE, idle: PROBE, attempts: 1, ..RequestLimits::default() };
    let online = (!options.offline).then(|| workspace.sources(Access::NetworkWithin(limits)));
    Ok(check(&Examination {
        workspace: &workspace,
        sources: &sources,
        online: online.as_ref(),
        depth: options.depth,
        search_path: std::env::var_os("PATH"),
        launcher: LAUNCHER,
    }))
}

/// Open the workspace as it is: an unusable project file or lock is a finding, not an error.
pub(super) fn open(home: &Home, options: &DoctorOptions, frontend: &dyn Frontend) -> Result<Workspace, WorkError> {
    Workspace::open(home.clone(), &options.place, Faults::Keep, frontend)
}

/// Run every check.
fn check(what: &Examination<'_>) -> Diagnosis {
    let home = &what.workspace.home;
    let runtime = find_runtime_directory();
    let mut diagnosis = Diagnosis::default();
    thread::scope(|scope| {
        // The check of the settings waits for servers and the others read files, so they run in parallel.
        let settings = aside(scope, || settings::check(what.sources, what.online, &what.kinds()));
        let wants = project::ReleaseDemand::from_examination(what);
        let releases = releases::check(home, &wants, what.depth);
        (diagnosis.releases, diagnosis.files) = (releases.releases, releases.files);
        let findings = &mut diagnosis.findings;
        // Stray processes come first: they may still work in a leftover that is removed later, and proving that a
        // process
        // is a stray takes its board.
        findings.extend(strays::check());
        findings.extend(releases.findings);
        findings.extend(project::check(what, &wants));
        findings.extend(archives::check(home, what.depth));
        findings.extend(leftovers::check(home, &what.workspace.lock));
        findings.extend(places::check(home, &runtime));
        for directory in known_directories(Some(home.root())) {
            findings.extend(boards::check(&directory));
        }
        findings.extend(search_path::check(home, what.search_path.as_deref(), &wants));
        findings.extend(shims::check(what));
        // If this check panics, that is a bug, but the findings of the others are still shown.
        findings.extend(settings.join().unwrap_or_default());
    });
    diagnosis.findings.sort_by_key(|finding| finding.severity);
    diagnosis
}
