//! Getting from a project's file to the declarations of its services: consent, tools, variables.

use std::ffi::OsString;
use std::path::PathBuf;

use vx_base::digest::Algorithm;
use vx_base::files::agreed_file::AgreedFile;
use vx_base::paths::Home;
use vx_project::dotted_key::key_segment;
use vx_project::services::DeclaredService;
use vx_project::trust::ActingPart;
use vx_services::declared::reading::ReadAt;
use vx_services::declared::spec::Spec;

use crate::running::scripts::{VariableFiles, content_of_variables};
use crate::serving::up::error::UpError;
use crate::tools::installs::syncing::SyncOptions;
use crate::tools::routes::Routes;
use crate::tools::tool::{notice_strays, sync_missing};
use crate::workspace::consent::{Consent, ConsentSource};
use crate::workspace::frontend::Frontend;
use crate::workspace::frontend::run::RunOutcome;
use crate::workspace::project::{Faults, ProjectPlace, Workspace};

/// The services of a project, as they are declared to its supervisor.
#[derive(Clone, Debug)]
pub struct DeclaredServices {
    /// The project's directory.
    pub directory: PathBuf,
    /// The services.
    pub specs: Vec<Spec>,
    /// The time at which the project's file was read.
    pub read_at: ReadAt,
}

/// The outcome of preparing services.
#[derive(Debug)]
pub enum UpPrepared {
    /// The declarations.
    Ready(DeclaredServices),
    /// A tool of the project was missing, and this run did not install it.
    NotInstalled(RunOutcome),
}

/// Check that a project's services can be started: that they are declared without errors, that this system has guards for
/// them, that the user has agreed to them, and that there are any.
///
/// # Errors
/// The first of these conditions that does not hold.
pub fn check_services(workspace: &Workspace) -> Result<(), UpError> {
    let project = &workspace.project;
    if let Some(errors) = project.service_errors() {
        return Err(errors.into());
    }
    if !vx_process::has_guards() {
        return Err(UpError::NoGuards);
    }
    if !workspace.consent.complete() {
        let lines = workspace.consent.lines();
        return Err(UpError::Withheld { file: project.path.clone(), lines });
    }
    if project.services.is_empty() {
        return Err(UpError::None { file: project.path.clone() });
    }
    Ok(())
}

/// Prepare the services of the project at `place`. With `sync`, missing tools are installed first.
///
/// # Errors
/// The project declares no services, or its declarations have errors, or the user has not agreed to them.
pub fn prepare(home: &Home, place: &ProjectPlace, sync: bool, frontend: &dyn Frontend) -> Result<UpPrepared, UpError> {
    // Take the time before the file is opened, so that a later reading always has a later time.
    let read_at = ReadAt::now();
    let asking = |_: &Consent| ConsentSource::User;
    let workspace = Workspace::open_asking(home.clone(), place, Faults::Refuse, asking, frontend)?;
    check_services(&workspace)?;
    let project = &workspace.project;
    let mut routes = Routes::for_directory(&project.directory, home.clone())?;
    let absent = routes.absent_until_run();
    if sync && !absent.is_empty() {
        let missing = SyncOptions { tools: absent, ..SyncOptions::default() };
        if let Some(outcome) = sync_missing(home, &project.directory, &missing, frontend)? {
            return Ok(UpPrepared::NotInstalled(outcome));
        }
        routes = Routes::for_directory(&project.directory, home.clone())?;
    }
    routes.tell(frontend);
    notice_strays(&routes, frontend);
    let tools = routes.invocation(PathBuf::from("vx"), None).variables;
    let files = VariableFiles { home, consent: Some(&workspace.consent), frontend };
    let common: Vec<(OsString, OsString)> = files.of_project(project, tools)?.into_iter().collect();
    let directory = project.directory.canonicalize().unwrap_or_else(|_| project.directory.clone());
    let mut specs = Vec::with_capacity(project.services.len());
    for service in &project.services {
        let agreed = agreed_files(&workspace.consent, service);
        let (mut environment, mut digest) = (common.clone(), Algorithm::Sha256.hasher());
        for file in &service.env_files {
            let path = project.directory.join(file);
            let bytes = match agreed.iter().find(|agreed| agreed.is_at(&path)) {
                Some(agreed) => agreed.read()?,
                None => content_of_variables(&path)?,
            };
            environment.extend(files.parse(&path, &bytes)?);
            digest.update(&bytes);
        }
        let env_files = digest.finish().hex();
        // With `watch`, the user has agreed to running changed files.
        let agreed = if service.watch.is_empty() { agreed } else { Vec::new() };
        let (service, project) = (service.clone(), directory.clone());
        let spec = Spec { project, environment, env_files, agreed, ..Spec::for_service(service) };
        spec.directory()?;
        specs.push(spec);
    }
    Ok(UpPrepared::Ready(DeclaredServices { directory, specs, read_at }))
}

/// The files that the table of this service names, with the contents that the user has agreed to.
fn agreed_files(consent: &Consent, service: &DeclaredService) -> Vec<AgreedFile> {
    let table = format!("services.{}", key_segment(service.table()));
    let is_its = |key: &str| key.strip_prefix(&table).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    consent.agreed_files(|part| matches!(part, ActingPart::Entry { key, .. } if is_its(key)))
}
