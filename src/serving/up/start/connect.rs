//! Connecting to a project's supervisor, which is started if there is none.

use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value, json};
use vx_base::paths::Home;
use vx_rpc::{CallError, RpcClient};
use vx_services::declared::reading::{DeclarationChange, Differing};
use vx_shm::{Liveness, Snapshot};

use super::begin::{SupervisorProcess, begin};
use super::prepare::DeclaredServices;
use super::staged::UpEnvironmentParams;
use super::supervisor_place::{SupervisorRecord, UpPlace};
use crate::boards::control::{Verb, connect_to};
use crate::boards::find;
use crate::serving::up::error::UpError;
use crate::tools::installs::strays::end_strays_before_run;
use crate::workspace::frontend::Frontend;
use crate::workspace::frontend::notice::Notice;

/// How long a supervisor may take to listen. This includes waiting for an earlier supervisor that is about to end.
const STARTING: Duration = Duration::from_secs(60);
/// The time between two attempts.
const GLANCE: Duration = Duration::from_millis(5);
/// The longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// How many supervisors are started in a row if each is killed before it listens.
const MOST_STARTS: usize = 5;
/// The longest wait for the guards of an earlier supervisor, which end soon after it or are being killed like it.
const DYING: Duration = Duration::from_secs(1);

/// How long a project's supervisor may take to end once all of its services have ended.
pub(in crate::serving::up) const ENDING: Duration = Duration::from_secs(20);
/// A client that waits for a supervisor's end sends a notice after this time.
const NOTICED: Duration = Duration::from_millis(500);

/// A request for services.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// Their names; empty for all that are not optional.
    pub names: &'a [String],
    /// Whether they are wanted only as long as the connection lasts.
    pub lease: bool,
    /// What to do about running services whose declaration has changed.
    pub differing: Differing,
}

/// Services that are wanted from now on.
pub struct WantedServices {
    /// The connection to their supervisor.
    pub supervisor: SupervisorConnection,
    /// Their names.
    pub names: Vec<String>,
    /// The running services that differ from the project's file.
    pub changes: Vec<ChangedService>,
}

/// A service that differs from the project's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedService {
    /// Its name.
    pub name: String,
    /// The difference, and what is done about it.
    pub change: DeclarationChange,
}

/// A service in the answer of a supervisor.
#[derive(Deserialize)]
struct Answered {
    name: String,
    asked: bool,
    change: Option<DeclarationChange>,
}

fn answered(answer: Value) -> Result<Vec<Answered>, UpError> {
    serde_json::from_value(answer).map_err(|error| UpError::Call(CallError::Answer(error.to_string())))
}

impl WantedServices {
    fn from_answer(supervisor: SupervisorConnection, services: Vec<Answered>) -> Self {
        let names = services.iter().filter(|service| service.asked).map(|service| service.name.clone()).collect();
        let changed = |service: &Answered| Some(ChangedService { name: service.name.clone(), change: service.change? });
        Self { supervisor, names, changes: services.iter().filter_map(changed).collect() }
    }
}

/// A connection to a project's supervisor.
pub struct SupervisorConnection {
    client: RpcClient,
    /// The file of its board.
    pub board: PathBuf,
    /// Its process.
    pub pid: u32,
}

impl SupervisorConnection {
    /// The running supervisor; `None` if there is none.
    ///
    /// # Errors
    /// It does not answer.
    pub fn connect(place: &UpPlace) -> Result<Option<Self>, UpError> {
        let deadline = Instant::now() + STARTING;
        while place.is_held() {
            if let Some(found) = place.record().and_then(|record| Self::from_record(&record).transpose()) {
                return found.map(Some);
            }
            if Instant::now() >= deadline {
                return Err(UpError::NotStarted);
            }
            thread::sleep(GLANCE);
        }
        Ok(None)
    }

