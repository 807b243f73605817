//! The services that a name stands for.

use vx_base::nearest::nearest;
use vx_base::trouble::{Trouble, TroubleKind};
use vx_project::services::keys_meant;

use crate::workspace::project::Workspace;

/// The services of a project that this name stands for: one service, or both services of a plugin. Empty if it may be a
/// service that the user has not agreed to; starting it reports that.
///
/// # Errors
/// No service has the name.
pub fn services_named(workspace: &Workspace, name: &str) -> Result<Vec<String>, Trouble> {
    let names: Vec<&str> = workspace.project.services.iter().map(|service| service.name.as_str()).collect();
    let meant = keys_meant(name, |key| names.contains(&key));
    if !meant.is_empty() || !workspace.consent.complete() {
        return Ok(meant);
    }
    let hint = match nearest(name, names.iter().copied()).first() {
        Some(near) => format!("did you mean `{near}`?"),
        None if names.is_empty() => "the project declares no services: add [services.NAME] to its vx.toml".into(),
        None => format!("the services of the project are {}", names.join(", ")),
    };
    Err(Trouble::new(TroubleKind::NotFound, format!("there is no service `{name}`")).hinted(hint))
}
