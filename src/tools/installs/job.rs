//! The install of one tool as a job of a run: a child process of this program, which reads its configuration from its
//! input.

mod child;
mod reporter;
mod start;

use std::path::PathBuf;
use std::time::Duration;

use vx_base::system::process_limit::{NO_ROOM_EXIT, ProcessLimit};
use vx_base::trouble::{Trouble, TroubleKind};
use vx_plan::{PlanStep, ToolAction};
use vx_process::{Ended, Exit};
use vx_run::channel::slot_key;
use vx_run::trouble_cell::TroubleCell;
use vx_run::verdict;
use vx_run::{
    ChildStopReason, Decided, Job, JobAttempt, JobDependency, JobDependencyState, JobSlot, JobSlotWriter, PreparedJob,
    Unwritten,
};
use vx_shm::{Ending, Kind, Slot, SlotState};
use vx_status::error_cell::ErrorCell;
use vx_store::config::InstallConfig;

pub use child::InstallChild;
use child::launch;
pub use reporter::{SlotReporter, progress_on};
pub use start::{InstallRun, start_run};

/// How long after its own deadline a child is killed.
const DEADLINE_GRACE: Duration = Duration::from_secs(3);

/// The install of one tool.
struct InstallJob {
    step: PlanStep,
    /// The program of the children.
    program: PathBuf,
}

impl InstallJob {
    /// The job of this step, with this program for its children.
    fn new(step: PlanStep, program: PathBuf) -> Self {
        Self { step, program }
    }
}

impl Job for InstallJob {
    fn slot(&self) -> JobSlot<'_> {
        let PlanStep { tool, version, size_bytes: total, optional, .. } = &self.step;
        let (total, optional, writer) = (*total, *optional, JobSlotWriter::Child);
        JobSlot { name: tool, version, kind: Kind::Install, parent: None, total, optional, writer, own_log: false }
    }

    fn decided(&self) -> Option<Decided> {
        let ending = match &self.step.action {
            ToolAction::Install(_) => return None,
            ToolAction::Skip { reason } => {
                let reason = ErrorCell { text: reason.into(), ..ErrorCell::default() }.to_text();
                Ending { error: Some(reason), ..Ending::new(SlotState::Skipped) }
            }
            ToolAction::Fail { error } => Ending::failed(error.to_cell()),
        };
        Some(Decided { ending, finally: "no release was found for it; only a new run looks again" })
    }

    fn prepare(&self, place: &JobAttempt) -> Result<PreparedJob, Trouble> {
        let ToolAction::Install(preparation) = &self.step.action else {
            return Err(Trouble::new(
                TroubleKind::Internal,
                "a tool was prepared although its end was already decided",
            ));
        };
        let config = preparation(&|host| {
            let text = host.map(|host| format!("waiting for {host}'s answer")).unwrap_or_default();
            // The install also goes on without this message.
            let _ = Slot::message_before_claim(&place.board, place.reservation, &text);
        })?;
        let needs = config
            .needs
            .as_deref()
            .map(|tool| JobDependency { key: slot_key(tool).into_owned(), until: JobDependencyState::Begun });
        let deadline = config.deadline_ms.map(Duration::from_millis);
        let launch = launch(&self.program, InstallConfig { attempt: place.attempt, ..config }, place)?;
        let kill_after = deadline.map(|deadline| deadline.saturating_add(DEADLINE_GRACE));
        Ok(PreparedJob { launch, needs: needs.into_iter().collect(), kill_after })
    }

    fn judge(&self, written: Option<SlotState>, stop: ChildStopReason, ended: &Ended) -> Ending {
        let ending = verdict(written, stop, ended, Unwritten::IsFailure);
        if written.is_some() || stop != ChildStopReason::No || !self.lacks_room(ended) {
            return ending;
        }
        let limit = ProcessLimit::current();
        let error = Trouble::new(TroubleKind::Limit, limit).hinted(limit.hint());
        Ending { error: Some(error.to_cell()), ..ending }
    }

    fn lacks_room(&self, ended: &Ended) -> bool {
        ended.exit == Exit::Code(NO_ROOM_EXIT.into())
    }
}
