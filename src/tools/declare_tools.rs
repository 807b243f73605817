//! Declaring tools in a project. Each tool is installed first, so that a failed install changes nothing, then written
//! into vx.toml, then locked. If that fails after all, vx.toml and vx.lock get their former contents back.

mod backup;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use vx_base::digest::Algorithm;
use vx_base::files::replace_file::replace_file;
use vx_base::paths::Home;
use vx_fetch::tools::catalogue::is_same;
use vx_project::edit::with_request;
use vx_project::lock::LockFileGuard;
use vx_project::{Project, ProjectError, VersionRequest, discover, tool_and_version};

use super::locking::{LockOptions, Upgrade, lock};
use crate::tools::installs::installing::{InstallOptions, install, needs_consent};
use crate::tools::installs::syncing::{SyncOptions, SyncOutcome, sync};
use crate::workspace::consent::{Consent, ConsentSource};
use crate::workspace::error::WorkError;
use crate::workspace::frontend::notice::Notice;
use crate::workspace::frontend::options::RunOptions;
use crate::workspace::frontend::run::RunOutcome;
use crate::workspace::frontend::{Frontend, Question, Refused, RunView, UserAnswer};
use crate::workspace::project::ProjectPlace;
use backup::ProjectBackup;

/// The name of a new project file.
const FILE_NAME: &str = "vx.toml";
/// The longest wait for other processes that declare tools in the same project; each may have to request versions.
const PATIENCE: Duration = Duration::from_secs(120);

/// Tools for a project to declare.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UseOptions {
    /// The tools, each `TOOL` or `TOOL@REQUEST`. Without a request, the project's request stays, or else it is
    /// `latest`.
    pub tools: Vec<String>,
    /// How to get consent, if one of the tools needs it and it is missing.
    pub asking: ConsentSource,
    /// The options of the run.
    pub run: RunOptions,
}

/// A tool as it is to be declared.
struct ToolDeclaration {
    tool: String,
    request: String,
}

/// Install these tools, declare them in the project at `place`, and lock them at the newest releases that fit. If there
/// is no project and none is required, one is created in that directory. Naming a package, as in `npm:zx`, is consent
/// to that package and to nothing else of the project.
///
/// The file and the lock stay as they are if one of the tools cannot be installed.
///
/// # Errors
/// The run did not start, or the file or the lock cannot be written. A tool that fails later is part of the outcome.
pub fn use_tools(
    home: &Home,
    place: &ProjectPlace,
    options: &UseOptions,
    frontend: &dyn Frontend,
) -> Result<RunOutcome, WorkError> {
    let file = place.find_with(|_| true)?.unwrap_or_else(|| place.directory().join(FILE_NAME));
    let declarations = declarations(&options.tools, &read(&file)?.1)?;
    let tools: Vec<String> = declarations.iter().map(|wanted| wanted.tool.clone()).collect();
    // Find out before anything is installed whether the file can be changed, and whether its packages may act.
    let wanted = Project::parse(&file, &edited(&file, &declarations)?).map_err(ProjectError::from)?;
    Consent::for_project(home, &wanted)?.check_typed(&tools)?;
    let named: Vec<String> = declarations.iter().map(|wanted| format!("{}@{}", wanted.tool, wanted.request)).collect();
    let installing = InstallOptions { tools: named, asking: options.asking, declaring: true, run: options.run.clone() };
    let outcome = install(home.clone(), place, &installing, frontend)?;
    if !outcome.good() {
        frontend.notice(Notice::NotDeclared { path: file });
        return Ok(outcome);
    }
    // Processes that declare tools in this project take turns, so that each sees what the one before has written.
    let _turn = LockFileGuard::acquire(&file, &turnstile(home, &file), PATIENCE).map_err(WorkError::LockWrite)?;
    let mut before = ProjectBackup::read(home, &file)?;
    let written = declare(&mut before, &declarations, options, frontend);
    if !written.as_ref().is_ok_and(|later| later.as_ref().is_none_or(RunOutcome::good)) {
        before.restore()?;
        frontend.notice(Notice::NotDeclared { path: file });
        return written.map(|later| later.unwrap_or(outcome));
    }
    for ToolDeclaration { tool, request } in declarations {
        frontend.notice(Notice::Declared { path: file.clone(), tool, request });
    }
    written.map(|later| later.unwrap_or(outcome))
}

/// The file in the home that is locked while this project file, and then its vx.lock, are written.
fn turnstile(home: &Home, file: &Path) -> PathBuf {
    let mut hasher = Algorithm::Sha256.hasher();
    hasher.update(file.canonicalize().unwrap_or_else(|_| file.to_owned()).as_os_str().as_encoded_bytes());
    home.locks().join(format!("vx.toml-{:.16}", hasher.finish().hex()))
}

