//! The way to a project's supervisor, which is started if there is none.

use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use vx_shm::{Liveness, Snapshot};

use super::begin::{Begun, begin};
use super::error::UpError;
use super::place::{Record, UpPlace};
use super::prepare::Declared;
use crate::paths::Home;
use crate::rpc::{CallError, Client};
use crate::work::boards;
use crate::work::control::connect_to;
use crate::work::frontend::Frontend;
use crate::work::strays::end_strays_before_run;

/// The longest that a supervisor may take to listen. One that is about to end is waited for, too.
const STARTING: Duration = Duration::from_secs(60);
/// The time between two tries.
const GLANCE: Duration = Duration::from_millis(5);
/// The longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// The supervisors that are started one after the other, each killed before it listened.
const MOST_STARTS: usize = 5;
/// The longest wait for the guards of an earlier supervisor, which end soon after it, or are being killed like it.
const DYING: Duration = Duration::from_secs(1);

/// A connection to a project's supervisor.
pub struct Supervisor {
    client: Client,
    /// The file of its board.
    pub board: PathBuf,
    /// Its process.
    pub pid: u32,
}

impl Supervisor {
    /// The supervisor that is there; `None` if there is none.
    ///
    /// # Errors
    /// It does not answer.
    pub fn connect(place: &UpPlace) -> Result<Option<Self>, UpError> {
        let deadline = Instant::now() + STARTING;
        while place.is_held() {
            if let Some(found) = place.record().and_then(|record| Self::of(&record).transpose()) {
                return found.map(Some);
            }
            if Instant::now() >= deadline {
                return Err(UpError::NotStarted);
            }
            thread::sleep(GLANCE);
        }
        Ok(None)
    }

    /// The supervisor of this record; `None` if it does not listen yet, or no more.
    fn of(Record { pid, board, .. }: &Record) -> Result<Option<Self>, UpError> {
        match connect_to(board, *pid) {
            Ok(client) => Ok(Some(Self { client, board: board.clone(), pid: *pid })),
            Err(CallError::Nobody(_) | CallError::Io(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The supervisor that is there, or a new one. Of several clients at once one starts it, and ends what an earlier one
    /// has left before.
    ///
    /// # Errors
    /// It cannot be started, or does not answer.
    pub fn ensure(place: &UpPlace, home: &Home, frontend: &dyn Frontend) -> Result<Self, UpError> {
        let deadline = Instant::now() + STARTING;
        while Instant::now() < deadline {
            if let Some(found) = Self::connect(place)? {
                return Ok(found);
            }
            if let Some(_turn) = place.turn()? {
                // Another client may have had its turn meanwhile.
                if !place.is_held() {
                    await_dying_guards(place);
                    end_strays_before_run(home, frontend);
                    return Self::start(place, deadline);
                }
            }
            thread::sleep(GLANCE);
        }
        Err(UpError::NotStarted)
    }

    /// Start a supervisor, and another one if it is killed before it listens.
    fn start(place: &UpPlace, deadline: Instant) -> Result<Self, UpError> {
        let mut starts = 0;
        loop {
            starts += 1;
            let mut begun = begin(place)?;
            let ended = loop {
                if let Some(found) = place.record().and_then(|record| Self::of(&record).transpose()) {
                    return found;
                }
                if let Some(ended) = begun.ended(GLANCE) {
                    break ended;
                }
                if Instant::now() >= deadline {
                    return Err(UpError::NotStarted);
                }
            };
            if starts >= MOST_STARTS || !Begun::was_killed(&ended) {
                return Err(begun.error(&ended));
            }
        }
    }

    /// Declare services, and want some of them; the names of those that are wanted come back.
    ///
    /// # Errors
    /// The supervisor refuses, or is gone.
    pub fn want(&mut self, declared: &Declared, names: &[String], lease: bool) -> Result<Vec<String>, UpError> {
        for spec in &declared.specs {
            self.client.call("up/declare", &json!(spec), PATIENCE)?;
        }
        let answer = self.client.call("up/want", &json!({ "names": names, "lease": lease }), PATIENCE)?;
        let names = answer.as_array().into_iter().flatten().filter_map(|service| service["name"].as_str());
        Ok(names.map(str::to_owned).collect())
    }

    /// Want nothing any more of what this connection has a lease of. Of what nobody wants then, the services with the names
    /// in `kill` are killed with what they need. The names of all that others want come back.
    ///
    /// # Errors
    /// The supervisor is gone.
    pub fn release(&mut self, kill: &[String]) -> Result<Vec<String>, UpError> {
        let answer = self.client.call("up/release", &json!({ "kill": kill }), PATIENCE)?;
        let kept = answer["kept"].as_array().into_iter().flatten();
        Ok(kept.filter_map(|name| name.as_str().map(str::to_owned)).collect())
    }

    /// Ask it to stop all services and to end; the longest that one of them may take comes back.
    pub(super) fn stop_all(&mut self) -> Result<Duration, UpError> {
        let answer = self.client.call("up/bound", &json!({}), PATIENCE)?;
        self.client.call("board/stop", &json!({}), PATIENCE)?;
        Ok(Duration::from_millis(answer["stop_ms"].as_u64().unwrap_or_default()))
    }
}

/// Have these services at work, with those that they need; without names all that are not optional. With a `lease` they
/// are stopped once the connection that comes back is closed, unless another client wants them.
///
/// # Errors
/// No supervisor can be had, or it refuses.
pub fn want(
    home: &Home,
    declared: &Declared,
    names: &[String],
    lease: bool,
    frontend: &dyn Frontend,
) -> Result<(Supervisor, Vec<String>), UpError> {
    let place = UpPlace::of(&declared.directory)?;
    loop {
        let mut supervisor = Supervisor::ensure(&place, home, frontend)?;
        match supervisor.want(declared, names, lease) {
            Err(error) if error.is_over() => {}
            other => return other.map(|names| (supervisor, names)),
        }
    }
}

/// Wait until the guards of the project's last supervisor have ended. What they have left is known for that only once they
/// have, and a guard that was killed together with its supervisor ends a moment after it.
fn await_dying_guards(place: &UpPlace) {
    let Some(board) = place.last_record().map(|record| record.board) else { return };
    let Ok(mut reader) = boards::open_file(&board) else { return };
    let deadline = Instant::now() + DYING;
    while Instant::now() < deadline {
        let is_at_work = |snapshot: Snapshot| {
            let has_guards = snapshot
                .slots
                .iter()
                .any(|slot| !slot.state.ended() && !matches!(slot.liveness, Liveness::Lost | Liveness::Unknown));
            snapshot.board.creator.alive == Some(true) || has_guards
        };
        if !reader.snapshot().is_ok_and(is_at_work) {
            return;
        }
        thread::sleep(GLANCE);
    }
}
