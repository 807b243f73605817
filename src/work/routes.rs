//! Routes: the program for each name in a directory, from the directory's project or else from the user's own
//! `vx.toml`.
//!
//! The metadata of each file is taken before the file is read, so that routes can be cached and are valid as long as no
//! file has changed.

mod layer;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::error::WorkError;
use crate::paths::Home;
use crate::project::{discover, lock};
use crate::route::{Draft, Invocation, Known, Look, joined, search_path};
use crate::source::program_on_path;
pub use layer::program;
use layer::{Layer, State, Tool};

/// The variables that determine the home directory.
const CONDITIONS: [&str; 2] = ["VX_HOME", "HOME"];

/// The target of a name.
pub enum Target {
    /// This program.
    Ready(Invocation),
    /// A program of this tool, which the project in this directory wants and has not installed.
    Absent {
        /// The tool.
        tool: String,
        /// The project's directory.
        project: PathBuf,
        /// True if the project wants missing tools to be installed when they are run.
        install: bool,
    },
    /// The tool's copy on `PATH`, as the project in this directory wants it.
    System {
        /// The project's directory.
        project: PathBuf,
        /// The names of the program, in the order in which they are looked for.
        programs: Vec<String>,
    },
    /// No project declares it.
    Undeclared,
}

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
    look: Look,
    directory: PathBuf,
}

impl Routes {
    /// The routes of this directory's project and of the user's own.
    ///
    /// # Errors
    /// A project's file or lock cannot be used.
    pub fn of(directory: &Path, home: Home) -> Result<Self, WorkError> {
        let mut look = Look::begin();
        let project = discover::find_with(directory, |path| look.at(path));
        let own = discover::find_in(home.root(), |path| look.at(path));
        let mut layers = Vec::new();
        for file in [project, own].into_iter().flatten() {
            let place = file.parent().unwrap_or(Path::new("/"));
            if !layers.iter().any(|layer: &Layer| layer.workspace.project.directory == place) {
                look.at(&place.join(lock::FILE_NAME));
                layers.push(Layer::open(place, &home, &mut look)?);
            }
        }
        Ok(Self { layers, home, look, directory: directory.to_owned() })
    }

    /// The target of this name: the tool with the name, or else a tool that has a program with the name.
    pub fn target(&self, name: &str) -> Target {
        for layer in &self.layers {
            let named = layer.tools.iter().find(|tool| tool.ask.name == name);
            let Some(tool) = named.or_else(|| layer.tools.iter().find(|tool| layer.provides(tool, name))) else {
                continue;
            };
            let project = layer.workspace.project.directory.clone();
            return match &tool.state {
                State::System => Target::System { project, programs: layer.on_path(tool, name) },
                State::Ready(release) => match program(release, name) {
                    Some(file) => Target::Ready(self.invocation(file, None)),
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

    /// The invocation of a program with the folders and variables of the projects, and in front of those the folder of a
    /// release that no project declares.
    pub fn invocation(&self, file: PathBuf, undeclared: Option<&Path>) -> Invocation {
        let search = self.search();
        let front = joined(undeclared.map(Path::as_os_str).into_iter().chain([search.as_os_str()]));
        let mut variables = vec![("PATH".into(), search_path(&front, std::env::var_os("PATH")))];
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
        tools.filter(|known| tool.is_none_or(|tool| known.ask.name == tool)).filter_map(Tool::bin).collect()
    }

    /// The nearest project's tools that are not installed as it wants them.
    pub fn absent(&self) -> Vec<String> {
        let tools = self.layers.first().into_iter().flat_map(|layer| &layer.tools);
        tools.filter(|tool| matches!(tool.state, State::Absent)).map(|tool| tool.ask.name.clone()).collect()
    }

    /// The nearest project's missing tools of which `PATH` has another copy: children of a program that is started now
    /// find that one.
    pub fn strays(&self) -> Vec<Stray> {
        let Some(nearest) = self.layers.first() else { return Vec::new() };
        let absent = nearest.tools.iter().filter(|tool| matches!(tool.state, State::Absent));
        let stray = |tool: &Tool| {
            let program = nearest.program_names(tool).iter().find_map(|name| on_path(name, &self.home))?;
            Some(Stray { tool: tool.ask.name.clone(), program })
        };
        absent.filter_map(stray).collect()
    }

    /// Every installed program with this name, the nearest project's first.
    pub fn all(&self, name: &str) -> Vec<PathBuf> {
        let tools = self.layers.iter().flat_map(|layer| &layer.tools);
        let files = tools.filter_map(|tool| match &tool.state {
            State::Ready(release) => program(release, name),
            _ => None,
        });
        files.collect()
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
        let search = self.search();
        let mut programs: Vec<Known> = Vec::new();
        // While a tool is missing, each program is looked for anew, so that the missing one is mentioned.
        let names = if self.absent().is_empty() { self.names() } else { Vec::new() };
        for name in names {
            // Programs on `PATH` are not cached, but searched for each time.
            if !reserved.contains(&name.as_str())
                && let Target::Ready(invocation) = self.target(&name)
            {
                programs.push(Known { name, file: invocation.file, search: search.clone() });
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
    pub fn home(&self) -> &Home {
        &self.home
    }
}

/// The program of this name on `PATH`. The shims' folder is skipped, because a shim would only call vx again.
pub fn on_path(name: &str, home: &Home) -> Option<PathBuf> {
    program_on_path(name, &std::env::var_os("PATH")?, &home.shims())
}
