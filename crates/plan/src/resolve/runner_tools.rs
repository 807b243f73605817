//! Tools that run other tools: they must be declared, in a version that can run the other tool.

use std::slice;

use vx_base::package::candidate::Candidate;
use vx_base::trouble::{Explain, TroubleKind};
use vx_fetch::Recipe;
use vx_fetch::tools::catalogue;
use vx_project::ToolRequest;

use super::Resolver;
use super::lock_state::ToolLockState;
use crate::plan::ToolResolution;

/// A tool that runs another tool.
pub(super) struct RunnerTool {
    /// Its name in `vx.toml`.
    pub(super) tool: String,
    /// Version that the project has, or will have.
    pub(super) version: String,
}

/// A tool whose runner the project doesn't declare.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{tool}` is run by `{needs}`, which vx.toml does not declare")]
pub struct Undeclared {
    /// Name of the tool.
    pub tool: String,
    /// The tool that runs it.
    pub needs: String,
}

impl Explain for Undeclared {
    fn kind(&self) -> TroubleKind {
        TroubleKind::Dependency
    }

    fn hint(&self) -> Option<String> {
        let needs = &self.needs;
        Some(format!("add `{needs} = \"lts\"` to [tools], or `{needs} = \"system\"` for the copy on PATH"))
    }
}

impl RunnerTool {
    /// Whether it can run this version of the other tool.
    pub(super) fn runs(&self, candidate: &Candidate) -> bool {
        candidate.runs_on(&self.version)
    }
}

impl Resolver<'_> {
    /// Find the tools whose runner isn't declared.
    pub fn undeclared(&self, asked: &[ToolRequest]) -> Vec<Undeclared> {
        let wanted_here = asked.iter().filter(|ask| ask.wanted_on(self.platform.os));
        let needing = wanted_here.filter_map(|ask| {
            let recipe = self.recipe(ask, self.platform).ok()?;
            let needs = recipe.needs().filter(|needs| self.needed(needs).is_none())?;
            Some(Undeclared { tool: ask.name.clone(), needs: needs.to_owned() })
        });
        needing.collect()
    }

    /// Find the declaration of a tool that another tool needs, under any of its names.
    pub(super) fn needed(&self, needs: &str) -> Option<&ToolRequest> {
        let is_it = |name: &str| name == needs || catalogue::find(name).is_some_and(|tool| tool.name == needs);
        self.declared.iter().find(|ask| is_it(&ask.name) && ask.wanted_on(self.platform.os))
    }

    /// Find a tool's runner, if it is declared and its version can be resolved: the locked version, unless it is to be
    /// upgraded.
    pub(super) fn runner(&self, recipe: &Recipe, upgrade: &dyn Fn(&str) -> bool) -> Option<RunnerTool> {
        let ask = self.needed(recipe.needs()?)?;
        if let Some(version) = self.locked_above.get(&ask.name) {
            return Some(RunnerTool { tool: ask.name.clone(), version: version.clone() });
        }
        let upgraded = upgrade(&ask.name);
        let differences = self.lock.differences(slice::from_ref(ask));
        let fits = !upgraded && (self.frozen || !differences.iter().any(|difference| difference.tool == ask.name));
        let locked = self.lock.tools.get(&ask.name).filter(|_| fits);
        let version = match self.standing(ask, locked, upgraded) {
            ToolLockState::Settled(ToolResolution::Release(release)) => release.version.clone(),
            ToolLockState::Settled(ToolResolution::OnPath { version, .. }) => version,
            ToolLockState::Settled(_) => return None,
            ToolLockState::Partly(_, locked) => locked.version.clone(),
            // A failure is reported when the runner itself is resolved.
            ToolLockState::Open(recipe, pin) => self.version(ask, &recipe, pin.as_ref(), None).ok()?.release.version,
        };
        Some(RunnerTool { tool: ask.name.clone(), version })
    }
}

/// Keep the versions that can be run.
pub(super) fn runnable(candidates: Vec<Candidate>, runner: Option<&RunnerTool>) -> Vec<Candidate> {
    candidates.into_iter().filter(|candidate| runner.is_none_or(|runner| runner.runs(candidate))).collect()
}
