//! The home of this user, and the project that a command is for, by `--project` or the working directory.

use std::path::{Path, PathBuf};

use vx_base::paths::Home;
use vx_project::Project;

use crate::doors::cli::output::failure::{CommandFailure, USAGE};
use crate::doors::cli::output::notices::NoticePrintingFrontend;
#[cfg(feature = "control")]
use crate::serving::up;
use crate::workspace::project::{ProjectPlace, read_projects};

/// This user's home.
pub(super) fn home() -> Result<Home, CommandFailure> {
    Home::from_environment().map_err(|error| CommandFailure::hinted(USAGE, &error))
}

/// The place of the project in this directory, or else of the nearest project above the working directory.
pub(super) fn place(directory: Option<&Path>) -> Result<ProjectPlace, CommandFailure> {
    Ok(match directory {
        Some(directory) => ProjectPlace::At(in_one_form(directory)),
        None => ProjectPlace::Above(std::env::current_dir()?),
    })
}

/// The place of a project as in [`place`]; without `--project` there may be no project.
pub(super) fn place_or_none(directory: Option<&Path>) -> Result<ProjectPlace, CommandFailure> {
    Ok(match directory {
        Some(directory) => ProjectPlace::At(in_one_form(directory)),
        None => ProjectPlace::AboveOrNone(std::env::current_dir()?),
    })
}

/// The directory without links and `..`, so that two paths to one project are the same project.
fn in_one_form(directory: &Path) -> PathBuf {
    directory.canonicalize().unwrap_or_else(|_| directory.to_owned())
}

/// The directory of the project in this directory, or else of the nearest one: the place of its services. Running
/// services are found without the project's file, which may have errors by now, or be gone.
#[cfg(feature = "control")]
pub(super) fn services_directory(directory: Option<&Path>) -> Result<PathBuf, CommandFailure> {
    let place = place(directory)?;
    let at_work = up::directory_at_work(place.directory());
    let file = place.find_with(|_| true).ok().flatten();
    let declaring = file.as_deref().and_then(Path::parent).map(Path::to_owned);
    let nearest = [at_work, declaring].into_iter().flatten().max_by_key(|directory| directory.components().count());
    nearest.map_or_else(|| Ok(project(Some(place.directory()))?.directory), Ok)
}

/// The project in this directory, or else the nearest one. Prints warnings about it.
pub(super) fn project(directory: Option<&Path>) -> Result<Project, CommandFailure> {
    let place = place(directory)?;
    let projects = read_projects(&home()?, &place, &NoticePrintingFrontend)?.projects;
    Ok(projects.into_iter().next().unwrap_or_else(|| Project::none(Path::new(""))))
}
