//! One project of a directory, and the state of its tools.

use std::ffi::OsString;
use std::path::PathBuf;
use std::slice;

use vx_base::paths::Home;
use vx_base::trouble::{Trouble, TroubleKind};
use vx_plan::{Decision, Resolver, ToolResolution};
use vx_project::ToolRequest;
use vx_store::{Store, StoreEntry};

use crate::tools::installs::releases::plan_for;
use crate::tools::route::FileStampRecorder;
use crate::workspace::error::WorkError;
use crate::workspace::project::{Access, Workspace};
use crate::workspace::search_path;

/// A project whose programs can be run.
pub(super) struct Layer {
    pub(super) workspace: Workspace,
    pub(super) tools: Vec<LayerTool>,
}

/// A tool that a project declares for this machine.
pub(super) struct LayerTool {
    pub(super) ask: ToolRequest,
    pub(super) state: LayerToolState,
}

/// Why a tool is not installed as its project wants it.
#[derive(Clone, Debug)]
pub enum Absence {
    /// The lock has no entry that fits the project's request.
    Unlocked,
    /// The locked release is not installed, or was made from other bytes or by other instructions.
    Missing {
        /// Its version.
        version: String,
    },
    /// The locked release is installed, but does not have the program.
    NoProgram {
        /// Its version.
        version: String,
    },
    /// The lock's entry cannot be used.
    Refused(Trouble),
    /// The copy on `PATH` that the project wants does not exist, or has another version.
    Unfit(Trouble),
}

/// The state of a tool of a project.
pub(super) enum LayerToolState {
    /// Installed as the lock wants it.
    Ready(Box<StoreEntry>),
    /// Not installed, or not as vx.toml and the lock want it.
    Absent(Absence),
    /// Neither installed nor run, because the user's consent is missing.
    Withheld,
    /// The copy on `PATH`, which is searched for when one of its programs is requested.
    System,
}

impl Layer {
    /// The tools that a project contributes, with their states. Records the metadata of every file that these depend
    /// on.
    pub(super) fn for_workspace(workspace: Workspace, given: &[ToolRequest], look: &mut FileStampRecorder) -> Self {
        let store = Store::new(workspace.home.clone());
        let sources = workspace.sources(Access::Offline);
        let resolver = Resolver { frozen: true, all_platforms: false, ..workspace.resolver(&sources) };
        let differences = workspace.lock.differences(given);
        let here = given.iter().filter(|ask| ask.wanted_on(workspace.platform.os));
        let mut tools = Vec::new();
        for ask in here {
            let unlocked = differences.iter().any(|difference| difference.tool == ask.name);
            let state = match (resolver.lockable(ask), unlocked) {
                _ if ask.withheld => LayerToolState::Withheld,
                (false, _) => unfit(&resolver, ask)
                    .map_or(LayerToolState::System, |error| LayerToolState::Absent(Absence::Unfit(error))),
                (true, true) => LayerToolState::Absent(Absence::Unlocked),
                (true, false) => state(&resolver, ask, &store, &workspace.home, look),
            };
            tools.push(LayerTool { ask: ask.clone(), state });
        }
        // If two tools have a program of the same name, the tool of that name also comes first on the search path.
        let names: Vec<String> = tools.iter().flat_map(LayerTool::names).collect();
        tools.sort_by_key(|tool| names.iter().filter(|name| **name == tool.ask.name).count() < 2);
        Self { workspace, tools }
    }

    /// The system's copy of a program of this tool, found on this search path. A tool's own name means its first program.
    pub(super) fn of_system(&self, tool: &LayerTool, name: &str, path: Option<&OsString>) -> Result<PathBuf, Trouble> {
        let sources = self.workspace.sources(Access::Offline);
        let resolver = self.workspace.resolver(&sources);
        let others = if tool.ask.name == name { resolver.system_programs(&tool.ask) } else { Vec::new() };
        let names = std::iter::once(name.to_owned()).chain(others);
        names.into_iter().find_map(|name| search_path::first(&name, path)).ok_or_else(|| {
            let file = self.workspace.project.path.display();
            let text = format!("no `{name}` is on PATH, and `{file}` wants the system's copy");
            Trouble::new(TroubleKind::NotFound, text)
                .hinted("install it, or give a version in vx.toml so that vx installs it")
        })
    }

