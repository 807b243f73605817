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
pub use boards::numbers::Numbers;
pub use boards::written::{WrittenSlot, WrittenSlots};
pub use boards::{BOARDS_KEPT, BOARDS_KEPT_FOR, await_change, collect_boards, create_board, stale_boards};
pub use recordings::dumper::Dumper;
pub use recordings::recorder::FlightRecorder;
pub use recordings::{RECORDINGS_KEPT, RECORDINGS_KEPT_BYTES, board_of_recording, kept_recordings, recording_beside};
pub use supervision::control::{Request, RunHandle};
pub use supervision::end::{JobEnd, RunEnd};
pub use supervision::hold::{Held, Hold, hold};
pub use supervision::job::{After, Decided, Job, JobSlot, Need, Place, Prepared, Until, Writer};
pub use supervision::pace::Jobs;
pub use supervision::supervisor::{Run, start_run};
pub use supervision::verdict::{Stop, Unwritten, verdict};
