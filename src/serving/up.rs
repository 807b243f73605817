//! The services of a project, for any client: one supervisor per project, started by the first client that needs it.
//!
//! A client reads the project's file, installs missing tools, and declares the services to the supervisor over its
//! control socket. It then sees them on the supervisor's board, like every other reader.
//!
//! - `start` gets from the project's file to a running supervisor,
//! - `lives` starts services again, waits for them, stops them, and ends them with their client,
//! - `guest` lets other code answer requests in the supervisor,
//! - `state` is the services as shown on the board, `output` the text that they print.

mod error;
mod guest;
mod lives;
mod named;
mod output;
mod start;
mod state;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

pub use error::UpError;
pub use guest::Guest;
pub use lives::going::LivesOn;
pub use lives::lease::Lease;
pub use lives::next_life::{NextLifeError, await_end, await_next_life};
pub use lives::rebuilt::{await_build, build_life};
use lives::remaining::Stopped;
pub use lives::service_requests::{AcceptedServiceRequest, ServiceRequestOutcome, again, begins};
pub use named::services_named;
pub use output::log_stream::ServiceLogStream;
pub use output::merged_log::Merged;
pub use output::{Filter, LogFollower, OutputEntry, entries};
use start::connect::ENDING;
pub use start::connect::{ChangedService, SupervisorConnection, WantedServices, Wish, want};
pub use start::prepare::{DeclaredServices, UpPrepared, check_services, prepare};
pub use start::supervise::supervise;
pub use start::supervisor_place::UpPlace;
pub use state::{ServiceState, all, of_project};

use vx_base::paths::Home;
use vx_process::has_ended;
use vx_project::services::keys_meant;
use vx_services::declared::reading::DeclarationChange;
use vx_shm::BoardView;

use crate::boards::find;
use crate::boards::waiting::{Reached, WaitForError, WorkWaitCondition, WorkWaitState, wait_for};
use crate::tools::installs::strays::end_strays_before_run;
use crate::workspace::frontend::Frontend;

/// The interval for checking whether the supervisor has ended.
const GLANCE: Duration = Duration::from_millis(5);

/// Wait until these services, and those that restart because they have changed, can be used.
///
/// # Errors
/// A service has ended before, or cannot become ready.
pub fn await_ready(wanted: &WantedServices) -> Result<Vec<WorkWaitState>, WaitForError> {
    let board = &wanted.supervisor.board;
    let restarted = wanted.changes.iter().filter(|changed| changed.change == DeclarationChange::Restarted);
    let names: BTreeSet<&String> = wanted.names.iter().chain(restarted.map(|changed| &changed.name)).collect();
    let awaited: Vec<WorkWaitCondition> =
        names.into_iter().map(|name| WorkWaitCondition { key: name.clone(), reached: Reached::ReadySoon }).collect();
    wait_for(&mut find::open_file(board)?, &awaited, None, &LivesOn(board))
}

/// The live board of the project's services, and the keys on it that `key` stands for: the key itself, or the services
/// of a plugin with this name. `None` if there is no such board or key.
pub fn board_with(directory: &Path, key: &str) -> Option<(PathBuf, Vec<String>)> {
    let record = UpPlace::for_directory(directory).ok()?.record()?;
    let snapshot = find::open_file(&record.board).ok()?.snapshot().ok()?;
    let keys = keys_meant(key, |key| find::slot_of(&snapshot, key).is_some());
    (!keys.is_empty()).then_some((record.board, keys))
}

/// Whether this is the board of the live supervisor of the project in this directory.
pub fn is_board_of(directory: &Path, board: &BoardView) -> bool {
    let record = UpPlace::for_directory(directory).ok().and_then(|place| place.record());
    record.is_some_and(|record| record.board_id == board.id)
}

/// The nearest directory from this one upwards whose services a supervisor runs. A file that declares them need not
/// exist any more.
pub fn directory_at_work(from: &Path) -> Option<PathBuf> {
    from.ancestors().find(|directory| board_at_work(directory).is_some()).map(Path::to_owned)
}

/// The board of the live supervisor of the project in this directory, if there is one.
pub fn board_at_work(directory: &Path) -> Option<PathBuf> {
    Some(UpPlace::for_directory(directory).ok()?.record()?.board)
}

/// Stop all services of the project in this directory, and wait until all their processes have ended; false if none
/// ran.
///
/// # Errors
/// The supervisor does not answer or does not end, or processes of a service are left.
pub fn down(home: &Home, directory: &Path, frontend: &dyn Frontend) -> Result<bool, UpError> {
    let place = UpPlace::for_directory(directory)?;
    let running = match SupervisorConnection::connect(&place)? {
        Some(mut supervisor) => {
            let stopped = Stopped::now(&place);
            let deadline = Instant::now().checked_add(supervisor.stop_all()? + ENDING);
            // It releases the lock just before its own end.
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
