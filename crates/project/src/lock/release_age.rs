//! Finds releases in a lock that are too young for the project, without a request.

use std::fmt;

use jiff::Timestamp;
use vx_base::age::{Published, ReleaseAge, in_words, to_the_second};

use super::{Lock, LockedTool};
use crate::config::ToolRequest;

/// A locked release that is too young.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Young {
    /// Name of the tool.
    pub tool: String,
    /// Locked version.
    pub version: String,
    /// When it was published, by the lock.
    pub published: Published,
    /// When the release will be old enough.
    pub allowed_from: Timestamp,
    /// Smallest age, and the time of the comparison.
    pub age: ReleaseAge,
}

impl fmt::Display for Young {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (tool, version) = (&self.tool, &self.version);
        let (minimum, wait) = (in_words(self.age.minimum), in_words(self.age.wait_for(self.allowed_from)));
        let published = match self.published {
            Published::At(time) => format!("was published at {}", to_the_second(time)),
            Published::By(time) => format!("is known to be out since {} only", to_the_second(time)),
        };
        write!(f, "`{tool}` {version} {published}: it is old enough for `minimum_release_age` ({minimum}) in {wait}")
    }
}

impl Lock {
    /// Find the locked releases of these tools that are too young. A release that the project names exactly may have
    /// any age, and so may a release whose time of publication isn't in the lock.
    pub fn young(&self, tools: &[ToolRequest], age: ReleaseAge) -> Vec<Young> {
        tools.iter().filter_map(|tool| self.tools.get(&tool.name)?.young(tool, age)).collect()
    }
}

impl LockedTool {
    fn young(&self, tool: &ToolRequest, age: ReleaseAge) -> Option<Young> {
        let age = age.for_tool(tool.minimum_release_age);
        // A time in the future shows that this machine's clock is wrong; by that clock, no release would be old enough.
        let compared = |published: &Published| age.is_young(*published) && published.latest() <= age.now;
        let published = self.published.filter(compared)?;
        let by_range = !tool.request.names_exactly(&self.version, self.source.scheme());
        by_range.then(|| Young {
            tool: tool.name.clone(),
            version: self.version.clone(),
            published,
            allowed_from: age.allowed_from(published),
            age,
        })
    }
}
