//! Plans what has to be installed: requests become steps. Nothing is written.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

mod plan;
mod resolve;
mod step;

pub use plan::{Decision, InstalledRelease, Plan, ResolvedRelease, ResolvedTool, ToolResolution, claim, plan};
pub use resolve::{AgeRemark, DigestOf, Forged, Newest, Resolution, Resolver, Soon, Undeclared};
pub use step::{PlanStep, ServerWaitReporter, ToolAction};