/// Write the declarations into the file as it is now, store the consent to typed packages, and lock the tools. Returns
/// the outcome of an install, if this led to one.
fn declare(
    before: &mut ProjectBackup<'_>,
    declarations: &[ToolDeclaration],
    options: &UseOptions,
    frontend: &dyn Frontend,
) -> Result<Option<RunOutcome>, WorkError> {
    let (home, file) = (before.home, before.file);
    let (present, text) = (read(file)?.0, edited(file, declarations)?);
    if text != present {
        let written = replace_file(file, |target| target.write_all(text.as_bytes()));
        written.map_err(|cause| WorkError::ProjectWrite { path: file.to_owned(), cause })?;
        before.wrote(text);
    }
    let tools: Vec<String> = declarations.iter().map(|wanted| wanted.tool.clone()).collect();
    let consent = Consent::for_project(home, &read(file)?.1)?;
    before.agreed(consent.agree_to_typed(home, &tools)?, &consent);
    // Don't ask again about a package that was typed, and about other parts only if one of the tools needs them.
    let asking = match options.asking {
        ConsentSource::Given => ConsentSource::Given,
        _ if needs_consent(&tools, &consent) => options.asking,
        _ => ConsentSource::Nobody,
    };
    let place = ProjectPlace::At(consent.file.parent().unwrap_or(Path::new("")).to_owned());
    let options = UseOptions { tools, asking, run: options.run.clone() };
    renew(before, &place, &options, &ProjectNoticeFilter(frontend))
}

/// Lock the newest releases of these tools, and install those that have come out since. Returns the outcome of such an
/// install.
fn renew(
    before: &mut ProjectBackup<'_>,
    place: &ProjectPlace,
    options: &UseOptions,
    frontend: &dyn Frontend,
) -> Result<Option<RunOutcome>, WorkError> {
    let UseOptions { tools, asking, run } = options.clone();
    let home = before.home;
    let locking = LockOptions { tools: Vec::new(), upgrade: Upgrade::Tools(tools.clone()) };
    let locked = lock(home.clone(), place, &locking, frontend);
    before.locked();
    match locked {
        Ok(outcome) if outcome.written => frontend.notice(Notice::LockWritten),
        // Tools whose consent is missing are not locked; the sync below asks for it.
        Ok(_) | Err(WorkError::Consent(_)) => {}
        Err(error) => return Err(error),
    }
    let syncing = SyncOptions { tools, asking, run, ..SyncOptions::default() };
    // Even with nothing to install, a sync records that the project wants the releases.
    let synced = sync(home.clone(), place, &syncing, frontend);
    before.locked();
    match synced? {
        SyncOutcome::Ran(outcome) => Ok(Some(outcome)),
        SyncOutcome::Planned(_) | SyncOutcome::UpToDate => Ok(None),
    }
}

/// A frontend that drops notices about the project, since they have been sent already.
struct ProjectNoticeFilter<'a>(&'a dyn Frontend);

impl Frontend for ProjectNoticeFilter<'_> {
    fn notice(&self, notice: Notice) {
        use Notice::{ForeignUi, Ignored, OldLock, Project, TrustedByCi, UnknownMirror, UpToDate, Withheld};

        match notice {
            Project(_) | Ignored { .. } | Withheld { .. } | TrustedByCi { .. } | ForeignUi { .. } => {}
            UnknownMirror { .. } | OldLock { .. } | UpToDate { .. } => {}
            notice => self.0.notice(notice),
        }
    }

    fn ask(&self, question: &Question) -> UserAnswer {
        self.0.ask(question)
    }

    fn view(&self) -> Result<Box<dyn RunView>, Refused> {
        self.0.view()
    }
}

/// The tools, each once, with the requests to write.
fn declarations(named: &[String], project: &Project) -> Result<Vec<ToolDeclaration>, WorkError> {
    let mut found: Vec<ToolDeclaration> = Vec::new();
    for text in named {
        let (tool, version) = tool_and_version(text);
        // A tool with several names keeps the name that it has in this project.
        let declared = project.tools.iter().find(|known| is_same(&known.name, tool));
        let tool = declared.map_or(tool, |known| known.name.as_str());
        let request = match (version, declared) {
            (Some(version), _) => VersionRequest::parse(version)?.text().to_owned(),
            (None, Some(declared)) => declared.request.text().to_owned(),
            (None, None) => "latest".to_owned(),
        };
        match found.iter().find(|known| known.tool == tool) {
            None => found.push(ToolDeclaration { tool: tool.to_owned(), request }),
            Some(known) if known.request == request => {}
            Some(known) => {
                return Err(WorkError::TwoRequests {
                    tool: tool.to_owned(),
                    one: known.request.clone(),
                    other: request,
                });
            }
        }
    }
    Ok(found)
}

/// The text of the file and the project in it; both are empty if there is no file.
fn read(file: &Path) -> Result<(String, Project), WorkError> {
    if !file.exists() {
        return Ok((String::new(), Project::none(file.parent().unwrap_or(Path::new("")))));
    }
    let text = discover::text(file)?;
    let project = Project::parse(file, &text).map_err(ProjectError::from)?;
    Ok((text, project))
}

/// The text of the file with these declarations, checked to be a valid project.
fn edited(file: &Path, declarations: &[ToolDeclaration]) -> Result<String, WorkError> {
    let mut text = read(file)?.0;
    for ToolDeclaration { tool, request } in declarations {
        text = with_request(&text, tool, request)
            .map_err(|cause| WorkError::ProjectEdit { path: file.to_owned(), cause })?;
    }
    Project::parse(file, &text).map_err(ProjectError::from)?;
    Ok(text)
}
