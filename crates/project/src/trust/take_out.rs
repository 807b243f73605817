//! Removes from a project the parts that may not act.

use std::collections::HashSet;

use super::part::ActingPart;
use crate::dotted_key::{key_segment, key_segments};
use crate::{Project, ToolRequest};

/// Remove these parts from the project. A tool or agent that may not be used without one of them stays declared, but is
/// marked as withheld. Other tools of the catalogue keep the catalogue's own form.
pub fn take_out(project: &mut Project, parts: &[ActingPart]) {
    for part in parts {
        if let Some(tool) = part.withholds() {
            project.tools.iter_mut().filter(|known| known.name == tool).for_each(|known| known.withheld = true);
        }
        match part {
            ActingPart::Option { tool, .. } => change_tool(project, tool, |known| {
                known.options.clear();
                known.strip = None;
                known.minimum_release_age = None;
            }),
            ActingPart::Program { tool, .. } => change_tool(project, tool, |known| known.bin.clear()),
            ActingPart::Variable { name, .. } => drop(project.env.remove(name)),
            ActingPart::Setting { name, .. } => match name.as_str() {
                "sources" => project.settings.sources = None,
                "verify_checksums" => project.settings.verify_checksums = None,
                "require_signatures" => project.settings.require_signatures = None,
                "minimum_release_age" => project.settings.minimum_release_age = None,
                _ => project.settings.mirrors.clear(),
            },
            ActingPart::Folder { .. } => project.entries.retain(|entry| entry.key != "python.venv"),
            // These are removed together below: there may be as many as the file has lines.
            ActingPart::Entry { .. } => {}
            // The readers of npm's and uv's settings leave out the project's files; the tools of the other parts are
            // withheld.
            ActingPart::SourceSetting { .. } | ActingPart::PostInstall { .. } | ActingPart::Address { .. } => {}
            ActingPart::Package { .. } | ActingPart::Tree { .. } => {}
        }
    }
    take_out_entries(project, parts);
}

/// Remove these values of tables that other programs act on, together with the service or agent that has one.
fn take_out_entries(project: &mut Project, parts: &[ActingPart]) {
    let keys = || {
        parts.iter().filter_map(|part| if let ActingPart::Entry { key, .. } = part { Some(key.as_str()) } else { None })
    };
    let gone: HashSet<&str> = keys().collect();
    project.entries.retain(|entry| !gone.contains(entry.key.as_str()));
    let names_in = |tables: &str| -> HashSet<String> {
        let segments = keys().map(key_segments).filter(|segments| segments[0] == tables);
        segments.filter_map(|segments| segments.get(1).map(|name| (*name).to_owned())).collect()
    };
    let (services, agents) = (names_in("services"), names_in("agents"));
    // A service without one of its settings would be a different service.
    project.services.retain(|service| !services.contains(&*key_segment(service.table())));
    let withheld = project.agents.iter_mut().filter(|agent| agents.contains(&*key_segment(&agent.name)));
    withheld.for_each(|agent| agent.withheld = true);
}

/// Change a tool that isn't withheld. Withheld tools keep the names of their programs, so that no other tool takes
/// these.
fn change_tool(project: &mut Project, tool: &str, change: impl FnMut(&mut ToolRequest)) {
    project.tools.iter_mut().filter(|known| known.name == tool && !known.withheld).for_each(change);
}
