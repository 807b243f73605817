//! What names come to in a directory: the programs of its project, and behind them those of the user's own `vx.toml`.
//!
//! Everything is found from files that are looked at first and read afterwards, so that what was found can be kept, and
//! holds as long as none of them has changed.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::slice;

use super::failure::Failure;
use super::releases::plan_for;
use super::workspace::Workspace;
use crate::install::{Release, Store};
use crate::paths::Home;
use crate::project::{ToolRequest, discover};
use crate::route::{Draft, Known, Look, SEPARATOR, Way, search_path};
use crate::sync::{Decision, Resolver};

/// Variables that say where the home is.
const CONDITIONS: [&str; 2] = ["VX_HOME", "HOME"];

/// A project whose programs can be run.
struct Layer {
    workspace: Workspace,
    tools: Vec<Tool>,
}

/// A tool that a project declares for this machine.
struct Tool {
    ask: ToolRequest,
    state: State,
}

/// How a tool of a project stands.
enum State {
    /// As the lock wants it.
    Ready(Box<Release>),
    /// Not installed, or not as vx.toml and the lock want it.
    Absent,
    /// The copy that is on `PATH`, which is looked for when it is asked for.
    System,
}

/// What a name comes to.
pub(super) enum Target {
    /// This program.
    Ready(Way),
    /// A program of this tool, which has to be installed for the project in this directory.
    Absent {
        /// The tool.
        tool: String,
        /// The project's directory.
        project: PathBuf,
        /// Whether the project wants missing tools to be installed when they are run.
        install: bool,
    },
    /// The tool's copy on `PATH`, by the project in this directory.
    System(PathBuf),
    /// No project declares it.
    Undeclared,
}

/// The projects of a directory, and the state of their tools.
pub(super) struct Routes {
    layers: Vec<Layer>,
    home: Home,
    look: Look,
    directory: PathBuf,
}

impl Routes {
    /// Look at this directory's project, and the user's own.
    pub(super) fn of(directory: &Path, home: Home) -> Result<Self, Failure> {
        let mut look = Look::begin();
        let project = discover::find_with(directory, |path| look.at(path));
        let own = discover::find_in(home.root(), |path| look.at(path));
        let mut layers = Vec::new();
        for file in [project, own].into_iter().flatten() {
            let place = file.parent().unwrap_or(Path::new("/"));
            if !layers.iter().any(|layer: &Layer| layer.workspace.project.directory == place) {
                look.at(&place.join(crate::project::lock::FILE_NAME));
                layers.push(Layer::open(place, &mut look)?);
            }
        }
        Ok(Self { layers, home, look, directory: directory.to_owned() })
    }

    /// What this name comes to: a tool of that name, else a program that one of the tools has.
    pub(super) fn target(&self, name: &str) -> Target {
        for layer in &self.layers {
            let named = layer.tools.iter().find(|tool| tool.ask.name == name);
            let Some(tool) = named.or_else(|| layer.tools.iter().find(|tool| layer.provides(tool, name))) else {
                continue;
            };
            let project = layer.workspace.project.directory.clone();
            return match &tool.state {
                State::System => Target::System(project),
                State::Ready(release) => match program(release, name) {
                    Some(file) => Target::Ready(self.way(file, None)),
                    None => self.missing(layer, tool, project),
                },
                State::Absent => self.missing(layer, tool, project),
            };
        }
        Target::Undeclared
    }

    fn missing(&self, layer: &Layer, tool: &Tool, project: PathBuf) -> Target {
        let install = layer.workspace.project.settings.auto_install.unwrap_or(true);
        Target::Absent { tool: tool.ask.name.clone(), project, install }
    }

    /// The way to a program with what the projects give to all, and in front of that the folder of a release that none of
    /// them declares.
    pub(super) fn way(&self, file: PathBuf, undeclared: Option<&Path>) -> Way {
        let search = self.search();
        let front = joined(undeclared.map(Path::as_os_str).into_iter().chain([search.as_os_str()]));
        let mut variables = vec![("PATH".into(), search_path(&front, std::env::var_os("PATH")))];
        variables.extend(self.exports().into_iter().map(|(name, value)| (name.into(), value.into())));
        Way { file, variables }
    }

    /// The folders of all installed tools, the project's in front.
    pub(super) fn search(&self) -> OsString {
        joined(self.folders(None).iter().map(|bin| bin.as_os_str()))
    }

    /// The folders of a tool's release, or of all, the project's in front.
    pub(super) fn folders(&self, tool: Option<&str>) -> Vec<PathBuf> {
        let tools = self.layers.iter().flat_map(|layer| &layer.tools);
        tools.filter(|known| tool.is_none_or(|tool| known.ask.name == tool)).filter_map(Tool::bin).collect()
    }

    /// The nearest project's tools that are not installed as it wants them.
    pub(super) fn absent(&self) -> Vec<String> {
        let tools = self.layers.first().into_iter().flat_map(|layer| &layer.tools);
        tools.filter(|tool| matches!(tool.state, State::Absent)).map(|tool| tool.ask.name.clone()).collect()
    }

