//! The agent of a turn and its program: declared by the project, else built in.

use std::path::{Path, absolute};

use vx_agents::{Agent, TurnError, builtin_agents};

use crate::doors::cli::output::commands::COMMANDS;
use crate::doors::cli::output::failure::{CANCELLED, CommandFailure, FAILED};
use crate::doors::cli::screens::frontend::CommandLineFrontend;
use crate::doors::cli::workspace;
use crate::doors::cli::workspace::place_or_none;
use crate::tools::route::Invocation;
use crate::tools::routes::{AgentError, ProjectAgent, Routes};
use crate::tools::tool::{Naming, ToolError, ToolOptions, ToolOutcome, find_program};
use crate::workspace::project::ProjectPlace;

/// The agents for the turns of a command.
pub(super) struct Agents {
    place: ProjectPlace,
    routes: Routes,
}

impl Agents {
    /// The agents of this project, or of the nearest one.
    pub(super) fn for_project(project: Option<&Path>) -> Result<Self, CommandFailure> {
        let place = place_or_none(project)?;
        let routes = Routes::for_place(&place, workspace::home()?)?;
        Ok(Self { place, routes })
    }

    /// The table of this agent, if a project declares it.
    pub(super) fn table(&self, name: &str) -> Result<Option<Agent>, CommandFailure> {
        let declared = self.routes.agent(name)?;
        if declared.is_none() && !builtin_agents().contains_key(name) {
            return Err(TurnError::UnknownAgent { name: name.to_owned() }.into());
        }
        Ok(declared.map(|agent| agent.table))
    }

    /// The program of an agent, or the `named` one in its place: a tool of the project, else a program on PATH.
    pub(super) fn program(&self, name: &str, named: Option<&str>) -> Result<Invocation, CommandFailure> {
        let unknown = || TurnError::UnknownAgent { name: name.to_owned() };
        let usual = match self.routes.agent(name)? {
            Some(ProjectAgent { invocation: Some(invocation), .. }) if named.is_none() => return Ok(invocation),
            Some(agent) => agent.table.program,
            None => builtin_agents().get(name).ok_or_else(unknown)?.program.clone(),
        };
        let name = named.unwrap_or(&usual);
        if name.contains('/') {
            return Ok(self.routes.invocation(absolute(name)?, None));
        }
        let options =
            ToolOptions { name, place: &self.place, install: true, naming: Naming::Program, reserved: &COMMANDS };
        let found = match find_program(&workspace::home()?, &options, &CommandLineFrontend::default()) {
            Err(ToolError::Unknown { .. }) => return Err(TurnError::NotFound(name.to_owned()).into()),
            found => found?,
        };
        match found {
            ToolOutcome::Ready(invocation) => Ok(invocation),
            ToolOutcome::NotInstalled(outcome) => {
                let cancelled = outcome.end.is_ok_and(|end| end.cancelled);
                Err(CommandFailure::silent(if cancelled { CANCELLED } else { FAILED }))
            }
        }
    }
}

impl From<AgentError> for CommandFailure {
    fn from(error: AgentError) -> Self {
        match error {
            AgentError::Work(error) => error.into(),
            AgentError::Table { .. } => Self::hinted(crate::doors::cli::output::failure::USAGE, &error),
        }
    }
}
