//! A script's report on one slot.

use std::path::Path;

use vx_shm::{ClaimError, Ending, Kind, Phase, Slot, SlotState};
use vx_status::error_cell::ErrorCell;

use super::error::ReportError;
use super::owners::{owners, read, refused, with_callers};
use crate::channel::slot_key;
use crate::work::boards;

/// The progress of one slot, as a script reports it. Fields that are not named stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The slot's key.
    pub key: String,
    /// The version of the slot's subject; recorded when the slot is claimed, and never changed.
    pub version: Option<String>,
    /// The phase the script is in. Entering another one starts `done` and `total` over.
    pub phase: Option<Phase>,
    /// Work finished in this phase.
    pub done: Option<Done>,
    /// The total work of this phase.
    pub total: Option<u64>,
    /// One line about the present work.
    pub message: Option<String>,
    /// A longer text.
    pub details: Option<String>,
    /// The slot's end.
    pub end: Option<SlotState>,
    /// The reason for a failure.
    pub error: Option<String>,
}

/// Finished work, as a script reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// So much.
    At(u64),
    /// So much more than before.
    More(u64),
}

/// The effect of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reported {
    /// It is on the board.
    Written,
    /// The slot had this end already, and keeps it.
    EndedBefore(SlotState),
}

/// Put a report on a board: the named one, else the script's own.
///
/// A slot that has ended takes no second end, since a trap at the script's exit often reports one.
///
/// # Errors
/// There is no such board, or the key belongs to another process.
pub fn put(report: &Report, board: Option<&str>, owner: Option<u32>) -> Result<Reported, ReportError> {
    if report.key.is_empty() {
        return Err(ReportError::NoKey);
    }
    let owners = owners(owner)?;
    let key = slot_key(&report.key);
    let board = boards::find_own(board, Some(&key), &with_callers(&owners))?;
    let version = report.version.as_deref().unwrap_or("");
    let anew = report.end.is_none();
    let slot = match Slot::on_behalf(&board, &key, version, Kind::Task, &owners, anew) {
        Err(ClaimError::Ended { state, .. }) => return Ok(Reported::EndedBefore(state)),
        claimed => claimed.map_err(|error| refused(&board, error))?,
    };
    if !version.is_empty() {
        check_version(&board, &slot, version)?;
    }
    write(slot, report)
}

fn write(mut slot: Slot, report: &Report) -> Result<Reported, ReportError> {
    if let Some(message) = &report.message {
        slot.message(message);
    }
    if let Some(details) = &report.details {
        slot.details(details);
    }
    if let Some(phase) = report.phase.filter(|phase| slot.phase() != Some(*phase)) {
        slot.enter(phase, report.total);
    }
    if report.done.is_some() || report.total.is_some() {
        let done = match report.done {
            None => slot.done(),
            Some(Done::At(done)) => done,
            Some(Done::More(more)) => slot.done().saturating_add(more),
        };
        slot.publish_of(done, report.total.or(slot.total()));
    }
    if let Some(state) = report.end {
        let error = report.error.as_deref().map(|error| ErrorCell::of_other_writer(error).to_text());
        slot.end(Ending { error, ..Ending::new(state) })?;
    }
    Ok(Reported::Written)
}

/// Check that the slot, which got its version when it was claimed, has this one.
fn check_version(board: &Path, slot: &Slot, version: &str) -> Result<(), ReportError> {
    let snapshot = read(board)?;
    match snapshot.slots.into_iter().find(|view| view.index == slot.index()) {
        // The board cuts a long version and ends it in `…`.
        Some(view) if view.version != version && !version.starts_with(view.version.trim_end_matches('…')) => {
            Err(ReportError::OtherVersion { key: view.key, version: view.version })
        }
        _ => Ok(()),
    }
}
