//! The services of a project, or of all projects of this user, as their boards show them.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use vx_process::TreeMeter;
use vx_run::{log_file, logs_of};
use vx_services::reported;
use vx_services::{ReportedMistake, build_key};
use vx_shm::{BoardState, Health, Kind, SlotState, SlotView, Snapshot};
use vx_status::error_cell::ErrorCell;
use vx_status::slot_document::SlotDocument;
use vx_status::standing::Standing;
use vx_status::vocabulary;

use super::error::UpError;
use crate::boards::find;
use crate::serving::up::start::supervisor_place::UpPlace;

/// A service on a board.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceState {
    /// Its name.
    pub name: String,
    /// Its slot.
    pub slot: SlotDocument,
    /// The word that people see: for its step, or for its end in the vocabulary of services.
    pub word: String,
    /// Whether it can be used.
    pub ready: bool,
    /// Whether a check has found that it can be used. Without a check it counts as ready only because it has run for a
    /// while.
    pub checked: bool,
    /// Whether it has ended.
    pub ended: bool,
    /// The address under which it is reached, once it can be used.
    pub url: Option<String>,
    /// The port of that address.
    pub port: Option<u16>,
    /// Its process, while it is at work.
    pub pid: Option<u32>,
    /// When its current attempt began.
    pub since: Option<Timestamp>,
    /// The number of its restarts.
    pub restarts: u8,
    /// One line about its state.
    pub message: Option<String>,
    /// Its error, if it ended with one.
    pub error: Option<String>,
    /// The next step after the error, if that is known.
    pub hint: Option<String>,
    /// Its last build, if there was one.
    pub build: Option<BuildState>,
    /// The file of its output.
    pub log: PathBuf,
    /// The directory of its project.
    pub project: String,
    /// The board.
    pub board: PathBuf,
    /// Whether its supervisor is running.
    pub supervised: bool,
}

/// The last build of a service.
#[derive(Clone, Debug, PartialEq)]
pub struct BuildState {
    /// Its slot.
    pub slot: SlotDocument,
    /// The word that people see.
    pub word: String,
    /// Its error, if it has failed.
    pub error: Option<String>,
    /// The errors that it reported; empty after a good build.
    pub mistakes: Vec<ReportedMistake>,
    /// The file of its output.
    pub log: PathBuf,
}

/// The services on the newest board of a project; empty if they were never started, or only long ago.
///
/// # Errors
/// The boards cannot be read.
pub fn of_project(directory: &Path) -> Result<Vec<ServiceState>, UpError> {
    let place = UpPlace::for_directory(directory)?;
    if let Some(record) = place.record() {
        let snapshot = find::open_file(&record.board)?.snapshot().map_err(find::BoardError::Read)?;
        return Ok(services(&record.board, &place.directory, &snapshot));
    }
    // The board of a supervisor that has ended may be gone.
    let last = place.last_board();
    Ok(last.map(|(board, snapshot)| services(&board, &place.directory, &snapshot)).unwrap_or_default())
}

/// The services of all projects, from the newest board of each.
///
/// # Errors
/// The boards cannot be read.
pub fn all() -> Result<Vec<ServiceState>, UpError> {
    let mut seen = HashSet::new();
    // Each directory of boards has its own supervisors.
    let of_board = |(board, snapshot): (PathBuf, Snapshot)| {
        let project = snapshot.board.project.clone().filter(|_| snapshot.board.kind == Some(Kind::Service))?;
        let directory = PathBuf::from(&project.text);
        let is_newest = seen.insert((board.parent().map(Path::to_owned), project.hash, project.text));
        is_newest.then(|| services(&board, &directory, &snapshot))
    };
    Ok(find::readable_boards()?.into_iter().filter_map(of_board).flatten().collect())
}