    /// The supervisor of this record; `None` if it does not listen yet, or no longer.
    fn from_record(SupervisorRecord { pid, board, .. }: &SupervisorRecord) -> Result<Option<Self>, UpError> {
        match connect_to(board, *pid) {
            Ok(client) => Ok(Some(Self { client, board: board.clone(), pid: *pid })),
            Err(CallError::Nobody(_) | CallError::Io(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The running supervisor, or a new one. Of several clients at once, one starts it, after ending the processes that
    /// an earlier supervisor has left behind.
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
                // Another client may have started one meanwhile.
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

    /// Start a supervisor, and start again if it is killed before it listens.
    fn start(place: &UpPlace, deadline: Instant) -> Result<Self, UpError> {
        let mut starts = 0;
        loop {
            starts += 1;
            let mut begun = begin(place)?;
            let ended = loop {
                if let Some(found) = place.record().and_then(|record| Self::from_record(&record).transpose()) {
                    return found;
                }
                if let Some(ended) = begun.ended(GLANCE) {
                    break ended;
                }
                if Instant::now() >= deadline {
                    return Err(UpError::NotStarted);
                }
            };
            if starts >= MOST_STARTS || !SupervisorProcess::was_killed(&ended) {
                return Err(begun.error(&ended));
            }
        }
    }

    /// Send the variables of this process and the services of a project's file, for the next request.
    fn declare(&mut self, declared: &DeclaredServices) -> Result<(), UpError> {
        for some in UpEnvironmentParams::own() {
            self.client.call("up/environment", &json!(some), PATIENCE)?;
        }
        for spec in &declared.specs {
            self.client.call("up/declare", &json!(spec), PATIENCE)?;
        }
        Ok(())
    }

    /// Declare services and request some of them. Returns what becomes of the services that are requested or that
    /// differ.
    fn want(&mut self, declared: &DeclaredServices, wish: &Wish<'_>) -> Result<Vec<Answered>, UpError> {
        self.declare(declared)?;
        let Wish { names, lease, differing } = wish;
        let params = json!({ "names": names, "lease": lease, "differing": differing, "read_at": declared.read_at });
        answered(self.client.call("up/want", &params, PATIENCE)?)
    }

    /// Keep these services, which are declared already, until they are stopped.
    ///
    /// # Errors
    /// The supervisor refuses, or is gone.
    pub fn keep(&mut self, names: &[String]) -> Result<(), UpError> {
        self.client.call("up/want", &json!({ "names": names, "lease": false }), PATIENCE)?;
        Ok(())
    }

    /// Start a service as it is declared now, with the variables of this process. Returns the change if the service
    /// runs with another declaration.
    pub(in crate::serving::up) fn again(
        &mut self,
        declared: &DeclaredServices,
        verb: Verb,
        name: &str,
    ) -> Result<Option<DeclarationChange>, UpError> {
        self.declare(declared)?;
        let params = json!({ "name": name, "verb": verb.name(), "read_at": declared.read_at });
        let answer = self.client.call("up/again", &params, PATIENCE)?;
        let accepted = answered(answer)?;
        Ok(accepted.into_iter().find(|service| service.name == name).and_then(|service| service.change))
    }

    /// End this connection's lease of services. Services that nobody wants then stop; those named in `kill` are killed,
    /// with the services that they need. Returns the names of the services that other clients want.
    ///
    /// # Errors
    /// The supervisor is gone.
    pub fn release(&mut self, kill: &[String]) -> Result<Vec<String>, UpError> {
        let answer = self.client.call("up/release", &json!({ "kill": kill }), PATIENCE)?;
        let kept = answer["kept"].as_array().into_iter().flatten();
        Ok(kept.filter_map(|name| name.as_str().map(str::to_owned)).collect())
    }

    /// Ask it to stop all services and to end. Returns the longest that one of the services may take.
    pub(in crate::serving::up) fn stop_all(&mut self) -> Result<Duration, UpError> {
        let bound = self.bound()?;
        self.client.call("board/stop", &json!({}), PATIENCE)?;
        Ok(bound)
    }

    /// The longest that one of its services may take to stop.
    fn bound(&mut self) -> Result<Duration, UpError> {
        let answer = self.client.call("up/bound", &json!({}), PATIENCE)?;
        Ok(Duration::from_millis(answer["stop_ms"].as_u64().unwrap_or_default()))
    }
}

/// Start services, with the services that they need. With a lease they are stopped once the returned connection is
/// closed, unless another client wants them.
///
/// # Errors
/// No supervisor can be started, or it refuses.
pub fn want(
    home: &Home,
    declared: &DeclaredServices,
    wish: &Wish<'_>,
    frontend: &dyn Frontend,
) -> Result<WantedServices, UpError> {
    let place = UpPlace::for_directory(&declared.directory)?;
    loop {
        let mut supervisor = SupervisorConnection::ensure(&place, home, frontend)?;
        match supervisor.want(declared, wish) {
            Err(error) if error.is_over() => await_closing(&place, supervisor, frontend)?,
            answered => return answered.map(|services| WantedServices::from_answer(supervisor, services)),
        }
    }
}

/// Wait until this supervisor, which no longer accepts requests, releases the project. It listens until the last of its
/// services has stopped.
fn await_closing(
    place: &UpPlace,
    mut supervisor: SupervisorConnection,
    frontend: &dyn Frontend,
) -> Result<(), UpError> {
    // A supervisor that has already ended has no bound.
    let bound = supervisor.bound().unwrap_or_default();
    let (deadline, said_at) = (Instant::now().checked_add(bound + ENDING), Instant::now() + NOTICED);
    let mut said = false;
    while place.is_held_by(supervisor.pid) {
        let now = Instant::now();
        if deadline.is_some_and(|deadline| now >= deadline) {
            return Err(UpError::NotEnded);
        }
        if !said && now >= said_at {
            said = true;
            frontend.notice(Notice::ServicesStopping);
        }
        thread::sleep(GLANCE);
    }
    Ok(())
}

/// Wait until the guards of the project's last supervisor have ended. Only then can the processes that they left behind
/// be recognised, and a guard that was killed together with its supervisor ends a moment after it.
fn await_dying_guards(place: &UpPlace) {
    let Some((board, _)) = place.last_board() else { return };
    let Ok(mut reader) = find::open_file(&board) else { return };
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
