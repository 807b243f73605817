//! The error for a script that does not exist. Its hint names a project that has the script, or the command that lists
//! the scripts.

use std::path::{Path, PathBuf};

use vx_project::Project;
use vx_project::scripts::ScriptError;

use crate::doors::cli::output::failure::{CommandFailure, USAGE};
use crate::doors::cli::workspace;
use crate::tools::shell::system::quote;
use crate::workspace::project::above;

/// The failure of a script that cannot be found in the project; `named` is true if the project is not that of the working
/// directory.
pub(super) fn failure(project: &Project, named: bool, error: &ScriptError) -> CommandFailure {
    let failure = CommandFailure::hinted(USAGE, error);
    let ScriptError::Unknown { name, wanted_by: None, near } = error else { return failure };
    if let Some(giver) = giver(project, name) {
        let script = path_to(&giver.directory).join(name);
        let command = format!("vx run {}", quote(&script.to_string_lossy()));
        return failure.hint(format!("`{command}` runs the one in `{}`", giver.path.display()));
    }
    if named && near.is_empty() {
        let directory = quote(&project.directory.to_string_lossy());
        return failure.hint(format!("`vx run --project {directory} --list` lists the scripts"));
    }
    failure
}

/// The nearest project further up that has this script.
fn giver(project: &Project, script: &str) -> Option<Project> {
    let above = above(&workspace::home().ok()?, project, |_| true).ok()?;
    above.into_iter().find(|project| project.scripts.iter().any(|known| known.name == script))
}

/// The path of a directory as seen from the working directory, if it lies above that.
fn path_to(directory: &Path) -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    match here.strip_prefix(directory) {
        Ok(below) if below.as_os_str().is_empty() => PathBuf::from("."),
        Ok(below) => below.components().map(|_| "..").collect(),
        Err(_) => directory.to_owned(),
    }
}
