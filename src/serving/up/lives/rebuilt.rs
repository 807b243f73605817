//! Waiting for the build that a request causes.

use std::path::Path;
use std::time::{Duration, Instant};

use vx_run::{log_file, logs_of};
use vx_services::reported;
use vx_services::{ReportedMistake, build_key};
use vx_shm::Snapshot;
use vx_status::error_cell::ErrorCell;
use vx_status::standing::Standing;

use super::next_life::{LOOK, NextLifeError};
use crate::boards::find::{self, BoardError, slot_of};

/// If a service has ended and does not start again within this time, another request has stopped it.
const GIVEN_UP: Duration = Duration::from_secs(1);

/// The life of the last build of this service; `None` if there was no build.
pub fn build_life(board: &Path, service: &str) -> Option<u32> {
    let snapshot = find::open_file(board).ok()?.snapshot().ok()?;
    slot_of(&snapshot, &build_key(service)).map(|slot| slot.generation)
}

/// Wait until a later build of this service than the life `before` has ended well.
///
/// # Errors
/// It has failed, or the service was stopped by another request.
pub fn await_build(board: &Path, service: &str, before: Option<u32>) -> Result<(), NextLifeError> {
    let (mut reader, key) = (find::open_file(board)?, build_key(service));
    let (mut snapshot, mut idle_since) = (Snapshot::default(), None);
    let stopped = || NextLifeError::Stopped { key: service.to_owned() };
    loop {
        reader.refresh(&mut snapshot).map_err(BoardError::Read)?;
        let standing = slot_of(&snapshot, &key).map(|slot| (slot, slot.generation, Standing::from_slot(slot)));
        match standing {
            Some((_, generation, standing)) if Some(generation) != before && standing.good() => return Ok(()),
            Some((_, generation, Standing::Cancelled)) if Some(generation) != before => return Err(stopped()),
            Some((slot, generation, standing)) if Some(generation) != before && standing.over() => {
                let error = ErrorCell::of_slot(slot).map(|error| error.shown_text().to_string());
                let mistakes = reported(&log_file(&logs_of(board), &key));
                return Err(NextLifeError::NotBuilt {
                    key: service.to_owned(),
                    error: error.unwrap_or_else(|| standing.word().to_owned()),
                    // The error already names the first.
                    mistakes: mistakes.iter().skip(1).map(ReportedMistake::line).collect(),
                });
            }
            _ => {}
        }
        // With no build under way, and no running service that could start one, no build will come.
        let building = standing.is_some_and(|(_, _, standing)| !standing.over());
        let service = slot_of(&snapshot, service).is_some_and(|slot| !Standing::from_slot(slot).over());
        if building || service {
            idle_since = None;
        } else if idle_since.get_or_insert_with(Instant::now).elapsed() >= GIVEN_UP {
            return Err(stopped());
        }
        reader.wait_change(if idle_since.is_some() { GIVEN_UP } else { LOOK });
    }
}
