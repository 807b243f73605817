//! A script's report on one slot.

use std::path::Path;

use vx_shm::{ClaimError, Ending, Kind, Slot, Step};
use vx_status::error_cell::ErrorCell;
use vx_status::vocabulary::task;

use super::error::ReportError;
use super::owners::{owners, read, refused, with_callers};
use super::report::{Done, SlotReport, SlotReportEffect};
use super::wrapped_slot::WrappedSlot;
use crate::boards::find;

/// Put a report on a board: the named one, else the script's own.
///
/// A second end for a slot is ignored, since a trap at the script's exit often reports one.
///
/// # Errors
/// There is no such board, or the key belongs to another process.
pub fn put(report: &SlotReport, board: Option<&str>, owner: Option<u32>) -> Result<SlotReportEffect, ReportError> {
    let key = report.key.as_deref();
    if key.is_some_and(str::is_empty) {
        return Err(ReportError::NoKey);
    }
    let wrapped = WrappedSlot::around(board, key);
    let (path, claimed) = match (key, wrapped) {
        (_, Some(wrapped)) => match wrapped.claim(owner) {
            Err(ClaimError::AlreadyClaimed { .. }) if wrapped.is_written_by_wrapper() => {
                return wrapped.pass_on(report);
            }
            claimed => (wrapped.board().to_owned(), claimed),
        },
        (None, None) => return Err(ReportError::NotWrapped),
        (Some(key), None) => {
            let owners = owners(owner)?;
            let path = find::find_own(board, Some(key), &with_callers(&owners))?;
            let version = report.version.as_deref().unwrap_or("");
            let anew = report.end.is_none();
            let claimed = Slot::on_behalf(&path, key, version, Kind::Task, &owners, anew);
            (path, claimed)
        }
    };
    let slot = match claimed {
        Err(ClaimError::Ended { state, .. }) => return Ok(SlotReportEffect::EndedBefore(state)),
        claimed => claimed.map_err(|error| refused(&path, error))?,
    };
    let mut slot = Some(slot);
    write(&mut slot, report, &path)?;
    Ok(SlotReportEffect::Written)
}

/// Write a report to this slot of the board. If the report ends the slot, `place` is empty afterwards.
///
/// # Errors
/// The slot has another version, or its end cannot be recorded.
pub fn write(place: &mut Option<Slot>, report: &SlotReport, board: &Path) -> Result<(), ReportError> {
    let Some(slot) = place else { return Ok(()) };
    if let Some(version) = report.version.as_deref().filter(|version| !version.is_empty()) {
        check_version(board, slot, version)?;
    }
    if let Some(message) = &report.message {
        slot.message(message);
    }
    if let Some(details) = &report.details {
        slot.details(details);
    }
    if let Some(word) = &report.step {
        enter(slot, word, report.total);
    }
    if report.done.is_some() || report.total.is_some() {
        count(slot, report);
    }
    if let Some(unit) = report.unit {
        slot.set_unit(unit);
    }
    if let Some((state, slot)) = report.end.and_then(|state| Some((state, place.take()?))) {
        let error = report.error.as_deref().map(|error| ErrorCell::of_other_writer(error).to_text());
        slot.end(Ending { error, ..Ending::new(state) })?;
    }
    Ok(())
}

/// Publish the report's numbers. Numbers without a step mean that the work runs, so a queued slot enters its running
/// step.
fn count(slot: &mut Slot, report: &SlotReport) {
    let (before, total) = (slot.done(), report.total.or(slot.total()));
    if report.step.is_none() && slot.step() == Step::FIRST {
        slot.enter(task::RUNNING, total);
    }
    let done = match report.done {
        None => before,
        Some(Done::At(done)) => done,
        Some(Done::More(more)) => before.saturating_add(more),
    };
    slot.publish_of(done, total);
}

/// Enter a step, unless the slot is already in it.
fn enter(slot: &mut Slot, word: &str, total: Option<u64>) {
    let known = task::step_named(word);
    let own = known.is_none().then_some(word);
    let step = known.unwrap_or(task::RUNNING);
    if slot.step() == step && slot.is_step_named(own) {
        return;
    }
    slot.enter(step, total);
    if let Some(name) = own {
        slot.name_step(name);
    }
}

/// Check that the slot, which got its version when it was claimed, has this version.
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
