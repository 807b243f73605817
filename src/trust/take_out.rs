//! The project without the parts that may not act.

use super::part::Part;
use crate::project::{Project, ToolRequest};

/// Take these parts out of the project. A tool that cannot be had without one of them stays declared, and is marked as
/// withheld, and so is an agent; the others of the catalogue stay in the catalogue's own form.
pub fn take_out(project: &mut Project, parts: &[Part]) {
    for part in parts {
        if let Some(tool) = part.withholds() {
            project.tools.iter_mut().filter(|known| known.name == tool).for_each(|known| known.withheld = true);
        }
        match part {
            Part::Option { tool, .. } => of(project, tool, |known| {
                known.options.clear();
                known.strip = None;
                known.minimum_release_age = None;
            }),
            Part::Program { tool, .. } => of(project, tool, |known| known.bin.clear()),
            Part::Variable { name, .. } => drop(project.env.remove(name)),
            Part::Setting { name, .. } => match name.as_str() {
                "sources" => project.settings.sources = None,
                "verify_checksums" => project.settings.verify_checksums = None,
                "require_signatures" => project.settings.require_signatures = None,
                "minimum_release_age" => project.settings.minimum_release_age = None,
                _ => project.settings.mirrors.clear(),
            },
            Part::Folder { .. } => project.entries.retain(|entry| entry.key != "python.venv"),
            Part::Entry { key, .. } => {
                project.entries.retain(|entry| entry.key != *key);
                // A service without one of its settings would be another service.
                project.services.retain(|service| !is_of(key, "services.", service.table()));
                let agents = project.agents.iter_mut();
                agents.filter(|agent| is_of(key, "agents.", &agent.name)).for_each(|agent| agent.withheld = true);
            }
            // The readers of settings of npm and uv leave out the project's; the tools of the other parts are withheld.
            Part::SourceSetting { .. } | Part::PostInstall { .. } | Part::Address { .. } => {}
            Part::Package { .. } => {}
        }
    }
}

/// True if this is the key of a value in the table of this name.
fn is_of(key: &str, tables: &str, name: &str) -> bool {
    let rest = key.strip_prefix(tables).and_then(|rest| rest.strip_prefix(name));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Change a tool that can be had. The others keep the names of their programs, so that these are still theirs.
fn of(project: &mut Project, tool: &str, change: impl FnMut(&mut ToolRequest)) {
    project.tools.iter_mut().filter(|known| known.name == tool && !known.withheld).for_each(change);
}
