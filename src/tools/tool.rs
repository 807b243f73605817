//! Finding the program for a name, and installing it first if it is missing.
//!
//! The program comes from the project, else from the user's own `vx.toml`, else from `PATH`; never from another
//! project. How it was named decides whether a program on `PATH` counts ([`Naming`]). The door executes it.

mod error;
mod naming;

use std::path::{Path, PathBuf};

use vx_base::nearest::near_misses;
use vx_base::package::candidate::{Candidate, Scheme};
use vx_base::package::shipped::NamedPackage;
use vx_base::package::source_kind::SourceKind;
use vx_base::paths::Home;
use vx_fetch::tools::catalogue;
use vx_project::{VersionRequest, tool_and_version};
use vx_store::StoreEntry;

use super::catalogue_releases;
use super::routes::{Routes, Stray, Target, program};
use crate::tools::installs::installing::{InstallOptions, install};
use crate::tools::installs::syncing::{SyncOptions, SyncOutcome, sync};
use crate::tools::route::{self, Invocation};
use crate::workspace::error::WorkError;
use crate::workspace::frontend::Frontend;
use crate::workspace::frontend::notice::Notice;
use crate::workspace::frontend::run::RunOutcome;
use crate::workspace::project::ProjectPlace;
pub use error::{Namesake, ToolError};
pub use naming::Naming;

/// A program to find.
#[derive(Clone, Copy, Debug)]
pub struct ToolOptions<'a> {
    /// Its name: a tool, or one of its programs.
    pub name: &'a str,
    /// The place of the project to use, with the projects it inherits from.
    pub place: &'a ProjectPlace,
    /// Whether a missing tool may be installed.
    pub install: bool,
    /// How the name was given, which decides what else it may mean.
    pub naming: Naming,
    /// Names that the door reserves for itself.
    pub reserved: &'a [&'a str],
}

/// The outcome of looking for a program.
#[derive(Debug)]
pub enum ToolOutcome {
    /// The program.
    Ready(Invocation),
    /// The program was missing, and this run did not install it.
    NotInstalled(RunOutcome),
}

/// Find the program that `options` names; a missing tool is installed if that is allowed.
///
/// # Errors
/// There is no such program, or it may not be installed.
pub fn find_program(home: &Home, options: &ToolOptions<'_>, frontend: &dyn Frontend) -> Result<ToolOutcome, ToolError> {
    let mut may_install = options.install;
    loop {
        let routes = Routes::for_place(options.place, home.clone())?;
        let target = routes.target(options.name);
        if !matches!(target, Target::Refused(WorkError::Consent(_))) {
            routes.tell(frontend);
        }
        match target {
            Target::Ready(invocation) => {
                notice_strays(&routes, frontend);
                if let Some(draft) = routes.into_draft(options.reserved) {
                    route::keep(home, &draft);
                }
                return Ok(ToolOutcome::Ready(invocation));
            }
            Target::Absent { tool, project, install, .. } => {
                if !std::mem::take(&mut may_install) || !install {
                    return Err(ToolError::Absent { tool, forbidden: !install });
                }
                if let Some(outcome) = sync_missing(
                    home,
                    &project,
                    &SyncOptions { tools: vec![tool], ..SyncOptions::default() },
                    frontend,
                )? {
                    return Ok(ToolOutcome::NotInstalled(outcome));
                }
            }
            // Naming a package on the command line is consent to it.
            Target::Refused(WorkError::Consent(_)) | Target::Undeclared | Target::OnPath(_)
                if options.naming == Naming::Program && NamedPackage::of_tool(options.name).is_some() =>
            {
                let version = routes.requested(options.name).unwrap_or_else(|| "latest".to_owned());
                return find_version(home, options, &version, frontend);
            }
            Target::OnPath(_) if !options.naming.admits_path(options.name) => {
                return Err(unknown(options, &routes, Namesake::OnPath));
            }
            Target::System(invocation) | Target::OnPath(invocation) => {
                notice_strays(&routes, frontend);
                return Ok(ToolOutcome::Ready(invocation));
            }
            Target::Refused(error) => return Err(error.into()),
            Target::NotOnPath(trouble) => return Err(ToolError::NotOnPath(trouble)),
            Target::Undeclared => return Err(undeclared(options, &routes)),
        }
    }
}

