//! A run of any kind of work: jobs on one board, each a process, with one supervisor, one control and one recorder.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

pub mod board_error;
mod boards;
pub mod channel;
pub mod history;
mod recordings;
mod supervision;
pub mod trouble_cell;

pub use boards::board::{JoinedBoard, RunBoard};
pub use boards::log_files::{log_file, logs_of, make_logs};
pub use boards::numbers::SlotProgressWriter;
pub use boards::project::project_key;
pub use boards::written_slots::{WrittenSlot, WrittenSlots};
pub use boards::{BOARDS_KEPT, BOARDS_KEPT_FOR, await_change, collect_boards, create_board, stale_boards};
pub use recordings::dumper::Dumper;
pub use recordings::recorder::FlightRecorder;
pub use recordings::{RECORDINGS_KEPT, RECORDINGS_KEPT_BYTES, board_of_recording, kept_recordings, recording_beside};
pub use supervision::concurrency::Jobs;
pub use supervision::control::{RunHandle, RunRequest};
pub use supervision::end::{JobEnd, RunEnd};
pub use supervision::hold::{RunHold, RunHoldMonitor, hold};
pub use supervision::job::{
    After, Decided, Job, JobAttempt, JobDependency, JobDependencyState, JobSlot, JobSlotWriter, PreparedJob,
};
pub use supervision::supervisor::{RunPlan, start_run};
pub use supervision::verdict::{ChildStopReason, Unwritten, verdict};