fn services(board: &Path, project: &Path, snapshot: &Snapshot) -> Vec<ServiceState> {
    let slots: Vec<&SlotView> = snapshot.slots.iter().filter(|slot| slot.kind == Kind::Service).collect();
    // One look at all processes, however many services there are.
    let guards: Vec<u32> = slots.iter().filter_map(|slot| guard(snapshot, slot)).collect();
    let trees = if guards.is_empty() { Vec::new() } else { TreeMeter::default().sample(&guards) };
    let first = |guard: u32| trees[guards.iter().position(|other| *other == guard)?].map(|tree| tree.pid);
    slots
        .into_iter()
        .map(|slot| service((board, project), snapshot, slot, guard(snapshot, slot).and_then(first)))
        .collect()
}

/// The guard of a running service; `None` if another program runs the service.
fn guard(snapshot: &Snapshot, slot: &SlotView) -> Option<u32> {
    slot.pid.filter(|pid| !Standing::from_slot(slot).over() && is_supervised(snapshot) && Some(*pid) != slot.runner)
}

/// Whether the supervisor of this board is running.
pub(super) fn is_supervised(snapshot: &Snapshot) -> bool {
    snapshot.board.state == BoardState::Running && snapshot.board.creator.alive == Some(true)
}

fn service((board, project): (&Path, &Path), snapshot: &Snapshot, slot: &SlotView, pid: Option<u32>) -> ServiceState {
    let standing = Standing::from_slot(slot);
    let ended = standing.over();
    let ready = !ended && slot.health == Health::Ready;
    let error = ErrorCell::of_slot(slot);
    let attempt = slot.transitions.iter().rev().find(|transition| transition.step == vocabulary::service::STARTING);
    let begun =
        attempt.or(slot.transitions.first()).map(|transition| snapshot.board.unix_ns_at(transition.entered_at_ns));
    let key = build_key(&slot.key);
    let built = snapshot.slots.iter().find(|other| other.kind == Kind::Build && other.has_key(&key));
    ServiceState {
        name: slot.key.clone(),
        slot: SlotDocument::new(&snapshot.board, slot),
        word: match (&built, slot.state) {
            (Some(built), SlotState::Reserved) if !built.state.ended() => "building".to_owned(),
            _ => word(slot, standing),
        },
        ready,
        checked: ready && slot.step != vocabulary::service::RUNNING,
        ended,
        url: slot.address.clone().filter(|_| ready),
        port: slot.port,
        pid,
        since: begun.and_then(|at| Timestamp::from_nanosecond(at).ok()),
        restarts: slot.attempt.saturating_sub(1),
        message: (!slot.message.is_empty()).then(|| slot.message.clone()),
        hint: error.as_ref().and_then(|error| error.hint.as_ref()).map(ToString::to_string),
        error: error.map(|error| error.lines().collect::<Vec<_>>().join("\n")),
        build: built.map(|slot| build(board, snapshot, slot)),
        log: log_file(&logs_of(board), &slot.key),
        project: project.to_string_lossy().into_owned(),
        board: board.to_owned(),
        supervised: is_supervised(snapshot),
    }
}

fn build(board: &Path, snapshot: &Snapshot, slot: &SlotView) -> BuildState {
    let standing = Standing::from_slot(slot);
    let log = log_file(&logs_of(board), &slot.key);
    BuildState {
        slot: SlotDocument::new(&snapshot.board, slot),
        word: word(slot, standing),
        error: ErrorCell::of_slot(slot)
            .filter(|_| standing.over())
            .map(|error| error.lines().collect::<Vec<_>>().join("\n")),
        mistakes: reported(&log),
        log,
    }
}

/// The word that people see, for the step or for the end.
fn word(slot: &SlotView, standing: Standing) -> String {
    let ends = vocabulary::for_kind(slot.kind).ends;
    match standing {
        Standing::Done => ends.done.to_owned(),
        Standing::Cancelled => ends.cancelled.to_owned(),
        _ if standing.over() => standing.word().to_owned(),
        _ => vocabulary::word_of(slot).to_owned(),
    }
}