/// Find the program of this version of a tool, regardless of the projects; a missing version is installed if that is
/// allowed.
///
/// # Errors
/// The version is not valid, or is missing and may not be installed.
pub fn find_version(
    home: &Home,
    options: &ToolOptions<'_>,
    version: &str,
    frontend: &dyn Frontend,
) -> Result<ToolOutcome, ToolError> {
    let tool = options.name;
    let request = VersionRequest::parse(version).map_err(WorkError::from)?;
    let routes = Routes::for_place(options.place, home.clone())?;
    routes.tell(frontend);
    for may_install in [options.install, false] {
        if let Some((release, file)) = installed_newest(home, &routes, tool, &request)? {
            return Ok(ToolOutcome::Ready(routes.invocation(file, Some(&release.bin()))));
        }
        if !may_install {
            break;
        }
        if let Some(outcome) = install_one(home, options.place, format!("{tool}@{version}"), frontend)? {
            return Ok(ToolOutcome::NotInstalled(outcome));
        }
    }
    Err(ToolError::VersionAbsent { tool: tool.to_owned(), version: version.to_owned() })
}

/// Install missing tools of the project in this directory. Returns the outcome if a tool was not installed.
///
/// # Errors
/// The run did not start.
pub fn sync_missing(
    home: &Home,
    project: &Path,
    options: &SyncOptions,
    frontend: &dyn Frontend,
) -> Result<Option<RunOutcome>, WorkError> {
    match sync(home.clone(), &ProjectPlace::At(project.to_owned()), options, frontend)? {
        SyncOutcome::Ran(outcome) if !outcome.good() => Ok(Some(outcome)),
        _ => Ok(None),
    }
}

fn install_one(
    home: &Home,
    place: &ProjectPlace,
    tool: String,
    frontend: &dyn Frontend,
) -> Result<Option<RunOutcome>, WorkError> {
    let options = InstallOptions { tools: vec![tool], ..InstallOptions::default() };
    let outcome = install(home.clone(), place, &options, frontend)?;
    Ok((!outcome.good()).then_some(outcome))
}

/// Send notices of pinned tools that are missing and of which a program that starts now would find another copy.
pub(crate) fn notice_strays(routes: &Routes, frontend: &dyn Frontend) {
    for Stray { tool, program } in routes.strays() {
        frontend.notice(Notice::Stray { tool, program });
    }
}

/// The error for a program that no project declares, and that is not on `PATH`.
fn undeclared(options: &ToolOptions<'_>, routes: &Routes) -> ToolError {
    let name = options.name;
    match catalogue::providing(name) {
        Some(tool) => ToolError::Undeclared { name: name.to_owned(), tool: tool.name.clone() },
        None => unknown(options, routes, Namesake::None),
    }
}

/// The installed release that a request means: the project's release if that fits, or else the newest version that
/// fits.
fn installed_newest(
    home: &Home,
    routes: &Routes,
    tool: &str,
    request: &VersionRequest,
) -> Result<Option<(StoreEntry, PathBuf)>, WorkError> {
    let with_file = |release: StoreEntry| program(&release, tool).map(|file| (release, file));
    let scheme = |release: &StoreEntry| {
        let source = release.receipt.source.parse();
        source.map_or(Scheme::Python, |source: SourceKind| source.scheme())
    };
    let own = routes.release(tool).filter(|own| request.matches(&own.receipt.version, scheme(own)));
    if let Some(own) = own {
        return Ok(with_file(own.clone()));
    }
    let mut installed = catalogue_releases::releases_named(home, tool)?;
    installed.retain(|release| release.receipt.tool == tool);
    let candidates: Vec<Candidate> =
        installed.iter().map(|release| Candidate::new(&release.receipt.version, scheme(release))).collect();
    let Ok(newest) = request.choose(&candidates) else { return Ok(None) };
    let release = installed.into_iter().find(|release| release.receipt.version == newest.version);
    Ok(release.and_then(with_file))
}

fn unknown(options: &ToolOptions<'_>, routes: &Routes, namesake: Namesake) -> ToolError {
    let ToolOptions { name, naming, .. } = *options;
    let declared = routes.names();
    let known = catalogue::all().flat_map(|tool| std::iter::once(&tool.name).chain(&tool.aliases).chain(&tool.brings));
    let near = near_misses(name, declared.iter().chain(known).map(String::as_str));
    let is_script = routes.project().is_some_and(|project| project.scripts.iter().any(|script| script.name == name));
    let (tool, version) = tool_and_version(name);
    let is_package = NamedPackage::of_tool(tool).is_some();
    let is_tool = is_package || catalogue::find(tool).is_some() || declared.iter().any(|declared| declared == tool);
    let namesake = match version {
        _ if is_script => Namesake::Script,
        Some(version) if is_tool && !version.is_empty() => Namesake::Version,
        None if is_package => Namesake::Package,
        _ => namesake,
    };
    ToolError::Unknown { name: name.to_owned(), naming, namesake, near: near.into_iter().map(str::to_owned).collect() }
}
