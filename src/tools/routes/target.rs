//! The target of a name: the one function by which every door finds the release or program that a name means.

use std::path::{Path, PathBuf};
use std::slice;

use vx_base::trouble::Trouble;

use super::layer::{Absence, Layer, LayerTool, LayerToolState, program};
use super::{Routes, search_path};
use crate::tools::route::Invocation;
use crate::workspace::error::WorkError;

/// The target of a name.
pub enum Target {
    /// A program of an installed release.
    Ready(Invocation),
    /// A program of the system, as a project wants it.
    System(Invocation),
    /// A program on the search path that no project declares. A bare word alone is not enough to run it.
    OnPath(Invocation),
    /// A program of a tool that a project wants but has not installed.
    Absent {
        /// The tool.
        tool: String,
        /// The directory of the project that installs it.
        project: PathBuf,
        /// Whether the project wants missing tools to be installed when they are run.
        install: bool,
        /// Why it is missing.
        absence: Absence,
    },
    /// A program of a tool that vx does not know how to get, or whose consent is missing.
    Refused(WorkError),
    /// The copy on `PATH` that a project wants does not exist, or has another version.
    NotOnPath(Trouble),
    /// No project declares it, and it is not on `PATH`.
    Undeclared,
}

impl Routes {
    /// The target of this name: the tool with the name, or else a tool that has a program with the name, of the nearest
    /// project that declares it; else the program on `PATH`.
    pub fn target(&self, name: &str) -> Target {
        let Some((layer, tool)) = self.declaration(name) else {
            let file = search_path::first(name, self.on_path.as_ref());
            return file.map_or(Target::Undeclared, |file| Target::OnPath(self.invocation(file, None)));
        };
        match &tool.state {
            LayerToolState::System => match layer.of_system(tool, name, self.on_path.as_ref()) {
                Ok(file) => Target::System(self.invocation(file, None)),
                Err(trouble) => Target::NotOnPath(trouble),
            },
            LayerToolState::Ready(release) => match program(release, name) {
                Some(file) => Target::Ready(self.invocation(file, None)),
                None => {
                    let version = release.receipt.version.clone();
                    self.absent_tool(layer, tool, Absence::NoProgram { version })
                }
            },
            LayerToolState::Absent(Absence::Unfit(trouble)) => Target::NotOnPath(trouble.clone()),
            LayerToolState::Absent(absence) => match layer.unknown(tool) {
                Some(error) => Target::Refused(error),
                None => self.absent_tool(layer, tool, absence.clone()),
            },
            LayerToolState::Withheld => {
                Target::Refused(layer.workspace.consent.refusal(slice::from_ref(&tool.ask.name)))
            }
        }
    }

    /// The version that the nearest project with this tool requests.
    pub fn requested(&self, tool: &str) -> Option<String> {
        let mut tools = self.layers.iter().flat_map(|layer| &layer.tools);
        tools.find(|known| known.ask.name == tool).map(|known| known.ask.request.text().to_owned())
    }

    /// The file that decides which release a name means, if it is not the nearest project's.
    pub fn declared_elsewhere(&self, name: &str) -> Option<&Path> {
        let (layer, _) = self.declaration(name)?;
        let nearest = self.layers.first()?;
        let path = layer.workspace.project.path.as_path();
        (path != nearest.workspace.project.path).then_some(path)
    }

    /// The nearest project that declares the tool with this name, or one that has a program with the name.
    pub(super) fn declaration(&self, name: &str) -> Option<(&Layer, &LayerTool)> {
        self.layers.iter().find_map(|layer| {
            let named = layer.tools.iter().find(|tool| tool.ask.name == name);
            let tool = named.or_else(|| layer.tools.iter().find(|tool| layer.provides(tool, name)))?;
            Some((layer, tool))
        })
    }

    fn absent_tool(&self, layer: &Layer, tool: &LayerTool, absence: Absence) -> Target {
        let install = layer.workspace.project.settings.auto_install.unwrap_or(true);
        Target::Absent { tool: tool.ask.name.clone(), project: self.place(layer), install, absence }
    }

    /// The directory in which a sync installs the tools of a layer: for inherited tools the nearest project's
    /// directory.
    fn place(&self, layer: &Layer) -> PathBuf {
        let own = &layer.workspace.project.directory;
        let nearest = self.layers.first().map_or(own, |nearest| &nearest.workspace.project.directory);
        if own == self.home.root() { own.clone() } else { nearest.clone() }
    }
}
