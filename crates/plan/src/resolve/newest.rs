//! The newest versions of a tool: within the project's request, and overall.

use vx_base::package::candidate::Candidate;
use vx_base::trouble::Trouble;
use vx_project::{ToolRequest, VersionRequest};

use super::Resolver;
use super::aged::{AgedChoice, Soon};

/// The newest versions of a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Newest {
    /// The newest one that matches the project's request.
    pub matching: String,
    /// A newer one that matches, and is too young.
    pub matching_soon: Option<Soon>,
    /// The newest overall, without prereleases; never older than `matching`.
    pub latest: String,
    /// A newer one than that, too young.
    pub latest_soon: Option<Soon>,
}

impl Resolver<'_> {
    /// The versions that the tool's source offers on this platform, in no order; none if it has no list of versions.
    ///
    /// # Errors
    /// The source does not answer, or nobody knows the tool.
    pub fn offered(&self, ask: &ToolRequest) -> Result<Vec<Candidate>, Trouble> {
        let recipe = self.recipe(ask, self.platform).map_err(|error| Trouble::from_error(&error))?;
        if !recipe.source.facts().lists_versions {
            return Ok(Vec::new());
        }
        self.sources.candidates(&recipe, self.platform).map_err(|error| Trouble::from_error(&error))
    }

    /// The newest versions of a tool; `None` if it has no list of versions or is not wanted on this system. An address
    /// and the copy on `PATH` have no list.
    pub fn newest(&self, ask: &ToolRequest) -> Option<Result<Newest, Trouble>> {
        let recipe = self.recipe(ask, self.platform).ok().filter(|_| ask.wanted_on(self.platform.os))?;
        if !recipe.source.facts().lists_versions {
            return None;
        }
        let runner = self.runner(&recipe, &|_| false);
        Some(self.version(ask, &recipe, None, runner.as_ref()).map(|AgedChoice { release, soon }| {
            // A request that names a prerelease may be ahead of all releases, and some tools have only prereleases.
            let latest = VersionRequest::parse("latest").ok();
            let latest = latest.and_then(|latest| self.choose(ask, &latest, &recipe, runner.as_ref()).ok());
            let ahead = VersionRequest::parse(&format!(">{}", release.version)).ok();
            let is_ahead = |version: &str| ahead.as_ref().is_some_and(|ahead| ahead.matches(version, release.scheme));
            let (latest, latest_soon) = match latest {
                Some(AgedChoice { release, soon }) => (Some(release.version), soon),
                None => (None, None),
            };
            Newest {
                latest: latest.filter(|latest| is_ahead(latest)).unwrap_or_else(|| release.version.clone()),
                latest_soon: latest_soon.filter(|soon| is_ahead(&soon.version)),
                matching: release.version.clone(),
                matching_soon: soon,
            }
        }))
    }
}
