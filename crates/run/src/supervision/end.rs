//! The end of a run, and of each of its jobs.

use vx_shm::SlotState;

/// The end of one job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobEnd {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The run succeeds without it.
    pub optional: bool,
    /// `Done`, `Failed`, `Cancelled`, `Skipped` or `Died`.
    pub state: SlotState,
}

/// The end of a whole run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunEnd {
    /// Each job, in the order of the run.
    pub steps: Vec<JobEnd>,
    /// The run was asked to stop.
    pub cancelled: bool,
}

impl RunEnd {
    /// Returns whether every job that isn't optional ended well, and the run was not asked to stop.
    pub fn success(&self) -> bool {
        !self.cancelled && self.steps.iter().all(|step| step.optional || step.state.good())
    }

    /// Names of the jobs that did not end well: the optional jobs, or the required.
    pub fn missing(&self, optional: bool) -> Vec<&str> {
        let missing = self.steps.iter().filter(|step| step.optional == optional && !step.state.good());
        missing.map(|step| step.name.as_str()).collect()
    }
}
