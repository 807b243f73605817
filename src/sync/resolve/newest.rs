//! What newer versions there are of a tool: within what the project asks for, and at all.

use super::Resolver;
use crate::candidate::SourceKind;
use crate::project::{Request, ToolRequest};

/// The newest versions of a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Newest {
    /// The newest that answers the project's request.
    pub matching: String,
    /// The newest at all that is no prerelease; never older than `matching`.
    pub latest: String,
}

impl Resolver<'_> {
    /// The newest versions of a tool; `None` where nobody keeps a list of them: for an address, for the copy on `PATH`,
    /// and for what is not wanted on this system.
    ///
    /// The error is a text for people.
    pub fn newest(&self, ask: &ToolRequest) -> Option<Result<Newest, String>> {
        let recipe = self.recipe(ask, self.platform).ok().filter(|_| ask.wanted_on(self.platform.os))?;
        if matches!(recipe.source, SourceKind::Url | SourceKind::System) {
            return None;
        }
        let runner = self.runner(&recipe, &|_| false);
        Some(self.version(ask, &recipe, None, runner.as_ref()).map(|matching| {
            // A request that names a prerelease may be ahead of every release, and some tools have nothing else.
            let latest =
                Request::parse("latest").ok().and_then(|latest| self.choose(&latest, &recipe, runner.as_ref()).ok());
            let ahead = Request::parse(&format!(">{matching}")).ok();
            let latest =
                latest.filter(|latest| ahead.is_some_and(|ahead| ahead.matches(&latest.version, latest.scheme)));
            Newest { latest: latest.map_or_else(|| matching.clone(), |latest| latest.version), matching }
        }))
    }
}
