//! The agents that projects declare for turns.

use std::path::PathBuf;

use vx_agents::{Agent, AgentsError};
use vx_base::trouble::{Explain, TroubleKind};
use vx_project::DeclaredAgent;

use super::Routes;
use super::layer::Layer;
use crate::tools::route::Invocation;
use crate::workspace::error::WorkError;
use crate::workspace::project::Workspace;

/// An agent of a project.
#[derive(Clone, Debug)]
pub struct ProjectAgent {
    /// Its table.
    pub table: Agent,
    /// Its program, if that is a path; it is relative to the project's directory.
    pub invocation: Option<Invocation>,
}

/// Why an agent of a project cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// The user has not agreed to it.
    #[error(transparent)]
    Work(#[from] WorkError),
    /// Its table has an error.
    #[error("[agents.{name}] of `{}`: {cause}", file.display())]
    Table {
        /// The agent.
        name: String,
        /// The project's file.
        file: PathBuf,
        /// The error.
        cause: Box<AgentsError>,
    },
}

impl Explain for AgentError {
    fn kind(&self) -> TroubleKind {
        match self {
            Self::Work(error) => error.kind(),
            Self::Table { cause, .. } => cause.kind(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Work(error) => error.hint(),
            Self::Table { cause, .. } => cause.hint(),
        }
    }

    fn details(&self) -> Vec<String> {
        match self {
            Self::Work(error) => error.details(),
            Self::Table { .. } => Vec::new(),
        }
    }
}

impl Routes {
    /// The agent that the nearest project, or else the user's own file, declares under this name. It takes precedence
    /// over a built-in agent even if it may not run: a turn is never given to another agent than the declared one.
    ///
    /// # Errors
    /// The agent may not run without consent, or its table has an error.
    pub fn agent(&self, name: &str) -> Result<Option<ProjectAgent>, AgentError> {
        let declares = |layer| declared(layer, name);
        let Some((workspace, declared)) = self.layers.iter().find_map(declares) else { return Ok(None) };
        if declared.withheld {
            return Err(workspace.consent.refusal(&[name.to_owned()]).into());
        }
        let file = &workspace.project.path;
        let wrong = |cause| AgentError::Table { name: name.to_owned(), file: file.clone(), cause: Box::new(cause) };
        let table = Agent::from_table(declared.table.clone()).map_err(wrong)?;
        let path = table.program.contains('/').then(|| workspace.project.directory.join(&table.program));
        let invocation = path.map(|path| self.invocation(path, None));
        Ok(Some(ProjectAgent { table, invocation }))
    }
}

fn declared<'a>(layer: &'a Layer, name: &str) -> Option<(&'a Workspace, &'a DeclaredAgent)> {
    let workspace = &layer.workspace;
    let agent = workspace.project.agents.iter().find(|agent| agent.name == name)?;
    Some((workspace, agent))
}
