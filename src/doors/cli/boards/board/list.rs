//! `vx board ls`: the boards, and the recordings of the last runs.

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;
use vx_shm::{ListedBoard, Snapshot};
use vx_status::document::to_json;
use vx_text::clean;

use crate::boards::{find, recordings};
use crate::doors::cli::output::failure::CommandResult;
use crate::doors::cli::output::print;

/// Run `vx board ls`.
pub(super) fn boards(as_json: bool) -> CommandResult {
    let listed = find::list()?;
    if as_json {
        let rows: Vec<_> = listed.iter().map(document).collect();
        print::data(format_args!("{:#}", json!(rows)));
        return Ok(ExitCode::SUCCESS);
    }
    for ListedBoard { path, reading, .. } in &listed {
        let name = find::name(path);
        match reading {
            Ok(snapshot) => print::data(format_args!("{name:<24} {}", summary_line(snapshot))),
            Err(error) => print::data(format_args!("{name:<24} unreadable: {error}")),
        }
    }
    if listed.is_empty() {
        print::message(format_args!("no boards in {}; `vx sync` makes one", places()?));
    }
    Ok(ExitCode::SUCCESS)
}

fn document(listed: &ListedBoard) -> serde_json::Value {
    // JSON text is UTF-8, so the other bytes of a path are replaced.
    let path = listed.path.display().to_string();
    match &listed.reading {
        Ok(snapshot) => json!({"path": path, "board": to_json(snapshot)["board"], "error": null}),
        Err(error) => json!({"path": path, "board": null, "error": error.to_string()}),
    }
}

/// Run `vx board ls --recordings`.
pub(super) fn recordings() -> CommandResult {
    let listed = recordings::list()?;
    for recording in &listed {
        let name = find::name(&recording.path);
        match &recording.reading {
            Ok((snapshot, length)) => {
                print::data(format_args!("{name:<32} {} {:.1} s", summary_line(snapshot), length.as_secs_f64()));
            }
            Err(error) => print::data(format_args!("{name:<32} unreadable: {error}")),
        }
    }
    if listed.is_empty() {
        print::message(format_args!("no recordings in {}; `vx sync` makes one", places()?));
    }
    Ok(ExitCode::SUCCESS)
}

/// The searched places, for a message.
fn places() -> Result<String, find::BoardError> {
    let quoted = |place: &PathBuf| format!("`{}`", place.display());
    Ok(find::places()?.iter().map(quoted).collect::<Vec<_>>().join(", "))
}

fn summary_line(snapshot: &Snapshot) -> String {
    let board = &snapshot.board;
    let ended = snapshot.slots.iter().filter(|slot| slot.state.ended()).count();
    let state = if board.abandoned() { "abandoned" } else { board.state.name() };
    let created = jiff::Timestamp::from_nanosecond(board.created_unix_ns.into()).unwrap_or_default();
    let title = clean(&board.title);
    format!("{state:<10} {ended:>3}/{:<3} {created:.0} {title}", snapshot.slots.len())
}
