//! The progress patterns that vx.toml declares for a command, the project's before the user's own.

use vx_base::paths::Home;
use vx_project::{ProgressForms, Project, ProjectError, discover, project_file};

use crate::workspace::frontend::Frontend;
use crate::workspace::frontend::notice::Notice;
use crate::workspace::project::ProjectPlace;

/// The patterns with this name: from the project at `place`, else from the user's own file; empty if neither has any.
/// The frontend gets a notice of each doubtful value.
///
/// # Errors
/// A file cannot be used. The command can run without it.
pub fn forms_of(
    place: &ProjectPlace,
    home: &Home,
    name: &str,
    frontend: &dyn Frontend,
) -> Result<ProgressForms, ProjectError> {
    let project = place.find_with(|_| true)?;
    let own = discover::find_in(home.root(), |_| true);
    for path in project.into_iter().chain(own) {
        let Project { progress, .. } = project_file::read(&path)?;
        if let Some(found) = progress.into_iter().find(|forms| forms.name == name) {
            for problem in found.doubts.clone() {
                frontend.notice(Notice::Ignored { path: path.clone(), problem });
            }
            return Ok(found);
        }
    }
    Ok(ProgressForms::default())
}
