//! The way to a project's supervisor, which is started if there is none.

use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::error::UpError;
use super::place::{Record, UpPlace};
use super::prepare::Declared;
use crate::channel::Mark;
use crate::paths::Home;
use crate::process::{own_program, start_detached};
use crate::rpc::{CallError, Client};
use crate::work::control::connect_to;
use crate::work::frontend::Frontend;
use crate::work::strays::end_strays_before_run;

/// The longest that a supervisor may take to listen. One that is about to end is waited for, too.
const STARTING: Duration = Duration::from_secs(60);
/// The time between two tries.
const GLANCE: Duration = Duration::from_millis(5);
/// The longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

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
    fn of(Record { pid, board }: &Record) -> Result<Option<Self>, UpError> {
        match connect_to(board, *pid) {
            Ok(client) => Ok(Some(Self { client, board: board.clone(), pid: *pid })),
            Err(CallError::Nobody(_) | CallError::Io(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The supervisor that is there, or a new one. Of several clients at once one starts it.
    ///
    /// # Errors
    /// It cannot be started, or does not answer.
    pub fn ensure(place: &UpPlace) -> Result<Self, UpError> {
        let deadline = Instant::now() + STARTING;
        while Instant::now() < deadline {
            if let Some(found) = Self::connect(place)? {
                return Ok(found);
            }
            if let Some(_turn) = place.turn()? {
                // Another client may have had its turn meanwhile.
                if !place.is_held() {
                    begin(place)?;
                }
                while Instant::now() < deadline {
                    if let Some(found) = Self::connect(place)? {
                        return Ok(found);
                    }
                    thread::sleep(GLANCE);
                }
            }
            thread::sleep(GLANCE);
        }
        Err(UpError::NotStarted)
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
    if !place.is_held() {
        end_strays_before_run(home, frontend);
    }
    loop {
        let mut supervisor = Supervisor::ensure(&place)?;
        match supervisor.want(declared, names, lease) {
            Err(error) if error.is_over() => {}
            other => return other.map(|names| (supervisor, names)),
        }
    }
}

/// Start a supervisor of this program, which outlives this process, and knows nothing of the work that this process is
/// a part of.
fn begin(place: &UpPlace) -> Result<(), UpError> {
    let program = own_program()?;
    let arguments = ["service-supervisor".into(), "--directory".into(), place.directory.clone().into_os_string()];
    Ok(start_detached(&program, &arguments, &place.directory, &[Mark::BOARD, Mark::SLOT])?)
}
