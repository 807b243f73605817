//! `vx doctor`: looks for what is wrong, says how to mend it, and mends it with `--fix`.

mod repair;
mod report;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use super::args::DoctorArguments;
use super::failure::{FAILED, Failure, Outcome, USAGE};
use super::workspace::{platform, source_options};
use super::{shims, store};
use crate::doctor::{Check, Diagnosis, Examination, Finding, Remedy, examine, mend};
use crate::install::Depth;
use crate::paths::Home;
use crate::project::lock::{self, Found, LockError};
use crate::project::{Lock, Project, ProjectError, Settings, discover};
use crate::source::{Limits, Sources};

/// How long a registry may take to answer before it counts as unreachable.
const PROBE: Duration = Duration::from_secs(5);

/// What is looked at, as it is right now.
struct Scene {
    home: Home,
    project: Option<Result<Project, ProjectError>>,
    lock: Result<Option<Found>, LockError>,
}

/// Run `vx doctor`.
pub(super) fn run(project: Option<&Path>, arguments: &DoctorArguments) -> Outcome {
    let home = store::home()?;
    let before = look(&home, project, arguments)?;
    if !arguments.fix {
        report::print(&before, &[], arguments.json);
        return Ok(code(&before));
    }
    let mut found = before.findings.clone();
    let mut now = before;
    for finding in &distinct(&now.findings) {
        if let Some(Err(error)) = mend(&home, &finding.remedy) {
            super::print::error(format_args!("{}: {error}", finding.subject), None);
        }
    }
    if has(&now, &Remedy::Lock) && repair::lock(project) {
        // What is locked now may be missing in the store.
        now = look(&home, project, arguments)?;
        found.extend(now.findings.iter().filter(|finding| !found.contains(finding)).cloned().collect::<Vec<_>>());
    }
    if has(&now, &Remedy::Shims) {
        shims::refresh(&home);
    }
    let releases = releases(&now);
    if !releases.is_empty() {
        repair::install(&home, project, &releases, arguments);
    }
    let after = look(&home, project, arguments)?;
    let mended: Vec<Finding> = found.into_iter().filter(|finding| !remains(finding, &after)).collect();
    report::print(&after, &mended, arguments.json);
    Ok(code(&after))
}

fn code(diagnosis: &Diagnosis) -> ExitCode {
    if diagnosis.well() { ExitCode::SUCCESS } else { ExitCode::from(FAILED) }
}

/// Look at everything, as it is now.
fn look(home: &Home, directory: Option<&Path>, arguments: &DoctorArguments) -> Result<Diagnosis, Failure> {
    let scene = Scene::load(home, directory)?;
    let place = scene.directory()?;
    let sources = Sources::new(source_options(home, &place, &Settings::default(), true));
    let limits = Limits { connect: PROBE, idle: PROBE, attempts: 1, ..Limits::default() };
    let options = source_options(home, &place, &Settings::default(), false);
    let online = Sources::new(crate::source::SourceOptions { limits, ..options });
    Ok(examine(&Examination {
        home,
        project: scene.project.as_ref().map(Result::as_ref),
        lock: scene.lock.as_ref().map(Option::as_ref),
        platform: platform()?,
        sources: &sources,
        online: (!arguments.offline).then_some(&online),
        depth: if arguments.quick { Depth::Sizes } else { Depth::Contents },
        search_path: std::env::var_os("PATH"),
        launcher: shims::LAUNCHER,
    }))
}

impl Scene {
    fn load(home: &Home, directory: Option<&Path>) -> Result<Self, Failure> {
        let project = match directory {
            Some(directory) => Some(discover::load_from(directory)),
            None => {
                let here = std::env::current_dir()?;
                discover::find(&here).map(|_| discover::load(&here))
            }
        };
        if let Some(Err(error @ ProjectError::Missing { .. })) = &project {
            return Err(Failure::hinted(USAGE, error));
        }
        let lock = match &project {
            Some(Ok(project)) => Lock::read(&project.directory.join(lock::FILE_NAME)),
            _ => Ok(None),
        };
        Ok(Self { home: home.clone(), project, lock })
    }

    /// Where settings of a project are looked for.
    fn directory(&self) -> Result<PathBuf, Failure> {
        match &self.project {
            Some(Ok(project)) => Ok(project.directory.clone()),
            _ => Ok(std::env::current_dir().unwrap_or_else(|_| self.home.root().to_owned())),
        }
    }
}

/// Of several findings with one remedy, the first.
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
fn releases(diagnosis: &Diagnosis) -> Vec<(String, String)> {
    let mut releases: Vec<(String, String)> = Vec::new();
    for finding in &diagnosis.findings {
        if let Remedy::Install { tool, version } = &finding.remedy {
            let release = (tool.clone(), version.clone());
            if !releases.contains(&release) {
                releases.push(release);
            }
        }
    }
    releases
}

/// Whether what was found is still so; that it is so in another way does not make it mended.
fn remains(finding: &Finding, now: &Diagnosis) -> bool {
    let same = |other: &Finding| {
        // Of a setting or a place several things can be wrong at once; of a release one is as bad as the other.
        let told = other.what == finding.what || !matches!(finding.check, Check::Source | Check::Place);
        let key = |of: &Finding| (of.check, of.severity, of.subject.clone());
        key(other) == key(finding) && told
    };
    now.findings.iter().any(same)
}
