//! Planning what has to be installed, and carrying it out.

mod child;
mod parallel;
mod plan;
mod reporter;
mod resolve;
mod schedule;
mod step;
mod wanted_by;

pub use child::InstallChild;
pub use parallel::in_parallel;
pub use plan::{Decision, InstalledRelease, Plan, Resolved, ResolvedRelease, ResolvedTool, claim, plan};
pub use reporter::SlotReporter;
pub use resolve::{AgeRemark, DigestOf, Forged, Newest, Resolution, Resolver, Soon, Undeclared};
pub use schedule::{Jobs, Request, Run, RunHandle, start_run};
pub use step::{Action, RunEnd, Step, StepEnd};
pub use wanted_by::{Want, remember, wanted_by};
