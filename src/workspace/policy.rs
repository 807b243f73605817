//! `VX_TRUST`: the user's word on all projects, for the commands that inherit it.

use vx_base::system::variables::variable;
use vx_base::trouble::{Explain, TroubleKind};

/// The variable.
pub const VARIABLE: &str = "VX_TRUST";

/// The user's word on all projects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// No word: ask where somebody can answer. In the run of a known build service a sync is consent, for that run alone.
    Unset,
    /// Ask where somebody can answer, also in the run of a build service.
    Ask,
    /// No project may act, whatever was agreed to.
    None,
    /// Every project may act.
    All,
}

/// `VX_TRUST` has a value without a meaning.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("VX_TRUST is `{value}`, which means nothing")]
pub struct PolicyError {
    /// The value.
    pub value: String,
}

impl Explain for PolicyError {
    fn kind(&self) -> TroubleKind {
        TroubleKind::Configuration
    }

    fn hint(&self) -> Option<String> {
        Some("set it to `none`, `ask` or `all`, or leave it out".into())
    }
}

impl Policy {
    /// The policy of this process.
    ///
    /// # Errors
    /// The variable has another value.
    pub fn from_environment() -> Result<Self, PolicyError> {
        let value = variable(VARIABLE).unwrap_or_default();
        match value.to_str() {
            Some("") => Ok(Self::Unset),
            Some("ask") => Ok(Self::Ask),
            Some("none") => Ok(Self::None),
            Some("all") => Ok(Self::All),
            _ => Err(PolicyError { value: value.to_string_lossy().into_owned() }),
        }
    }
}

/// The variables by which build services name themselves. `CI` alone is also set by agents, containers and people.
const BUILD_SERVICES: [&str; 7] =
    ["GITHUB_ACTIONS", "GITLAB_CI", "BUILDKITE", "CIRCLECI", "JENKINS_URL", "TF_BUILD", "TEAMCITY_VERSION"];

/// True in the run of a build service that vx knows.
pub fn in_build_service() -> bool {
    let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
    says_ci() && BUILD_SERVICES.into_iter().any(is_set)
}

/// True if the environment says that this is a run of a build service, known or not.
fn says_ci() -> bool {
    variable("CI").is_some_and(|value| value == "true" || value == "1")
}

/// The next step for whoever lacks a consent.
pub fn way_to_consent() -> String {
    let way = "`vx trust` lists everything that the project would do, and asks";
    match says_ci() {
        true => format!("{way}; in CI, `VX_TRUST=all` lets the project act for one command"),
        false => way.into(),
    }
}
