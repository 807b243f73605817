//! The project that a call is about.

use std::path::{Path, PathBuf};

use vx_base::paths::Home;
use vx_base::trouble::{Trouble, TroubleKind};

use crate::workspace::frontend::NullFrontend;
use crate::workspace::project::{ProjectPlace, read_projects};

/// The place of calls that name no directory.
#[derive(Clone, Debug)]
pub(super) struct Here {
    pub home: Home,
    /// The directory of the project that the server was started for, or the working directory.
    pub directory: PathBuf,
}

impl Here {
    /// The directory that a call names.
    pub(super) fn directory(&self, named: Option<&Path>) -> Result<PathBuf, Trouble> {
        let directory = named.map_or_else(|| self.directory.clone(), |named| self.directory.join(named));
        if !directory.is_dir() {
            let text = format!("there is no directory `{}`", directory.display());
            return Err(Trouble::new(TroubleKind::NotFound, text)
                .hinted("give `directory` as the absolute path of a project, or leave it out"));
        }
        Ok(directory.canonicalize().unwrap_or(directory))
    }

    /// The project at or above that directory.
    pub(super) fn place(&self, named: Option<&Path>) -> Result<ProjectPlace, Trouble> {
        Ok(ProjectPlace::Above(self.directory(named)?))
    }

    /// The directory of that project.
    pub(super) fn project(&self, named: Option<&Path>) -> Result<PathBuf, Trouble> {
        let projects = read_projects(&self.home, &self.place(named)?, &NullFrontend)
            .map_err(|error| Trouble::from_error(&error))?;
        Ok(projects.projects.into_iter().next().map(|project| project.directory).unwrap_or_default())
    }
}
