//! The project that a command is for, by `--project` or the working directory.

use std::path::Path;

use super::failure::Failure;
use super::notices::Printed;
use super::store;
use crate::project::Project;
use crate::work::workspace::{Place, read_project};

/// The place of the project in this directory, or else of the nearest project above the working directory.
pub(super) fn place(directory: Option<&Path>) -> Result<Place, Failure> {
    Ok(match directory {
        Some(directory) => Place::At(directory.to_owned()),
        None => Place::Above(std::env::current_dir()?),
    })
}

/// The place of a project as in [`place`]; without `--project` there may be no project.
pub(super) fn place_or_none(directory: Option<&Path>) -> Result<Place, Failure> {
    Ok(match directory {
        Some(directory) => Place::At(directory.to_owned()),
        None => Place::AboveOrNone(std::env::current_dir()?),
    })
}

/// The project in this directory, or else the nearest one. Everything doubtful in it is printed.
pub(super) fn project(directory: Option<&Path>) -> Result<Project, Failure> {
    let place = place(directory)?;
    let project = read_project(&store::home()?, &place, &Printed)?;
    Ok(project.unwrap_or_else(|| Project::none(Path::new(""))))
}
