//! Installing tools by name, on their own board; the project and its lock stay as they are.

use std::collections::BTreeMap;
use std::sync::Arc;

use vx_base::package::shipped::NamedPackage;
use vx_base::paths::Home;
use vx_plan::{PlanStep, Resolution, Resolver};
use vx_project::trust::ActingPart;
use vx_project::{Project, ToolRequest, VersionRequest, tool_and_version};
use vx_shm::{BoardSubject, Kind};

use super::carry_out::{RunAssignment, carry_out};
use super::releases;
use super::server_wait_notice::naming_the_silent;
use crate::workspace::consent::{Consent, ConsentSource};
use crate::workspace::error::WorkError;
use crate::workspace::frontend::Frontend;
use crate::workspace::frontend::notice::Notice;
use crate::workspace::frontend::options::RunOptions;
use crate::workspace::frontend::run::{DeclarationLocations, Purpose, RunOutcome};
use crate::workspace::project::{Access, Faults, ProjectPlace, Workspace, check_entries};
use crate::workspace::withheld_notice::tell;

/// Tools to install by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InstallOptions {
    /// The tools, each `TOOL` or `TOOL@VERSION`.
    pub tools: Vec<String>,
    /// How to get consent, if one of the tools needs it and it is missing.
    pub asking: ConsentSource,
    /// Whether they are to be declared in a project once they are installed.
    pub declaring: bool,
    /// The options of the run.
    pub run: RunOptions,
}

/// Install these tools, each with the version and settings that the project at `place` has for it, if any.
///
/// # Errors
/// The run did not start. A tool that fails later is part of the outcome, not an error.
pub fn install(
    home: Home,
    place: &ProjectPlace,
    options: &InstallOptions,
    frontend: &dyn Frontend,
) -> Result<RunOutcome, WorkError> {
    let view = frontend.view()?;
    let asking =
        |consent: &Consent| if needs_consent(&options.tools, consent) { options.asking } else { ConsentSource::Nobody };
    let workspace = Workspace::open_asking(home, place, Faults::Refuse, asking, frontend)?;
    let mut steps = Vec::new();
    for of in workspace.lineage() {
        // A tool that the project inherits is installed as the project further up has it.
        let giver = |text: &String| workspace.giver(tool_and_version(text).0).unwrap_or(&workspace);
        let tools: Vec<String> = options.tools.iter().filter(|text| std::ptr::eq(giver(text), of)).cloned().collect();
        if !tools.is_empty() {
            steps.extend(steps_of(of, &tools, &options.run, frontend)?);
        }
    }
    let title = options.tools.join(" ");
    let assignment = RunAssignment {
        purpose: if options.declaring { Purpose::Use } else { Purpose::Install(options.tools.clone()) },
        subject: BoardSubject { kind: Some(Kind::Install), ..BoardSubject::titled(&title) },
        home: &workspace.home,
        options: &options.run,
        configured_jobs: workspace.project.settings.jobs,
        declared: DeclarationLocations::default(),
    };
    carry_out(steps, &assignment, view, frontend)
}

/// The steps for these tools, as this project has them.
fn steps_of(
    workspace: &Workspace,
    tools: &[String],
    options: &RunOptions,
    frontend: &dyn Frontend,
) -> Result<Vec<PlanStep>, WorkError> {
    tell(&workspace.home, &workspace.consent, frontend);
    let mut asked = requests(tools, &workspace.project)?;
    let withheld: Vec<String> = asked.iter().filter(|ask| ask.withheld).map(|ask| ask.name.clone()).collect();
    if !withheld.is_empty() {
        return Err(workspace.consent.refusal(&withheld));
    }
    take_options_from_environment(&mut asked, frontend);
    let sources = Arc::new(workspace.sources(Access::of_run(options)));
    let resolver = workspace.resolver(&sources);
    // A request made here takes precedence over the project's for the same tool.
    let declared: Vec<ToolRequest> = asked.iter().chain(resolver.declared).cloned().collect();
    let resolver = Resolver { pins: &BTreeMap::new(), all_platforms: false, declared: &declared, ..resolver };
    resolver.recipes(&asked).map_err(WorkError::NoRecipes)?;
    check_entries(&resolver, &asked)?;
    let Resolution { wanted, ages, .. } = naming_the_silent(&sources, frontend, || resolver.resolve(&asked, |_| false));
    for remark in ages {
        frontend.notice(Notice::Age(remark));
    }
    let mut plan = releases::plan_for(&workspace.home, &sources, wanted, options.force);
    for doubt in plan.doubts.drain(..) {
        frontend.notice(Notice::Resolution(doubt));
    }
    Ok(releases::steps(plan, &workspace.home, &sources, options))
}

