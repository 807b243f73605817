//! Finding routes: the program for each name in a directory, from the directory's project, the projects it inherits
//! from, or else the user's own `vx.toml`.
//!
//! The metadata of each file is recorded before the file is read, so that cached routes are valid as long as no file
//! has changed.

#[cfg(all(unix, feature = "control"))]
mod agent;
mod layer;
mod target;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use vx_base::paths::Home;
use vx_base::system::variables::variable;
use vx_fetch::tools::catalogue;
use vx_project::{Project, ToolRequest, discover, lineage, lock, project_file};
use vx_store::StoreEntry;

use crate::tools::route::{Draft, FileStampRecorder, Invocation, ProgramRoute, SESSION, joined, search_path};
use crate::workspace::consent::{Consent, ConsentState, key_files};
use crate::workspace::error::WorkError;
use crate::workspace::frontend::{Frontend, NullFrontend};
use crate::workspace::policy::VARIABLE;
use crate::workspace::project::{Faults, ProjectPlace, Workspace, above};
use crate::workspace::search_path::{self, search_path as search_path_of_system};
use crate::workspace::session::session;
use crate::workspace::withheld_notice::tell;
#[cfg(all(unix, feature = "control"))]
pub use agent::{AgentError, ProjectAgent};
pub use layer::{Absence, program};
use layer::{Layer, LayerTool, LayerToolState};
pub use target::Target;

/// The variables that determine the home, the directories from which nothing is inherited, and the user's policy for
/// all projects.
const CONDITIONS: [&str; 4] = ["VX_HOME", "HOME", "TMPDIR", VARIABLE];

/// A copy of a tool that runs in place of the pinned one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stray {
    /// The tool.
    pub tool: String,
    /// The program of the copy.
    pub program: PathBuf,
}

/// The projects of a directory, and the state of their tools.
pub struct Routes {
    layers: Vec<Layer>,
    home: Home,
    look: FileStampRecorder,
    directory: PathBuf,
    /// The folders of the search path that have programs of this system.
    on_path: Option<OsString>,
}

impl Routes {
    /// The routes of this directory's project, of the projects it inherits from, and of the user's own file.
    ///
    /// # Errors
    /// A project's file or lock cannot be used.
    pub fn for_directory(directory: &Path, home: Home) -> Result<Self, WorkError> {
        Self::for_place(&ProjectPlace::AboveOrNone(directory.to_owned()), home)
    }

    /// The routes as in [`for_directory`](Self::for_directory), for the project at `place`.
    ///
    /// # Errors
    /// A project is needed but there is none, or its file or lock cannot be used.
    pub fn for_place(place: &ProjectPlace, home: Home) -> Result<Self, WorkError> {
        let mut look = FileStampRecorder::begin();
        // Removing or replacing releases and changing consents changes the home's own times.
        if !look.record_directory(home.root()) {
            look.record(&home.marker());
        }
        let project = place.find_with(|path| look.record(path))?;
        let own = discover::find_in(home.root(), |path| look.record(path));
        let mut layers = Vec::new();
        if let Some(file) = &project {
            let nearest = project_file::read(file)?;
            let above = above(&home, &nearest, |path| look.record(path))?;
            std::iter::once(&nearest).chain(&above).for_each(|project| look_at(&project.directory, &home, &mut look));
            open_lineage(&nearest.directory, &home, &mut layers, &mut look)?;
        }
        if let Some(place) = own.as_deref().and_then(Path::parent)
            && !layers.iter().any(|layer| layer.workspace.project.directory == place)
        {
            look_at(place, &home, &mut look);
            open_lineage(place, &home, &mut layers, &mut look)?;
        }
        for layer in layers.iter().filter(|layer| layer.workspace.consent.standing == ConsentState::Nothing) {
            // If a project has nothing that needs consent, no consent can change the routes.
            key_files(&layer.workspace.project.directory).iter().for_each(|file| look.forget(file));
        }
        let on_path = search_path_of_system(&home, layers.iter().map(|layer| &layer.workspace.consent));
        Ok(Self { layers, home, look, directory: place.directory().to_owned(), on_path })
    }

