//! A turn as a job of a run: a child of this program, which takes its order from standard input.

use std::path::PathBuf;

use vx_base::paths::find_runtime_directory;
use vx_base::trouble::{Trouble, TroubleKind};
use vx_process::{ChildGroup, Launch, OutputMode, Stdin};
use vx_run::channel::ServiceChannel;
use vx_run::{Job, JobAttempt, JobSlot, JobSlotWriter, PreparedJob};
use vx_shm::{Kind, Unnamed};

use super::order::{TurnFiles, TurnOrder};
use crate::request::TurnRequest;

/// At most this many last bytes of a child's output are kept for its error.
const KEEP_BYTES: usize = 8 * 1024;

/// One turn of a batch.
pub struct TurnJob {
    order: TurnOrder,
    /// Runs the child; it is this program.
    program: PathBuf,
}

impl TurnJob {
    /// Make the job of a turn whose output goes to these files; `program` is the program of its child.
    pub fn new(request: TurnRequest, files: TurnFiles, program: PathBuf) -> Self {
        let request = TurnRequest { log: Some(files.raw.clone()), ..request };
        Self { order: TurnOrder { request, files }, program }
    }
}

impl Job for TurnJob {
    fn slot(&self) -> JobSlot<'_> {
        JobSlot {
            name: &self.order.request.turn_id,
            version: &self.order.request.agent,
            kind: Kind::Turn,
            parent: None,
            total: None,
            optional: false,
            writer: JobSlotWriter::Child,
            // The child's output is events, while the log is to have the answer and the tools.
            own_log: true,
        }
    }

    fn prepare(&self, place: &JobAttempt) -> Result<PreparedJob, Trouble> {
        let unusable = |error: &dyn std::error::Error| {
            Trouble::new(TroubleKind::Program, format_args!("cannot start the process of the turn: {error}"))
        };
        let files = TurnFiles { heading: place.heading(), ..self.order.files.clone() };
        // An earlier attempt's result must not count as this one's.
        let _ = std::fs::remove_file(&files.result);
        let order = TurnOrder { files, request: self.order.request.clone() };
        let document = ServiceChannel::document(&order).map_err(|error| unusable(&error))?;
        let channel =
            ServiceChannel::on(&place.board, &self.order.request.turn_id).map_err(|error| unusable(&error))?;
        let usual = find_runtime_directory().ok().flatten();
        let directory = place.board.parent().filter(|_| Unnamed::from_path(&place.board).is_none());
        let elsewhere = directory.filter(|directory| usual.as_deref() != Some(*directory));
        let whereabouts = elsewhere.map(|directory| ("VX_RUNTIME_DIR".into(), directory.into()));
        let launch = Launch {
            program: self.program.clone(),
            arguments: ["turn-child".into(), "--ipc-channel".into(), channel.name().into()].into(),
            inherited: None,
            environment: place.mark.variables().into_iter().chain(whereabouts).collect(),
            directory: None,
            stdin: Stdin::Document(document),
            output: OutputMode::Merged,
            log: None,
            pass_on: false,
            keep_bytes: KEEP_BYTES,
            group: ChildGroup::Own,
        };
        Ok(PreparedJob { launch, needs: Vec::new(), kill_after: None })
    }
}