    /// Everything that this name comes to, the nearest project's first.
    pub(super) fn all(&self, name: &str) -> Vec<PathBuf> {
        let tools = self.layers.iter().flat_map(|layer| &layer.tools);
        let files = tools.filter_map(|tool| match &tool.state {
            State::Ready(release) => program(release, name),
            _ => None,
        });
        files.collect()
    }

    /// The variables that the projects set, the nearest one's before the user's own.
    pub(super) fn exports(&self) -> BTreeMap<String, String> {
        let mut exports = BTreeMap::new();
        for layer in self.layers.iter().rev() {
            exports.extend(layer.workspace.project.env.clone());
        }
        exports
    }

    /// The names of all programs and tools that the projects declare.
    pub(super) fn names(&self) -> Vec<String> {
        let tools = self.layers.iter().flat_map(|layer| &layer.tools);
        let mut names: Vec<String> = tools.flat_map(|tool| tool.names().chain([tool.ask.name.clone()])).collect();
        names.sort();
        names.dedup();
        names
    }

    /// What was found, for the next call; `None` where a change could go unseen.
    pub(super) fn into_draft(self) -> Option<Draft> {
        let search = self.search();
        let mut programs: Vec<Known> = Vec::new();
        for name in self.names() {
            // What is no release's is asked for each time, and a command of vx is no program to the launcher.
            if !super::COMMANDS.contains(&name.as_str())
                && let Target::Ready(way) = self.target(&name)
            {
                programs.push(Known { name, file: way.file, search: search.clone() });
            }
        }
        Some(Draft {
            exports: self.exports().into_iter().collect(),
            conditions: CONDITIONS.map(|name| (name, std::env::var_os(name))).to_vec(),
            witnesses: self.look.finish()?,
            directory: self.directory,
            programs,
        })
    }

    /// The home that releases are in.
    pub(super) fn home(&self) -> &Home {
        &self.home
    }
}

impl Layer {
    fn open(directory: &Path, look: &mut Look) -> Result<Self, Failure> {
        let workspace = Workspace::open_silently(directory)?;
        let store = Store::new(workspace.home.clone());
        let sources = workspace.sources(true);
        let resolver = Resolver { frozen: true, all_platforms: false, ..workspace.resolver(&sources) };
        let differences = workspace.lock.differences(&workspace.project.tools);
        let here = workspace.project.tools.iter().filter(|ask| ask.wanted_on(workspace.platform.os));
        let mut tools = Vec::new();
        for ask in here {
            let unlocked = differences.iter().any(|difference| difference.tool == ask.name);
            let state = match (resolver.lockable(ask), unlocked) {
                (false, _) => State::System,
                (true, true) => State::Absent,
                (true, false) => stand(&resolver, ask, &store, &workspace.home, look),
            };
            tools.push(Tool { ask: ask.clone(), state });
        }
        // Of two tools with a program of one name, the one that is called so has it on the search path, too.
        let names: Vec<String> = tools.iter().flat_map(Tool::names).collect();
        tools.sort_by_key(|tool| names.iter().filter(|name| **name == tool.ask.name).count() < 2);
        Ok(Self { workspace, tools })
    }

    fn provides(&self, tool: &Tool, name: &str) -> bool {
        match &tool.state {
            State::Ready(release) => release.program(name).is_some(),
            _ => {
                let sources = self.workspace.sources(true);
                self.workspace.resolver(&sources).provides(&tool.ask, name)
            }
        }
    }
}

impl Tool {
    /// The folder of its programs, where it is installed.
    fn bin(&self) -> Option<PathBuf> {
        match &self.state {
            State::Ready(release) => Some(release.bin()),
            _ => None,
        }
    }

    fn names(&self) -> impl Iterator<Item = String> {
        let programs = match &self.state {
            State::Ready(release) => release.receipt.programs.as_slice(),
            _ => &[],
        };
        programs.iter().map(|program| program.name.clone())
    }
}

/// Whether the release that the lock names is there, made from what the lock wants.
fn stand(resolver: &Resolver, ask: &ToolRequest, store: &Store, home: &Home, look: &mut Look) -> State {
    let wanted = resolver.resolve(slice::from_ref(ask), |_| false).wanted;
    if let Some(locked) = resolver.lock.tools.get(&ask.name)
        && let Ok(path) = store.path(&ask.name, &locked.version)
    {
        look.at(&Release::receipt_path(&path));
    }
    match plan_for(home, wanted, false).decisions.into_iter().next() {
        Some((tool, Decision::Nothing { version, .. })) => {
            let Some(release) = store.installed(&tool, &version) else { return State::Absent };
            if let Some(path) = release.trusted_while_unchanged() {
                look.at(path);
            }
            State::Ready(Box::new(release))
        }
        _ => State::Absent,
    }
}

/// The file of a release's program; for the tool's own name its first program where none is called so.
pub(super) fn program(release: &Release, name: &str) -> Option<PathBuf> {
    release.program(name).or_else(|| {
        let first = release.receipt.programs.first().filter(|_| release.receipt.tool == name)?;
        release.program(&first.name)
    })
}

fn joined<'a>(folders: impl IntoIterator<Item = &'a OsStr>) -> OsString {
    let mut joined = OsString::new();
    for folder in folders.into_iter().filter(|folder| !folder.is_empty()) {
        if !joined.is_empty() {
            joined.push(SEPARATOR);
        }
        joined.push(folder);
    }
    joined
}