/// Whether one of these tools needs the user's consent to more than the package that it names.
pub(crate) fn needs_consent(tools: &[String], consent: &Consent) -> bool {
    let named = |tool: &str| tools.iter().any(|text| tool_and_version(text).0 == tool);
    let acting = consent.withheld().iter().filter(|part| !part.is_named_by_tool());
    acting.filter_map(ActingPart::withholds).any(named)
}

/// The requests, each tool once.
fn requests(tools: &[String], project: &Project) -> Result<Vec<ToolRequest>, WorkError> {
    let mut asked: Vec<ToolRequest> = Vec::new();
    for tool in tools {
        // A tool that is requested by name is required, even if the project calls it optional.
        let wanted = ToolRequest { optional: false, ..agreed(request(tool, project)?) };
        match asked.iter().find(|known| known.name == wanted.name) {
            None => asked.push(wanted),
            Some(known) if known.request.text() == wanted.request.text() => {}
            Some(known) => {
                let (one, other) = (known.request.text().to_owned(), wanted.request.text().to_owned());
                return Err(WorkError::TwoRequests { tool: wanted.name, one, other });
            }
        }
    }
    Ok(asked)
}

/// The request with the consent that naming a package on the command line gives: to the package, but not to whatever
/// else the project does with it.
fn agreed(wanted: ToolRequest) -> ToolRequest {
    match wanted.withheld && NamedPackage::of_tool(&wanted.name).is_some() {
        true => ToolRequest::plain(wanted.name, wanted.request, wanted.line),
        false => wanted,
    }
}

/// The request for `TOOL` or `TOOL@VERSION`: as in the project, but with the version that is given here.
pub(crate) fn request(text: &str, project: &Project) -> Result<ToolRequest, WorkError> {
    let (tool, version) = tool_and_version(text);
    let declared = project.tools.iter().find(|known| known.name == tool);
    Ok(match (declared, version) {
        (Some(declared), None) => declared.clone(),
        (Some(declared), Some(version)) => ToolRequest { request: VersionRequest::parse(version)?, ..declared.clone() },
        (None, version) => {
            let request = VersionRequest::parse(version.unwrap_or("latest"))?;
            ToolRequest::plain(tool.to_owned(), request, 0)
        }
    })
}

/// Take options from `VX_<TOOL>_<OPTION>` for tools that have none in the project. Deprecated: one notice per run.
fn take_options_from_environment(asked: &mut [ToolRequest], frontend: &dyn Frontend) {
    let mut variables = Vec::new();
    for ask in asked.iter_mut().filter(|ask| ask.options.is_empty()) {
        let prefix = format!("VX_{}_", ask.name.to_uppercase().replace(|c: char| !c.is_ascii_alphanumeric(), "_"));
        for (name, value) in std::env::vars_os() {
            let (Some(name), Some(value)) = (name.to_str(), value.to_str()) else { continue };
            if let Some(option) = name.strip_prefix(&prefix).filter(|option| !option.is_empty()) {
                ask.options.insert(option.to_lowercase(), value.to_owned());
                variables.push(name.to_owned());
            }
        }
    }
    if !variables.is_empty() {
        variables.sort();
        frontend.notice(Notice::OptionsFromEnvironment { variables });
    }
}
