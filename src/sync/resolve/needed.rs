//! Tools that other tools run: that those are declared, and in a version that can run this one.

use std::slice;

use super::Resolver;
use super::standing::Standing;
use crate::candidate::Candidate;
use crate::hint::Hint;
use crate::project::ToolRequest;
use crate::source::{Recipe, catalogue};
use crate::sync::plan::Found;

/// What runs a tool.
pub(super) struct Runner {
    /// Its name in `vx.toml`.
    pub(super) tool: String,
    /// The version that the project has, or will have.
    pub(super) version: String,
}

/// A tool whose programs another one runs, which the project does not declare.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{tool}` is run by `{needs}`, which vx.toml does not declare")]
pub struct Undeclared {
    /// The tool.
    pub tool: String,
    /// What runs it.
    pub needs: String,
}

impl Hint for Undeclared {
    fn hint(&self) -> Option<String> {
        let needs = &self.needs;
        Some(format!("add `{needs} = \"lts\"` to [tools], or `{needs} = \"system\"` for the copy on PATH"))
    }
}

impl Runner {
    /// Whether it can run this version of the other tool.
    pub(super) fn runs(&self, candidate: &Candidate) -> bool {
        candidate.runs_on(&self.version)
    }
}

impl Resolver<'_> {
    /// The tools whose programs are run by one that nobody declares.
    pub fn undeclared(&self, asked: &[ToolRequest]) -> Vec<Undeclared> {
        let wanted_here = asked.iter().filter(|ask| ask.wanted_on(self.platform.os));
        let needing = wanted_here.filter_map(|ask| {
            let recipe = self.recipe(ask, self.platform).ok()?;
            let needs = recipe.needs().filter(|needs| self.needed(needs).is_none())?;
            Some(Undeclared { tool: ask.name.clone(), needs: needs.to_owned() })
        });
        needing.collect()
    }

    /// What is declared of a tool that another one needs, by whichever of its names.
    pub(super) fn needed(&self, needs: &str) -> Option<&ToolRequest> {
        let is_it = |name: &str| name == needs || catalogue::find(name).is_some_and(|tool| tool.name == needs);
        self.declared.iter().find(|ask| is_it(&ask.name) && ask.wanted_on(self.platform.os))
    }

    /// What runs the tool, where that is declared and its version can be told: as the lock has it, unless it is to be
    /// chosen anew.
    pub(super) fn runner(&self, recipe: &Recipe, upgrade: &dyn Fn(&str) -> bool) -> Option<Runner> {
        let ask = self.needed(recipe.needs()?)?;
        let upgraded = upgrade(&ask.name);
        let differences = self.lock.differences(slice::from_ref(ask));
        let fits = !upgraded && (self.frozen || !differences.iter().any(|difference| difference.tool == ask.name));
        let locked = self.lock.tools.get(&ask.name).filter(|_| fits);
        let version = match self.standing(ask, locked, upgraded) {
            Standing::Settled(Found::Release(release)) => release.version.clone(),
            Standing::Settled(Found::OnPath { version, .. }) => version,
            Standing::Settled(_) => return None,
            Standing::Partly(_, locked) => locked.version.clone(),
            // Who asks for it itself tells why it cannot be had.
            Standing::Open(recipe, pin) => self.version(ask, &recipe, pin.as_ref(), None).ok()?,
        };
        Some(Runner { tool: ask.name.clone(), version })
    }
}