    /// The invocation of a program with the folders and variables of the projects; in front of those folders comes the
    /// folder of an `undeclared` release.
    pub fn invocation(&self, file: PathBuf, undeclared: Option<&Path>) -> Invocation {
        let folders = self.folders(None);
        let declared = folders.iter().map(PathBuf::as_path).filter(|folder| Some(*folder) != undeclared);
        let front = joined(undeclared.into_iter().chain(declared).map(Path::as_os_str));
        let mut variables = vec![("PATH".into(), search_path(&front, variable("PATH")))];
        variables.extend(self.exports().into_iter().map(|(name, value)| (name.into(), value.into())));
        Invocation { file, variables }
    }

    /// The folders of all installed tools, the project's in front.
    pub fn search(&self) -> OsString {
        joined(self.folders(None).iter().map(|bin| bin.as_os_str()))
    }

    /// The folders of a tool's release, or of all releases, the project's in front.
    pub fn folders(&self, tool: Option<&str>) -> Vec<PathBuf> {
        let tools = self.layers.iter().flat_map(|layer| &layer.tools);
        tools.filter(|known| tool.is_none_or(|tool| known.ask.name == tool)).filter_map(LayerTool::bin).collect()
    }

    /// The nearest project, without the parts that may not act.
    pub fn project(&self) -> Option<&Project> {
        self.layers.first().map(|layer| &layer.workspace.project)
    }

    /// The consents of the projects, the nearest one's first.
    pub fn consents(&self) -> impl Iterator<Item = &Consent> {
        self.layers.iter().map(|layer| &layer.workspace.consent)
    }

    /// Send notices of everything that is withheld from the projects, once for each shell.
    pub fn tell(&self, frontend: &dyn Frontend) {
        self.consents().for_each(|consent| tell(&self.home, consent, frontend));
    }

    /// Send notices of the projects' locks in an older format.
    pub fn notice_old_locks(&self, frontend: &dyn Frontend) {
        self.layers.iter().for_each(|layer| layer.workspace.notice_old_lock(frontend));
    }

    /// The projects of the directory, without the user's own file unless it is the only one.
    fn projects(&self) -> impl Iterator<Item = &Layer> {
        let alone = self.layers.len() == 1;
        self.layers.iter().filter(move |layer| alone || layer.workspace.project.directory != self.home.root())
    }

    /// The tools, inherited ones included, that are not installed as the projects want them.
    pub fn absent(&self) -> Vec<String> {
        absent(self.projects())
    }

    /// The [`absent`](Self::absent) tools that are installed when they are run.
    pub fn absent_until_run(&self) -> Vec<String> {
        let installs = |layer: &&Layer| layer.workspace.project.settings.auto_install != Some(false);
        absent(self.projects().filter(installs))
    }

    /// The missing tools of which `PATH` has another copy, which children of a program that is started now would find.
    pub fn strays(&self) -> Vec<Stray> {
        let stray = |layer: &Layer, tool: &LayerTool| {
            let program =
                layer.program_names(tool).iter().find_map(|name| search_path::first(name, self.on_path.as_ref()))?;
            Some(Stray { tool: tool.ask.name.clone(), program })
        };
        let absent = |layer: &&Layer| layer.tools.iter().any(|tool| matches!(tool.state, LayerToolState::Absent(_)));
        let layers = self.layers.iter().filter(absent);
        let strays = layers.flat_map(|layer| {
            let absent = layer.tools.iter().filter(|tool| matches!(tool.state, LayerToolState::Absent(_)));
            absent.filter_map(|tool| stray(layer, tool)).collect::<Vec<_>>()
        });
        strays.collect()
    }

    /// Every program with this name: first from the installed tools of the projects, the nearest project's first, then
    /// from this system.
    pub fn all(&self, name: &str) -> Vec<PathBuf> {
        let tools = self.layers.iter().flat_map(|layer| &layer.tools);
        let files = tools.filter_map(|tool| match &tool.state {
            LayerToolState::Ready(release) => program(release, name),
            _ => None,
        });
        files.chain(search_path::all(name, self.on_path.as_ref())).collect()
    }

    /// The installed release of this tool, as the nearest project that declares it wants it.
    pub fn release(&self, tool: &str) -> Option<&StoreEntry> {
        let known = self.layers.iter().flat_map(|layer| &layer.tools).find(|known| known.ask.name == tool);
        known.and_then(|tool| match &tool.state {
            LayerToolState::Ready(release) => Some(&**release),
            _ => None,
        })
    }

