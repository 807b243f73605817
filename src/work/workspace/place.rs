//! The project that work is for, given by a directory and the way to search for a project from there.

use std::path::{Path, PathBuf};

use crate::paths::Home;
use crate::project::{Project, ProjectError, discover};
use crate::source::catalogue;
use crate::work::error::WorkError;
use crate::work::frontend::Frontend;
use crate::work::notice::Notice;

/// The place of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The project of exactly this directory.
    At(PathBuf),
    /// The nearest project from this directory upwards.
    Above(PathBuf),
    /// The nearest project from this directory upwards, or none.
    AboveOrNone(PathBuf),
}

impl Place {
    /// The same place, whose project must be there.
    #[must_use]
    pub fn required(&self) -> Self {
        match self {
            Self::AboveOrNone(directory) => Self::Above(directory.clone()),
            place => place.clone(),
        }
    }

    /// True if there is no project, and none is needed.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::AboveOrNone(directory) if discover::find(directory).is_none())
    }

    pub(super) fn directory(&self) -> &Path {
        match self {
            Self::At(directory) | Self::Above(directory) | Self::AboveOrNone(directory) => directory,
        }
    }

    /// Read the project.
    pub(super) fn read(&self) -> Result<Option<Project>, ProjectError> {
        match self {
            Self::At(directory) => discover::load_from(directory).map(Some),
            place if place.is_empty() => Ok(None),
            Self::Above(directory) | Self::AboveOrNone(directory) => discover::load(directory).map(Some),
        }
    }
}

/// Read the project at `place`; the frontend gets a notice of everything doubtful in its file.
///
/// # Errors
/// A project is needed and there is none, or its file cannot be used.
pub fn read_project(home: &Home, place: &Place, frontend: &dyn Frontend) -> Result<Option<Project>, WorkError> {
    let project = place.read()?;
    if let Some(project) = &project {
        notice_doubts(project, home, frontend);
    }
    Ok(project)
}

/// Give notice of everything doubtful in a project's file.
pub(super) fn notice_doubts(project: &Project, home: &Home, frontend: &dyn Frontend) {
    let path = &project.path;
    for remark in &project.notices {
        frontend.notice(Notice::Project(remark.clone()));
    }
    for problem in &project.warnings {
        frontend.notice(Notice::Ignored { path: path.clone(), problem: problem.clone() });
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
