//! `vx install`: install tools by name, with a board of their own, leaving vx.toml and vx.lock as they are.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::args::InstallArguments;
use super::carry_out::{Errand, carry_out};
use super::failure::{Failure, Outcome, USAGE};
use super::show::choose_view;
use super::workspace::{all_of, platform, sources};
use super::{print, releases, store, tool_and_version, workspace};
use crate::project::{Lock, Project, Request, ToolRequest, discover, lock};
use crate::sync::{Resolution, Resolver};

/// Run `vx install`.
pub(super) fn run(directory: Option<&Path>, arguments: &InstallArguments) -> Outcome {
    let view = choose_view(&arguments.run.output)?;
    let project = nearest_project(directory)?;
    let mut asked = requests(&arguments.tools, project.as_ref())?;
    take_options_from_environment(&mut asked);
    let lock = project.as_ref().map(locked).transpose()?.unwrap_or_default();
    let home = store::home()?;
    let working_directory = std::env::current_dir()?;
    let place = project.as_ref().map_or(working_directory.as_path(), |project| &project.directory);
    let settings = project.as_ref().map(|project| project.settings.clone()).unwrap_or_default();
    let sources = Arc::new(sources(&home, place, &settings, arguments.run.offline));
    // What is asked for here counts before what the project says of it.
    let of_project = project.iter().flat_map(|project| project.tools.iter().cloned());
    let declared: Vec<ToolRequest> = asked.iter().cloned().chain(of_project).collect();
    let resolver = Resolver {
        sources: &sources,
        platform: platform()?,
        order: settings.sources.as_deref().unwrap_or_default(),
        lock: &lock,
        pins: &BTreeMap::new(),
        frozen: false,
        all_platforms: false,
        declared: &declared,
        digest_of: None,
    };
    resolver.recipes(&asked).map_err(all_of)?;
    let Resolution { wanted, .. } = resolver.resolve(&asked, |_| false);
    let plan = releases::plan_for(&home, wanted, arguments.run.force);
    let steps = releases::steps(plan, &home, &sources, &arguments.run);
    let title = arguments.tools.join(" ");
    let again = format!("vx install {title}");
    let (run, configured_jobs) = (&arguments.run, settings.jobs);
    carry_out(steps, &Errand { title: &title, home: &home, view, run, configured_jobs, again: &again })
}

/// The project, where there is one: a tool can be installed anywhere.
fn nearest_project(directory: Option<&Path>) -> Result<Option<Project>, Failure> {
    if directory.is_none() && discover::find(&std::env::current_dir()?).is_none() {
        return Ok(None);
    }
    workspace::project(directory).map(Some)
}

fn locked(project: &Project) -> Result<Lock, Failure> {
    let path = project.directory.join(lock::FILE_NAME);
    match Lock::read(&path).map_err(|error| Failure::hinted(USAGE, &error))? {
        Some(lock::Found::Current(lock)) => Ok(lock),
        _ => Ok(Lock::default()),
    }
}

/// What is asked for, each tool once.
fn requests(tools: &[String], project: Option<&Project>) -> Result<Vec<ToolRequest>, Failure> {
    let mut asked: Vec<ToolRequest> = Vec::new();
    for tool in tools {
        let wanted = request(tool, project)?;
        match asked.iter().find(|known| known.name == wanted.name) {
            None => asked.push(wanted),
            Some(known) if known.request.text() == wanted.request.text() => {}
            Some(known) => {
                let (name, one, other) = (&wanted.name, known.request.text(), wanted.request.text());
                return Err(Failure::usage(format!("`{name}` is asked for as `{one}` and as `{other}`"))
                    .hint("install one version after the other"));
            }
        }
    }
    Ok(asked)
}

/// What is asked for by name: as vx.toml has it, with the version given here in place of its own.
pub(super) fn request(text: &str, project: Option<&Project>) -> Result<ToolRequest, Failure> {
    let (tool, version) = tool_and_version(text);
    let declared = project.and_then(|project| project.tools.iter().find(|known| known.name == tool));
    let parse = |text: &str| Request::parse(text).map_err(|error| Failure::hinted(USAGE, &error));
    Ok(match (declared, version) {
        (Some(declared), None) => declared.clone(),
        (Some(declared), Some(version)) => ToolRequest { request: parse(version)?, ..declared.clone() },
        (None, version) => ToolRequest {
            name: tool.to_owned(),
            request: parse(version.unwrap_or("latest"))?,
            os: None,
            source: None,
            url: None,
            sha256: None,
            bin: Vec::new(),
            strip: None,
            options: BTreeMap::new(),
            postinstall: None,
            line: 0,
        },
    })
}

/// `VX_<TOOL>_<OPTION>` sets an option of a tool to which vx.toml gives none. Deprecated: one notice per run.
fn take_options_from_environment(asked: &mut [ToolRequest]) {
    let mut taken = Vec::new();
    for ask in asked.iter_mut().filter(|ask| ask.options.is_empty()) {
        let prefix = format!("VX_{}_", ask.name.to_uppercase().replace(|c: char| !c.is_ascii_alphanumeric(), "_"));
        for (name, value) in std::env::vars_os() {
            let (Some(name), Some(value)) = (name.to_str(), value.to_str()) else { continue };
            if let Some(option) = name.strip_prefix(&prefix).filter(|option| !option.is_empty()) {
                ask.options.insert(option.to_lowercase(), value.to_owned());
                taken.push(name.to_owned());
            }
        }
    }
    if !taken.is_empty() {
        taken.sort();
        print::warning(format_args!(
            "options were taken from the environment ({}), which is deprecated: put them under [tools.…] in vx.toml",
            taken.join(", ")
        ));
    }
}
