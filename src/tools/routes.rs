//! Routes: the program for each name in a directory, from the directory's project, those that it inherits from, or else
//! the user's own `vx.toml`.
//!
//! The metadata of each file is taken before the file is read, so that routes can be cached and are valid as long as no
//! file has changed.

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

/// The variables that determine the home directory, the directories that nothing is inherited from, and the user's word on
/// all projects.
const CONDITIONS: [&str; 4] = ["VX_HOME", "HOME", "TMPDIR", VARIABLE];

/// A copy of a tool that stands in for the one that the project pins.
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
    /// The search path as far as it has programs of this system.
    on_path: Option<OsString>,
}

impl Routes {
    /// The routes of this directory's project, of those that it inherits from, and of the user's own.
    ///
    /// # Errors
    /// A project's file or lock cannot be used.
    pub fn for_directory(directory: &Path, home: Home) -> Result<Self, WorkError> {
        Self::for_place(&ProjectPlace::AboveOrNone(directory.to_owned()), home)
    }

    /// The routes as in [`of`](Self::of), by the project at `place`.
    ///
    /// # Errors
    /// A project is needed and there is none, or its file or lock cannot be used.
    pub fn for_place(place: &ProjectPlace, home: Home) -> Result<Self, WorkError> {
        let mut look = FileStampRecorder::begin();
        // Releases that are removed or replaced and consents that change show in the home's own times.
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
            // Where nothing may act, no consent changes the routes.
            key_files(&layer.workspace.project.directory).iter().for_each(|file| look.forget(file));
        }
        let on_path = search_path_of_system(&home, layers.iter().map(|layer| &layer.workspace.consent));
        Ok(Self { layers, home, look, directory: place.directory().to_owned(), on_path })
    }

    /// The invocation of a program with the folders and variables of the projects, and in front of those the folder of a
    /// release that no project declares.
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

    /// The folders of a tool's release, or of all, the project's in front.
    pub fn folders(&self, tool: Option<&str>) -> Vec<PathBuf> {
        let tools = self.layers.iter().flat_map(|layer| &layer.tools);
        tools.filter(|known| tool.is_none_or(|tool| known.ask.name == tool)).filter_map(LayerTool::bin).collect()
    }

    /// The nearest project, without what may not act.
    pub fn project(&self) -> Option<&Project> {
        self.layers.first().map(|layer| &layer.workspace.project)
    }

    /// The consents of the projects, the nearest one's first.
    pub fn consents(&self) -> impl Iterator<Item = &Consent> {
        self.layers.iter().map(|layer| &layer.workspace.consent)
    }

    /// Give notice of everything that is withheld from the projects, once for each shell.
    pub fn tell(&self, frontend: &dyn Frontend) {
        self.consents().for_each(|consent| tell(&self.home, consent, frontend));
    }

    /// Give notice of the projects' locks of an older format.
    pub fn notice_old_locks(&self, frontend: &dyn Frontend) {
        self.layers.iter().for_each(|layer| layer.workspace.notice_old_lock(frontend));
    }

    /// The projects of the directory, without the user's own.
    fn projects(&self) -> impl Iterator<Item = &Layer> {
        let alone = self.layers.len() == 1;
        self.layers.iter().filter(move |layer| alone || layer.workspace.project.directory != self.home.root())
    }

    /// The tools of the project that are not installed as it wants them, with the inherited ones.
    pub fn absent(&self) -> Vec<String> {
        absent(self.projects())
    }

    /// Those of the [`absent`](Self::absent) tools that are installed when they are run.
    pub fn absent_until_run(&self) -> Vec<String> {
        let installs = |layer: &&Layer| layer.workspace.project.settings.auto_install != Some(false);
        absent(self.projects().filter(installs))
    }

    /// The missing tools of which `PATH` has another copy: children of a program that is started now find that one.
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

    /// Every program with this name: those that the projects have installed, the nearest one's first, and those of this
    /// system.
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

    /// The variables that the projects set, the nearest one's before the user's own.
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
        // A tracked file can change while none of the files does that a route is made of.
        if self.consents().any(Consent::is_tied) {
            return None;
        }
        let search = self.search();
        let mut programs: Vec<ProgramRoute> = Vec::new();
        // While a tool is missing, each program is looked for anew, so that the missing one is mentioned.
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
            // Every shell is told once, so the routes hold in the shell that was told, and no other.
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

/// Take the metadata of every file that the routes by the project of exactly this directory depend on.
fn look_at(directory: &Path, home: &Home, look: &mut FileStampRecorder) {
    look.record(&directory.join(lock::FILE_NAME));
    if directory != home.root() {
        for file in key_files(directory) {
            look.record(&file);
        }
    }
}

/// Open the project of exactly this directory and those that it inherits from, each with the tools that none of the
/// `layers` before it declares.
fn open_lineage(
    directory: &Path,
    home: &Home,
    layers: &mut Vec<Layer>,
    look: &mut FileStampRecorder,
) -> Result<(), WorkError> {
    // `vx sync` shows the doubtful parts of the project.
    let place = ProjectPlace::At(directory.to_owned());
    let mut workspace = Workspace::open(home.clone(), &place, Faults::Refuse, &NullFrontend)?;
    let given: Vec<Vec<ToolRequest>> = (0..=workspace.above.len()).map(|depth| workspace.given(depth)).collect();
    let above = std::mem::take(&mut workspace.above);
    for (workspace, mut given) in std::iter::once(workspace).chain(above).zip(given) {
        // The user's own file lies beside the lineage of the directory.
        let nearer: Vec<&Project> = layers.iter().map(|layer| &layer.workspace.project).collect();
        given.retain(|ask| !lineage::speaks_about(&nearer, &ask.name, catalogue::is_same));
        layers.push(Layer::for_workspace(workspace, &given, look));
    }
    Ok(())
}
