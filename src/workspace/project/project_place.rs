//! The project that work is for, given by a directory and the way to search for a project from there.

use std::path::{Path, PathBuf};

use vx_base::paths::Home;
use vx_fetch::tools::catalogue;
use vx_project::lineage::{self, LineageBounds};
use vx_project::{Project, ProjectError, discover, project_file};
use vx_run::project_key;

use crate::workspace::error::WorkError;
use crate::workspace::frontend::Frontend;
use crate::workspace::frontend::notice::Notice;

/// The place of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProjectPlace {
    /// The project of exactly this directory.
    At(PathBuf),
    /// The project of exactly this directory, or none.
    AtOrNone(PathBuf),
    /// The nearest project from this directory upwards.
    Above(PathBuf),
    /// The nearest project from this directory upwards, or none.
    AboveOrNone(PathBuf),
}

impl ProjectPlace {
    /// The same place, but its project must exist.
    #[must_use]
    pub fn required(&self) -> Self {
        match self {
            Self::AboveOrNone(directory) => Self::Above(directory.clone()),
            Self::AtOrNone(directory) => Self::At(directory.clone()),
            place => place.clone(),
        }
    }

    /// Whether there is no project, and none is needed.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::AboveOrNone(directory) => discover::find(directory).is_none(),
            Self::AtOrNone(directory) => discover::find_in(directory, |_| true).is_none(),
            Self::At(_) | Self::Above(_) => false,
        }
    }

    /// The project's file, with each file that the search depends on passed to `look` first; `None` if there is none and
    /// none is needed.
    ///
    /// # Errors
    /// The project must exist, but does not.
    pub fn find_with(&self, look: impl FnMut(&Path) -> bool) -> Result<Option<PathBuf>, ProjectError> {
        let directory = self.directory();
        let found = match self {
            Self::At(directory) | Self::AtOrNone(directory) => {
                let absolute = std::path::absolute(directory).unwrap_or_else(|_| directory.clone());
                discover::find_in(&absolute, look)
            }
            Self::Above(_) | Self::AboveOrNone(_) => discover::find_with(directory, look),
        };
        match (found, self) {
            (None, Self::At(_)) => Err(ProjectError::NotThere { directory: directory.to_owned() }),
            (None, Self::Above(_)) => Err(ProjectError::Missing { from: directory.to_owned() }),
            (found, _) => Ok(found),
        }
    }

    /// The key by which boards name the project of this place; `None` if there is no project.
    pub fn project_key(&self) -> Option<String> {
        let file = self.find_with(|_| true).ok().flatten()?;
        file.parent().map(project_key)
    }

    /// The directory where the search begins.
    pub fn directory(&self) -> &Path {
        match self {
            Self::At(directory) | Self::AtOrNone(directory) | Self::Above(directory) | Self::AboveOrNone(directory) => {
                directory
            }
        }
    }

    /// Read the project.
    pub(super) fn read(&self) -> Result<Option<Project>, ProjectError> {
        match self {
            place if place.is_empty() => Ok(None),
            Self::At(directory) | Self::AtOrNone(directory) => project_file::load_from(directory).map(Some),
            Self::Above(directory) | Self::AboveOrNone(directory) => project_file::load(directory).map(Some),
        }
    }
}

/// The projects whose files apply to a directory, before any consent.
#[derive(Clone, Debug, Default)]
pub struct Lineage {
    /// The project and the projects it inherits from, the nearest first; empty if there is no project.
    pub projects: Vec<Project>,
    /// The user's own file, unless it is among the projects.
    pub own: Option<Project>,
}

/// Read the project at `place`, the projects it inherits from, and the user's own file. The frontend gets a notice of
/// every problem in the projects' files.
///
/// # Errors
/// A project is needed but there is none, or a file cannot be used.
pub fn read_projects(home: &Home, place: &ProjectPlace, frontend: &dyn Frontend) -> Result<Lineage, WorkError> {
    let mut projects: Vec<Project> = place.read()?.into_iter().collect();
    if let Some(project) = projects.first() {
        let above = above(home, project, |_| true)?;
        projects.extend(above);
    }
    projects.iter().rev().for_each(|project| notice_doubts(project, home, frontend));
    let known = projects.iter().any(|project| project.directory == home.root());
    let own = discover::find_in(home.root(), |_| true).filter(|_| !known);
    Ok(Lineage { projects, own: own.map(|path| project_file::read(&path)).transpose()? })
}

/// The projects that this one inherits from, the nearest first; the user's own file inherits from none. Each file that the
/// result depends on is passed to `look` first; if that returns false, the file counts as missing.
///
/// # Errors
/// One of their files cannot be used.
pub fn above(home: &Home, project: &Project, look: impl FnMut(&Path) -> bool) -> Result<Vec<Project>, ProjectError> {
    if project.directory == home.root() {
        return Ok(Vec::new());
    }
    lineage::above(project, &LineageBounds::of_machine(), look)
}

/// Send a notice of every problem in a project's file.
pub(super) fn notice_doubts(project: &Project, home: &Home, frontend: &dyn Frontend) {
    let path = &project.path;
    for remark in &project.notices {
        frontend.notice(Notice::Project(remark.clone()));
    }
    for problem in &project.warnings {
        frontend.notice(Notice::Ignored { path: path.clone(), problem: problem.clone() });
    }
    if let Some(procfile) = &project.procfile {
        for problem in &procfile.problems {
            frontend.notice(Notice::Ignored { path: procfile.path.clone(), problem: problem.clone() });
        }
    }
    if let Some(entry) = project.entries.iter().find(|entry| entry.key.starts_with("ui."))
        && home.root() != project.directory
    {
        frontend.notice(Notice::ForeignUi { path: path.clone(), line: entry.line });
    }
    for name in project.settings.mirrors.keys().filter(|name| !catalogue::sites().any(|site| site == *name)) {
        frontend.notice(Notice::UnknownMirror { site: name.clone() });
    }
}
