//! One project of a directory, and the state of its tools.

use std::path::{Path, PathBuf};
use std::slice;

use crate::install::{Release, Store};
use crate::paths::Home;
use crate::project::ToolRequest;
use crate::route::Look;
use crate::sync::{Decision, Resolver};
use crate::work::consent::witnesses;
use crate::work::error::WorkError;
use crate::work::frontend::Silent;
use crate::work::releases::plan_for;
use crate::work::workspace::{Access, Faults, Place, Workspace};

/// A project whose programs can be run.
pub(super) struct Layer {
    pub(super) workspace: Workspace,
    pub(super) tools: Vec<Tool>,
}

/// A tool that a project declares for this machine.
pub(super) struct Tool {
    pub(super) ask: ToolRequest,
    pub(super) state: State,
}

/// The state of a tool of a project.
pub(super) enum State {
    /// Installed as the lock wants it.
    Ready(Box<Release>),
    /// Not installed, or not as vx.toml and the lock want it.
    Absent,
    /// Neither installed nor run without the consent of the project's user, which is lacking.
    Withheld,
    /// The copy on `PATH`, which is searched for when one of its programs is requested.
    System,
}

impl Layer {
    /// Open the project of exactly this directory, and take the metadata of every file that its routes depend on.
    pub(super) fn open(directory: &Path, home: &Home, look: &mut Look) -> Result<Self, WorkError> {
        if directory != home.root() {
            for path in witnesses(home, directory) {
                look.at(&path);
            }
        }
        // `vx sync` shows the doubtful parts of the project.
        let workspace = Workspace::open(home.clone(), &Place::At(directory.to_owned()), Faults::Refuse, &Silent)?;
        let store = Store::new(workspace.home.clone());
        let sources = workspace.sources(Access::Offline);
        let resolver = Resolver { frozen: true, all_platforms: false, ..workspace.resolver(&sources) };
        let differences = workspace.lock.differences(&workspace.project.tools);
        let here = workspace.project.tools.iter().filter(|ask| ask.wanted_on(workspace.platform.os));
        let mut tools = Vec::new();
        for ask in here {
            let unlocked = differences.iter().any(|difference| difference.tool == ask.name);
            let state = match (resolver.lockable(ask), unlocked) {
                _ if ask.withheld => State::Withheld,
                (false, _) => State::System,
                (true, true) => State::Absent,
                (true, false) => state(&resolver, ask, &store, &workspace.home, look),
            };
            tools.push(Tool { ask: ask.clone(), state });
        }
        // If two tools have a program with the same name, the tool with that name comes first on the search path, too.
        let names: Vec<String> = tools.iter().flat_map(Tool::names).collect();
        tools.sort_by_key(|tool| names.iter().filter(|name| **name == tool.ask.name).count() < 2);
        Ok(Self { workspace, tools })
    }

    /// The names under which a program of the system's tool may be on `PATH`: a tool's own name means its first program.
    pub(super) fn on_path(&self, tool: &Tool, name: &str) -> Vec<String> {
        let mut names = vec![name.to_owned()];
        if tool.ask.name == name {
            let sources = self.workspace.sources(Access::Offline);
            names.extend(self.workspace.resolver(&sources).system_programs(&tool.ask));
        }
        names
    }

    /// The names of the programs that a tool that is not installed would have.
    pub(super) fn program_names(&self, tool: &Tool) -> Vec<String> {
        let sources = self.workspace.sources(Access::Offline);
        self.workspace.resolver(&sources).program_names(&tool.ask)
    }

    /// True if a tool has, or would have, a program of this name.
    pub(super) fn provides(&self, tool: &Tool, name: &str) -> bool {
        match &tool.state {
            State::Ready(release) => release.program(name).is_some(),
            _ => {
                let sources = self.workspace.sources(Access::Offline);
                self.workspace.resolver(&sources).provides(&tool.ask, name)
            }
        }
    }
}

impl Tool {
    /// The folder of its programs, if it is installed.
    pub(super) fn bin(&self) -> Option<PathBuf> {
        match &self.state {
            State::Ready(release) => Some(release.bin()),
            _ => None,
        }
    }

    /// The names of its programs, if it is installed.
    pub(super) fn names(&self) -> impl Iterator<Item = String> {
        let programs = match &self.state {
            State::Ready(release) => release.receipt.programs.as_slice(),
            _ => &[],
        };
        programs.iter().map(|program| program.name.clone())
    }
}

/// The state of a locked tool: ready if its release is there and was made from the archives that the lock names.
fn state(resolver: &Resolver, ask: &ToolRequest, store: &Store, home: &Home, look: &mut Look) -> State {
    let wanted = resolver.resolve(slice::from_ref(ask), |_| false).wanted;
    if let Some(locked) = resolver.lock.tools.get(&ask.name)
        && let Ok(path) = store.path(&ask.name, &locked.version)
    {
        look.at(&Release::receipt_path(&path));
    }
    match plan_for(home, resolver.sources, wanted, false).decisions.into_iter().next() {
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

/// The file of a release's program. If no program has the tool's own name, that name means the first one.
pub fn program(release: &Release, name: &str) -> Option<PathBuf> {
    release.program(name).or_else(|| {
        let first = release.receipt.programs.first().filter(|_| release.receipt.tool == name)?;
        release.program(&first.name)
    })
}
