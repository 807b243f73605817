//! Finding the program for a name, and installing it first if it is missing.
//!
//! The program is the project's, or else that of the user's own `vx.toml`, or else the one on `PATH`; never that of
//! another project. The door executes it.

mod error;

use std::path::{Path, PathBuf};

use super::error::WorkError;
use super::frontend::Frontend;
use super::installing::{InstallOptions, install};
use super::notice::Notice;
use super::routes::{Routes, Stray, Target, on_path, program};
use super::run::RunOutcome;
use super::syncing::{SyncOptions, SyncOutcome, sync};
use super::workspace::Place;
use crate::candidate::{Scheme, SourceKind};
use crate::install::{Release, Store};
use crate::nearest::nearest;
use crate::paths::Home;
use crate::project::Request;
use crate::route::{self, Invocation};
use crate::source::catalogue;
pub use error::ToolError;

/// A program to find.
#[derive(Clone, Copy, Debug)]
pub struct ToolOptions<'a> {
    /// Its name: a tool, or one of its programs.
    pub name: &'a str,
    /// The directory whose projects count.
    pub directory: &'a Path,
    /// True if a missing tool may be installed.
    pub install: bool,
    /// True if a shim made the call: then a name cannot be meant for a command of the door.
    pub shim: bool,
    /// Names that the door keeps for itself.
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

/// Find the program that `options` names; a missing one is installed if that is allowed.
///
/// # Errors
/// There is no such program, or it may not be installed.
pub fn find_program(home: &Home, options: &ToolOptions<'_>, frontend: &dyn Frontend) -> Result<ToolOutcome, ToolError> {
    let mut may_install = options.install;
    loop {
        let routes = Routes::of(options.directory, home.clone())?;
        match routes.target(options.name) {
            Target::Ready(invocation) => {
                notice_strays(&routes, frontend);
                if let Some(draft) = routes.into_draft(options.reserved) {
                    route::keep(home, &draft);
                }
                return Ok(ToolOutcome::Ready(invocation));
            }
            Target::Absent { tool, project, install } => {
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
            Target::System { project, programs } => {
                notice_strays(&routes, frontend);
                let found = programs.iter().find_map(|name| on_path(name, home));
                let found = found.map(|file| routes.invocation(file, None));
                let (name, project) = (options.name.to_owned(), project.join("vx.toml"));
                return found.map(ToolOutcome::Ready).ok_or(ToolError::NotOnPath { name, project });
            }
            Target::Undeclared => return undeclared(options, &routes),
        }
    }
}

/// Find the program of this version of a tool, regardless of the projects; a missing one is installed if that is
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
    let request = Request::parse(version).map_err(WorkError::from)?;
    let routes = Routes::of(options.directory, home.clone())?;
    for may_install in [options.install, false] {
        let fits = |release: &Release| release.receipt.tool == tool && fits(&request, release);
        if let Some((release, file)) = installed_last(home, tool, fits)? {
            return Ok(ToolOutcome::Ready(routes.invocation(file, Some(&release.bin()))));
        }
        if !may_install {
            break;
        }
        if let Some(outcome) = install_one(home, options.directory, format!("{tool}@{version}"), frontend)? {
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
    match sync(home.clone(), &Place::At(project.to_owned()), options, frontend)? {
        SyncOutcome::Ran(outcome) if !outcome.good() => Ok(Some(outcome)),
        _ => Ok(None),
    }
}

fn install_one(
    home: &Home,
    directory: &Path,
    tool: String,
    frontend: &dyn Frontend,
) -> Result<Option<RunOutcome>, WorkError> {
    let options = InstallOptions { tools: vec![tool], ..InstallOptions::default() };
    let outcome = install(home.clone(), &Place::AboveOrNone(directory.to_owned()), &options, frontend)?;
    Ok((!outcome.good()).then_some(outcome))
}

/// Give notice of the pinned tools that are missing and whose programs a program that is started now finds elsewhere.
pub(super) fn notice_strays(routes: &Routes, frontend: &dyn Frontend) {
    for Stray { tool, program } in routes.strays() {
        frontend.notice(Notice::Stray { tool, program });
    }
}

/// Find a program that no project declares: the copy on `PATH`.
fn undeclared(options: &ToolOptions<'_>, routes: &Routes) -> Result<ToolOutcome, ToolError> {
    let name = options.name;
    if let Some(file) = on_path(name, routes.home()) {
        return Ok(ToolOutcome::Ready(routes.invocation(file, None)));
    }
    Err(match catalogue::providing(name) {
        Some(tool) => ToolError::Undeclared { name: name.to_owned(), tool: tool.name.clone() },
        None => unknown(options, routes),
    })
}

/// True if an installed release answers a request, as far as its version shows.
fn fits(request: &Request, release: &Release) -> bool {
    let scheme = if release.receipt.source == SourceKind::Npm.name() { Scheme::Semver } else { Scheme::Python };
    request.matches(&release.receipt.version, scheme)
}

/// The release installed last of those that have this program and fit.
fn installed_last(
    home: &Home,
    name: &str,
    fits: impl Fn(&Release) -> bool,
) -> Result<Option<(Release, PathBuf)>, WorkError> {
    let installed = Store::new(home.clone()).list()?;
    let having = installed.into_iter().filter(fits);
    let mut having: Vec<_> = having.filter_map(|release| program(&release, name).map(|file| (release, file))).collect();
    having.sort_by_key(|(release, _)| release.receipt.installed_at);
    Ok(having.pop())
}

fn unknown(options: &ToolOptions<'_>, routes: &Routes) -> ToolError {
    let declared = routes.names();
    let known = catalogue::all().flat_map(|tool| std::iter::once(&tool.name).chain(&tool.aliases).chain(&tool.brings));
    let names = declared.iter().map(String::as_str).chain(known.map(String::as_str));
    let reserved = if options.shim { &[] } else { options.reserved };
    let near = nearest(options.name, names.chain(reserved.iter().copied()));
    ToolError::Unknown { name: options.name.to_owned(), near: near.into_iter().map(str::to_owned).collect() }
}
