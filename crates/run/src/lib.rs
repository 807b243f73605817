//! A run of any kind of work: jobs on one board, each a process, with one supervisor, one control and one recorder.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

mod board;
pub mod board_error;
mod boards;
pub mod channel;
mod control;
mod dumper;
mod end;
pub mod history;
mod hold;
mod job;
mod log_files;
mod numbers;
mod pace;
mod recorder;
mod recordings;
mod supervisor;
pub mod trouble_cell;
mod verdict;
mod written;

pub use board::{JoinedBoard, RunBoard};
pub use boards::{BOARDS_KEPT, BOARDS_KEPT_FOR, await_change, collect_boards, create_board, stale_boards};
pub use control::{Request, RunHandle};
pub use dumper::Dumper;
pub use end::{JobEnd, RunEnd};
pub use hold::{Held, Hold, hold};
pub use job::{After, Decided, Job, JobSlot, Need, Place, Prepared, Until, Writer};
pub use log_files::{log_file, logs_of, make_logs};
pub use numbers::Numbers;
pub use pace::Jobs;
pub use recorder::FlightRecorder;
pub use recordings::{RECORDINGS_KEPT, RECORDINGS_KEPT_BYTES, board_of_recording, kept_recordings, recording_beside};
pub use supervisor::{Run, start_run};
pub use verdict::{Stop, Unwritten, verdict};
pub use written::{WrittenSlot, WrittenSlots};
