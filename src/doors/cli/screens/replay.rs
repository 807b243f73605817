//! A recording for the views.

use std::path::Path;

use vx_run::board_of_recording;
use vx_shm::recording::is_recording;
use vx_status::source::Inputs;

use super::views::{BoardLogs, UserPrograms};
use crate::boards::recordings;
use crate::boards::replay::Replay;
use crate::doors::cli::output::failure::CommandFailure;

/// The inputs of a view of this recording; `None` if the file is not a recording. The logs are read from beside its
/// board, as long as they are kept.
pub(in crate::doors::cli) fn inputs(path: &Path, speed_percent: u32) -> Result<Option<Inputs>, CommandFailure> {
    if !is_recording(path) {
        return Ok(None);
    }
    let replay = Replay::new(recordings::open(path)?, speed_percent);
    let board = board_of_recording(path).unwrap_or_else(|| path.to_path_buf());
    Ok(Some(Inputs {
        snapshots: Box::new(replay),
        logs: Box::new(BoardLogs::beside(&board)),
        control: None,
        opener: Some(Box::new(UserPrograms::here())),
    }))
}
