//! The project that a command is for, by `--project` or the working directory.

use std::path::{Path, PathBuf};

use super::failure::Failure;
use super::notices::Printed;
use super::store;
use crate::project::Project;
use crate::work::workspace::{Place, read_projects};

/// The place of the project in this directory, or else of the nearest project above the working directory.
pub(super) fn place(directory: Option<&Path>) -> Result<Place, Failure> {
    Ok(match directory {
        Some(directory) => Place::At(in_one_form(directory)),
        None => Place::Above(std::env::current_dir()?),
    })
}

/// The place of a project as in [`place`]; without `--project` there may be no project.
pub(super) fn place_or_none(directory: Option<&Path>) -> Result<Place, Failure> {
    Ok(match directory {
        Some(directory) => Place::At(in_one_form(directory)),
        None => Place::AboveOrNone(std::env::current_dir()?),
    })
}

/// The directory without links and `..`, so that two paths to one project are the same project.
fn in_one_form(directory: &Path) -> PathBuf {
    directory.canonicalize().unwrap_or_else(|_| directory.to_owned())
}

/// The project in this directory, or else the nearest one. Everything doubtful in it is printed.
pub(super) fn project(directory: Option<&Path>) -> Result<Project, Failure> {
    let place = place(directory)?;
    let projects = read_projects(&store::home()?, &place, &Printed)?.projects;
    Ok(projects.into_iter().next().unwrap_or_else(|| Project::none(Path::new(""))))
}
