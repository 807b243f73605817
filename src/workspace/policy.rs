//! `VX_TRUST`: the user's policy for all projects, for the commands that inherit the variable.

use vx_base::system::variables::variable;
use vx_base::trouble::{Explain, TroubleKind};

/// The variable.
pub const VARIABLE: &str = "VX_TRUST";

/// The user's policy for all projects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Not set: ask if somebody can answer. In a known build service a sync is consent, for that run alone.
    Unset,
    /// Ask if somebody can answer, also in a build service.
    Ask,
    /// No project may act, whatever was agreed to.
    None,
    /// Every project may act.
    All,
}

/// `VX_TRUST` has an unknown value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("VX_TRUST has the unknown value `{value}`")]
pub struct PolicyError {
    /// The value.
    pub value: String,
}

impl Explain for PolicyError {
    fn kind(&self) -> TroubleKind {
        TroubleKind::Configuration
    }

    fn hint(&self) -> Option<String> {
        Some("set it to `none`, `ask` or `all`, or unset it".into())
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

/// The variables that identify build services. `CI` alone is not enough: agents, containers and people set it, too.
const BUILD_SERVICES: [&str; 7] =
    ["GITHUB_ACTIONS", "GITLAB_CI", "BUILDKITE", "CIRCLECI", "JENKINS_URL", "TF_BUILD", "TEAMCITY_VERSION"];

/// Whether this is the run of a build service that vx knows.
pub fn in_build_service() -> bool {
    let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
    says_ci() && BUILD_SERVICES.into_iter().any(is_set)
}

/// Whether the environment says that this is the run of a build service, known or not.
fn says_ci() -> bool {
    variable("CI").is_some_and(|value| value == "true" || value == "1")
}

/// The hint for a missing consent.
pub fn way_to_consent() -> String {
    let way = "`vx trust` lists everything that the project would do, and asks";
    match says_ci() {
        true => format!("{way}; in CI, `VX_TRUST=all` lets the project act for one command"),
        false => way.into(),
    }
}
