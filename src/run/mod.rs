//! A run of work: its board, its log files, and the files that are made from the board.

mod boards;
mod dumper;
mod log_files;
mod recorder;
mod recordings;

pub use boards::{BOARDS_KEPT, BOARDS_KEPT_FOR, collect_boards, create_board, stale_boards};
pub use dumper::Dumper;
pub use log_files::{log_file, logs_of};
pub use recorder::FlightRecorder;
pub use recordings::{RECORDINGS_KEPT, RECORDINGS_KEPT_BYTES, board_of_recording, kept_recordings, recording_beside};
