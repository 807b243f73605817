//! Planning what has to be installed, and the jobs that install it.

mod child;
mod installs;
mod job;
mod plan;
mod reporter;
mod resolve;
mod step;
mod wanted_by;

pub use child::InstallChild;
pub use installs::{Run, start_run};
pub use plan::{Decision, InstalledRelease, Plan, Resolved, ResolvedRelease, ResolvedTool, claim, plan};
pub use reporter::{SlotReporter, progress_on};
pub use resolve::{AgeRemark, DigestOf, Forged, Newest, Resolution, Resolver, Soon, Undeclared};
pub use step::{Action, Step, Waits};
pub use wanted_by::{Want, remember, wanted_by};