    /// The error for a tool that vx does not know how to get.
    pub(super) fn unknown(&self, tool: &LayerTool) -> Option<WorkError> {
        let sources = self.workspace.sources(Access::Offline);
        self.workspace.resolver(&sources).recipes(slice::from_ref(&tool.ask)).err().map(WorkError::NoRecipes)
    }

    /// The names of the programs that a missing tool would have.
    pub(super) fn program_names(&self, tool: &LayerTool) -> Vec<String> {
        let sources = self.workspace.sources(Access::Offline);
        self.workspace.resolver(&sources).program_names(&tool.ask)
    }

    /// Whether a tool has, or would have, a program of this name.
    pub(super) fn provides(&self, tool: &LayerTool, name: &str) -> bool {
        match &tool.state {
            LayerToolState::Ready(release) => release.program(name).is_some(),
            _ => {
                let sources = self.workspace.sources(Access::Offline);
                self.workspace.resolver(&sources).provides(&tool.ask, name)
            }
        }
    }
}

impl LayerTool {
    /// The folder of its programs, if it is installed.
    pub(super) fn bin(&self) -> Option<PathBuf> {
        match &self.state {
            LayerToolState::Ready(release) => Some(release.bin()),
            _ => None,
        }
    }

    /// The names of its programs, if it is installed.
    pub(super) fn names(&self) -> impl Iterator<Item = String> {
        let programs = match &self.state {
            LayerToolState::Ready(release) => release.receipt.programs.as_slice(),
            _ => &[],
        };
        programs.iter().map(|program| program.name.clone())
    }
}

/// The error for the system's copy of a tool, if the project wants a certain version and the copy reports another one.
fn unfit(resolver: &Resolver, ask: &ToolRequest) -> Option<Trouble> {
    let wanted =
        if ask.request.is_system() { Vec::new() } else { resolver.resolve(slice::from_ref(ask), |_| false).wanted };
    match wanted.into_iter().next()?.found {
        ToolResolution::Nothing { error } => Some(error),
        _ => None,
    }
}

/// The state of a locked tool: ready if its release is installed and was made from the archives that the lock names.
fn state(
    resolver: &Resolver,
    ask: &ToolRequest,
    store: &Store,
    home: &Home,
    look: &mut FileStampRecorder,
) -> LayerToolState {
    let wanted = resolver.resolve(slice::from_ref(ask), |_| false).wanted;
    let locked = resolver.lock.tools.get(&ask.name);
    let receipt = locked.and_then(|locked| store.path(&ask.name, &locked.version).ok());
    let receipt = receipt.map(|release| StoreEntry::receipt_path(&release));
    if let Some(receipt) = &receipt {
        look.record(receipt);
    }
    let decision = plan_for(home, resolver.sources, wanted, false).decisions.into_iter().next();
    match decision {
        Some((tool, Decision::Nothing { version, .. })) => {
            let Some(release) = store.installed(&tool, &version) else {
                return LayerToolState::Absent(Absence::Missing { version });
            };
            // An installed release does not change without a change of the home's marker, so its receipt need not be
            // checked.
            receipt.iter().for_each(|receipt| look.forget(receipt));
            if let Some(path) = release.trusted_while_unchanged() {
                look.record(path);
            }
            LayerToolState::Ready(Box::new(release))
        }
        Some((_, Decision::Install { release, .. })) => {
            LayerToolState::Absent(Absence::Missing { version: release.version })
        }
        Some((_, Decision::Fail { error })) => LayerToolState::Absent(Absence::Refused(error)),
        None => LayerToolState::Absent(Absence::Unlocked),
    }
}

/// The file of a release's program. If no program has the tool's own name, that name means the first one.
pub fn program(release: &StoreEntry, name: &str) -> Option<PathBuf> {
    release.program(name).or_else(|| {
        let first = release.receipt.programs.first().filter(|_| release.receipt.tool == name)?;
        release.program(&first.name)
    })
}
