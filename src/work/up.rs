//! The services of a project, for any client: one supervisor a project, started by the first client that needs it.
//!
//! A client reads the project's file, installs what is missing, and declares the services to the supervisor over its
//! control socket. It then sees them on the supervisor's board, as every other reader does.
//!
//! - `place` is where a project's supervisor is found,
//! - `prepare` makes declarations of a project's file, `staged` is how they come to the supervisor with their client's variables,
//!   `again` has services begin by them once more,
//! - `lease` is services that end with their client,
//! - `left` is what could not be stopped,
//! - `supervise` is the supervisor's process, `guest` what another part answers there, `connect` the way to it,
//! - `state` is the services as the board has them, `output` what they print, `together` that of several as one stream, `merged` as one log.

mod again;
mod begin;
mod connect;
mod error;
mod going;
mod guest;
mod lease;
mod left;
mod merged;
mod named;
mod next_life;
mod output;
mod place;
mod prepare;
mod rebuilt;
mod staged;
mod state;
mod supervise;
mod together;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

pub use again::{Again, Begun, again, begins};
use connect::ENDING;
pub use connect::{Changed, Supervisor, Wanted, Wish, want};
pub use error::UpError;
pub use going::LivesOn;
pub use guest::Guest;
pub use lease::Lease;
use left::Stopped;
pub use merged::Merged;
pub use named::services_named;
pub use next_life::{NextLifeError, await_end, await_next_life};
pub use output::{Entry, Filter, Follower, entries};
pub use place::UpPlace;
pub use prepare::{Declared, UpPrepared, check_services, prepare};
pub use rebuilt::{await_build, build_life};
pub use state::{BuildState, ServiceState, all, of_project, word};
pub use supervise::supervise;
pub use together::Together;

use vx_base::paths::Home;
use vx_process::has_ended;
use vx_project::services::keys_meant;
use vx_services::reading::Change;
use vx_shm::BoardView;

use super::boards;
use super::frontend::Frontend;
use super::strays::end_strays_before_run;
use super::waiting::{Awaited, Reached, State, WaitForError, wait_for};

/// The time between two looks at it.
const GLANCE: Duration = Duration::from_millis(5);

/// Wait until these services can be used, and those that start again because they have changed.
///
/// # Errors
/// One has ended otherwise before.
pub fn await_ready(wanted: &Wanted) -> Result<Vec<State>, WaitForError> {
    let board = &wanted.supervisor.board;
    let restarted = wanted.changes.iter().filter(|changed| changed.change == Change::Restarted);
    let names: BTreeSet<&String> = wanted.names.iter().chain(restarted.map(|changed| &changed.name)).collect();
    let awaited: Vec<Awaited> =
        names.into_iter().map(|name| Awaited { key: name.clone(), reached: Reached::ReadySoon }).collect();
    wait_for(&mut boards::open_file(board)?, &awaited, None, &LivesOn(board))
}

/// The board of the services of the project in this directory, if it is at work and has this key, which is the only one
/// then, or services of a plugin with this name, whose keys come back.
pub fn board_with(directory: &Path, key: &str) -> Option<(PathBuf, Vec<String>)> {
    let record = UpPlace::of(directory).ok()?.record()?;
    let snapshot = boards::open_file(&record.board).ok()?.snapshot().ok()?;
    let keys = keys_meant(key, |key| boards::slot_of(&snapshot, key).is_some());
    (!keys.is_empty()).then_some((record.board, keys))
}

/// True if this is the board of the supervisor of the project in this directory, which is there.
pub fn is_board_of(directory: &Path, board: &BoardView) -> bool {
    let record = UpPlace::of(directory).ok().and_then(|place| place.record());
    record.is_some_and(|record| record.board_id == board.id)
}

/// The nearest directory from this one upwards whose services a supervisor runs. It needs no file that declares them.
pub fn directory_at_work(from: &Path) -> Option<PathBuf> {
    from.ancestors().find(|directory| board_at_work(directory).is_some()).map(Path::to_owned)
}

/// The board of the supervisor of the project in this directory, if one is there.
pub fn board_at_work(directory: &Path) -> Option<PathBuf> {
    Some(UpPlace::of(directory).ok()?.record()?.board)
}

/// Stop all services of the project in this directory, and wait until nothing is left of them; false if none ran.
///
/// # Errors
/// The supervisor cannot be asked, or does not end, or something of a service is left.
pub fn down(home: &Home, directory: &Path, frontend: &dyn Frontend) -> Result<bool, UpError> {
    let place = UpPlace::of(directory)?;
    let running = match Supervisor::connect(&place)? {
        Some(mut supervisor) => {
            let stopped = Stopped::now(&place);
            let deadline = Instant::now().checked_add(supervisor.stop_all()? + ENDING);
            // It lets go of the lock just before its own end.
            while place.is_held_by(supervisor.pid) || !has_ended(supervisor.pid) {
                if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                    return Err(UpError::NotEnded);
                }
                thread::sleep(GLANCE);
            }
            let left = stopped.left();
            if !left.is_empty() {
                return Err(UpError::Left(left));
            }
            true
        }
        None => false,
    };
    end_strays_before_run(home, frontend);
    Ok(running)
}
