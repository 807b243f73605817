//! The newest versions of a tool: within the project's request, and overall.

use super::Resolver;
use crate::candidate::SourceKind;
use crate::project::{Request, ToolRequest};
use crate::trouble::Trouble;

/// The newest versions of a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Newest {
    /// The newest one that matches the project's request.
    pub matching: String,
    /// The newest overall, without prereleases; never older than `matching`.
    pub latest: String,
}

impl Resolver<'_> {
    /// The newest versions of a tool; `None` if it has no list of versions or is not wanted on this system. An address
    /// and the copy on `PATH` have no list.
    pub fn newest(&self, ask: &ToolRequest) -> Option<Result<Newest, Trouble>> {
        let recipe = self.recipe(ask, self.platform).ok().filter(|_| ask.wanted_on(self.platform.os))?;
        if matches!(recipe.source, SourceKind::Url | SourceKind::System) {
            return None;
        }
        let runner = self.runner(&recipe, &|_| false);
        Some(self.version(ask, &recipe, None, runner.as_ref()).map(|matching| {
            // A request that names a prerelease may be ahead of all releases, and some tools have only prereleases.
            let latest =
                Request::parse("latest").ok().and_then(|latest| self.choose(&latest, &recipe, runner.as_ref()).ok());
            let ahead = Request::parse(&format!(">{matching}")).ok();
            let latest =
                latest.filter(|latest| ahead.is_some_and(|ahead| ahead.matches(&latest.version, latest.scheme)));
            Newest { latest: latest.map_or_else(|| matching.clone(), |latest| latest.version), matching }
        }))
    }
}
