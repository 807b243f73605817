//! Waiting for the result of a request to one service: its next life, or its end.

use std::path::Path;
use std::time::Duration;

use vx_base::trouble::{Explain, TroubleKind};
use vx_run::{log_file, logs_of};
use vx_shm::{Health, Snapshot};
use vx_status::standing::{Standing, ending, failure};

use super::going::LivesOn;
use crate::boards::find::{self, BoardError, slot_of};
use crate::boards::logs;
use crate::boards::waiting::Lives;

/// The longest sleep, because a writer that was killed wakes no reader.
pub(in crate::serving::up) const LOOK: Duration = Duration::from_secs(1);
/// How many of the last lines of the log are shown for a service that ended.
const LOG_LINES: usize = 10;

/// Why a service does not run after a request.
#[derive(Debug, thiserror::Error)]
pub enum NextLifeError {
    /// It has ended before it could be used.
    #[error("`{key}` ended before it was ready: {how}")]
    Ended {
        /// Its key.
        key: String,
        /// How it ended, as a text.
        how: String,
        /// The next step, if that is known.
        hint: Option<String>,
        /// The last lines of its log.
        log: Vec<String>,
    },
    /// A later request has stopped it.
    #[error("`{key}` was stopped by a later request")]
    Stopped {
        /// Its key.
        key: String,
    },
    /// Its build has failed.
    #[error("`{key}` was not built: {error}")]
    NotBuilt {
        /// Its key.
        key: String,
        /// The error of the build.
        error: String,
        /// The reported errors, one line each.
        mistakes: Vec<String>,
    },
    /// The board cannot be read.
    #[error(transparent)]
    Board(#[from] BoardError),
}

impl Explain for NextLifeError {
    fn kind(&self) -> TroubleKind {
        match self {
            Self::Ended { .. } | Self::NotBuilt { .. } => TroubleKind::Exit,
            Self::Stopped { .. } => TroubleKind::Cancelled,
            Self::Board(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Ended { hint: Some(hint), .. } => Some(hint.clone()),
            Self::Ended { key, .. } => Some(format!("`vx logs {key}` shows its output")),
            Self::NotBuilt { key, .. } => Some(format!("`vx logs {key}` shows what the build printed")),
            Self::Stopped { .. } => None,
            Self::Board(error) => error.hint(),
        }
    }

    fn details(&self) -> Vec<String> {
        match self {
            Self::Ended { log, .. } => log.clone(),
            Self::NotBuilt { mistakes, .. } => mistakes.clone(),
            _ => Vec::new(),
        }
    }
}

/// Wait until the service with this key can be used in a later life than this one.
///
/// # Errors
/// It has ended before it was ready, or was stopped by another request.
pub fn await_next_life(board: &Path, key: &str, generation: u32) -> Result<(), NextLifeError> {
    let mut reader = find::open_file(board)?;
    let mut snapshot = Snapshot::default();
    loop {
        reader.refresh(&mut snapshot).map_err(BoardError::Read)?;
        let Some(slot) = slot_of(&snapshot, key) else { return Err(NextLifeError::Stopped { key: key.to_owned() }) };
        let standing = Standing::from_slot(slot);
        let over = standing.over();
        match slot.generation != generation {
            true if !over && slot.health == Health::Ready || standing.good() => return Ok(()),
            _ if over && LivesOn(board).goes_on(key) => {}
            true if standing == Standing::Cancelled => return Err(NextLifeError::Stopped { key: key.to_owned() }),
            true if over => {
                let log = logs::tail(&log_file(&logs_of(board), key), LOG_LINES).unwrap_or_default();
                let hint = failure(slot, standing).hint.map(|hint| hint.to_string());
                return Err(NextLifeError::Ended { key: key.to_owned(), how: ending(slot, standing), hint, log });
            }
            false if over => return Err(NextLifeError::Stopped { key: key.to_owned() }),
            _ => {}
        }
        reader.wait_change(LOOK);
    }
}

/// Wait until this life of the service with this key has ended.
///
/// # Errors
/// The board cannot be read.
pub fn await_end(board: &Path, key: &str, generation: u32) -> Result<(), NextLifeError> {
    let mut reader = find::open_file(board)?;
    let mut snapshot = Snapshot::default();
    loop {
        reader.refresh(&mut snapshot).map_err(BoardError::Read)?;
        let slot = slot_of(&snapshot, key);
        if slot.is_none_or(|slot| slot.generation != generation || Standing::from_slot(slot).over()) {
            return Ok(());
        }
        reader.wait_change(LOOK);
    }
}