    /// The installed release that has this program or is this tool, as the nearest project that declares it wants it.
    pub fn release_with(&self, name: &str) -> Option<&StoreEntry> {
        match self.declaration(name).map(|(_, tool)| &tool.state) {
            Some(LayerToolState::Ready(release)) => Some(&**release),
            _ => None,
        }
    }

    /// The variables that the projects set; the nearest project takes precedence, the user's own file comes last.
    pub fn exports(&self) -> BTreeMap<String, String> {
        let mut exports = BTreeMap::new();
        for layer in self.layers.iter().rev() {
            exports.extend(layer.workspace.project.env.clone());
        }
        exports
    }

    /// The names of all programs and tools that the projects declare.
    pub fn names(&self) -> Vec<String> {
        let tools = self.layers.iter().flat_map(|layer| &layer.tools);
        let mut names: Vec<String> = tools.flat_map(|tool| tool.names().chain([tool.ask.name.clone()])).collect();
        names.sort();
        names.dedup();
        names
    }

    /// The routes in the form for the cache, without names that are `reserved` for the door; `None` if a change could
    /// go unnoticed.
    pub fn into_draft(self, reserved: &[&str]) -> Option<Draft> {
        // A tracked file can change without a change of any file that the routes depend on.
        if self.consents().any(Consent::is_tied) {
            return None;
        }
        let search = self.search();
        let mut programs: Vec<ProgramRoute> = Vec::new();
        // While a tool is missing, cache no programs, so that each call searches again and mentions the missing tool.
        let tools = || self.layers.iter().flat_map(|layer| &layer.tools);
        let absent = tools().any(|tool| matches!(tool.state, LayerToolState::Absent(_)));
        let names = if absent { Vec::new() } else { self.names() };
        for name in names {
            // Programs on `PATH` are not cached, but searched for each time.
            if !reserved.contains(&name.as_str())
                && let Target::Ready(invocation) = self.target(&name)
            {
                programs.push(ProgramRoute { name, file: invocation.file, search: search.clone() });
            }
        }
        let mut conditions = CONDITIONS.map(|name| (name, std::env::var_os(name))).to_vec();
        if self.consents().any(|consent| !consent.complete() || !consent.refused.is_empty()) {
            // Every shell gets the notices once, so the cached routes are valid only in the shell that has had them.
            conditions.push((SESSION, session().map(OsString::from)));
        }
        Some(Draft {
            exports: self.exports().into_iter().collect(),
            conditions,
            witnesses: self.look.finish()?,
            directory: self.directory,
            programs,
        })
    }
}

fn absent<'a>(layers: impl Iterator<Item = &'a Layer>) -> Vec<String> {
    let tools = layers.flat_map(|layer| &layer.tools);
    tools.filter(|tool| matches!(tool.state, LayerToolState::Absent(_))).map(|tool| tool.ask.name.clone()).collect()
}

/// Record the metadata of every file that the routes of the project in exactly this directory depend on.
fn look_at(directory: &Path, home: &Home, look: &mut FileStampRecorder) {
    look.record(&directory.join(lock::FILE_NAME));
    if directory != home.root() {
        for file in key_files(directory) {
            look.record(&file);
        }
    }
}

/// Open the project in exactly this directory and the projects it inherits from, each with the tools that none of the
/// `layers` before it declares.
fn open_lineage(
    directory: &Path,
    home: &Home,
    layers: &mut Vec<Layer>,
    look: &mut FileStampRecorder,
) -> Result<(), WorkError> {
    // Problems in the project's file are not shown here; `vx sync` shows them.
    let place = ProjectPlace::At(directory.to_owned());
    let mut workspace = Workspace::open(home.clone(), &place, Faults::Refuse, &NullFrontend)?;
    let given: Vec<Vec<ToolRequest>> = (0..=workspace.above.len()).map(|depth| workspace.given(depth)).collect();
    let above = std::mem::take(&mut workspace.above);
    for (workspace, mut given) in std::iter::once(workspace).chain(above).zip(given) {
        // The user's own file is not part of the directory's lineage, so leave out what nearer layers declare.
        let nearer: Vec<&Project> = layers.iter().map(|layer| &layer.workspace.project).collect();
        given.retain(|ask| !lineage::speaks_about(&nearer, &ask.name, catalogue::is_same));
        layers.push(Layer::for_workspace(workspace, &given, look));
    }
    Ok(())
}
