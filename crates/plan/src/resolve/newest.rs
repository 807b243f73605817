//! Newest versions of a tool: within the project's request, and overall.

use vx_base::package::candidate::Candidate;
use vx_base::trouble::Trouble;
use vx_project::{ToolRequest, VersionRequest};

use super::Resolver;
use super::aged::{AgedChoice, Soon};

/// The newest versions of a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Newest {
    /// Newest version that matches the project's request.
    pub matching: String,
    /// Newer version that matches but is too young.
    pub matching_soon: Option<Soon>,
    /// Newest version overall, without prereleases; never older than `matching`.
    pub latest: String,
    /// Newer version than `latest`, but too young.
    pub latest_soon: Option<Soon>,
}

impl Resolver<'_> {
    /// List the versions that the tool's source offers on this platform, in no particular order; empty if it has no
    /// list.
    ///
    /// # Errors
    /// The source doesn't answer, or no source has the tool.
    pub fn offered(&self, ask: &ToolRequest) -> Result<Vec<Candidate>, Trouble> {
        let recipe = self.recipe(ask, self.platform).map_err(|error| Trouble::from_error(&error))?;
        if !recipe.source.facts().lists_versions {
            return Ok(Vec::new());
        }
        self.sources.candidates(&recipe, self.platform).map_err(|error| Trouble::from_error(&error))
    }

    /// Find the newest versions of a tool; `None` if it has no list of versions, as an address or the copy on `PATH`,
    /// or isn't wanted on this system.
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
