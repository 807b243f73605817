//! The next life of a service: if one follows the end of the last.
//!
//! On the board a life that has ended looks the same before a restart as at the end: only the supervisor knows which it is.

use std::path::Path;
use std::time::Duration;

use serde_json::json;

use super::state::is_supervised;
use crate::work::boards;
use crate::work::control::connect_to;

/// The longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// True if the supervisor of this board is about to begin another life of the service with this name, or has not decided yet
/// what the end of the last one means. False where there is none.
pub fn goes_on(board: &Path, name: &str) -> bool {
    let snapshot = boards::open_file(board).ok().and_then(|mut reader| reader.snapshot().ok());
    let Some(snapshot) = snapshot.filter(is_supervised) else { return false };
    let Ok(mut client) = connect_to(board, snapshot.board.creator.pid) else { return false };
    let answer = client.call("up/going", &json!({ "names": [name] }), PATIENCE);
    answer.is_ok_and(|names| names.as_array().is_some_and(|names| !names.is_empty()))
}
