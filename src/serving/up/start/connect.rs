//! The way to a project's supervisor, which is started if there is none.

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

/// The longest that a project's supervisor may take to end once all of its services have.
pub(in crate::serving::up) const ENDING: Duration = Duration::from_secs(20);
/// The time after which a client that waits for a supervisor's end says so.
const NOTICED: Duration = Duration::from_millis(500);

/// A wish for services.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// Their names; none for all that are not optional.
    pub names: &'a [String],
    /// They are wanted only as long as the connection lasts.
    pub lease: bool,
    /// The treatment of those that run and are declared otherwise.
    pub differing: Differing,
}

/// Services that are wanted from now on.
pub struct WantedServices {
    /// The connection to their supervisor.
    pub supervisor: SupervisorConnection,
    /// Their names.
    pub names: Vec<String>,
    /// The services that ran and differ from the project's file.
    pub changes: Vec<ChangedService>,
}

/// A service that differs from the project's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedService {
    /// Its name.
    pub name: String,
    /// The difference, and its treatment.
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
    /// The supervisor that is there; `None` if there is none.
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

    /// The supervisor of this record; `None` if it does not listen yet, or no more.
    fn from_record(SupervisorRecord { pid, board, .. }: &SupervisorRecord) -> Result<Option<Self>, UpError> {
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

    /// Name the variables of this process and the services of a project's file, for the next request.
    fn declare(&mut self, declared: &DeclaredServices) -> Result<(), UpError> {
        for some in UpEnvironmentParams::own() {
            self.client.call("up/environment", &json!(some), PATIENCE)?;
        }
        for spec in &declared.specs {
            self.client.call("up/declare", &json!(spec), PATIENCE)?;
        }
        Ok(())
    }

    /// Declare services, and want some of them; what has come of those that are wanted or differ comes back.
    fn want(&mut self, declared: &DeclaredServices, wish: &Wish<'_>) -> Result<Vec<Answered>, UpError> {
        self.declare(declared)?;
        let Wish { names, lease, differing } = wish;
        let params = json!({ "names": names, "lease": lease, "differing": differing, "read_at": declared.read_at });
        answered(self.client.call("up/want", &params, PATIENCE)?)
    }

    /// Want these services, which are declared already, until they are stopped.
    ///
    /// # Errors
    /// The supervisor refuses, or is gone.
    pub fn keep(&mut self, names: &[String]) -> Result<(), UpError> {
        self.client.call("up/want", &json!({ "names": names, "lease": false }), PATIENCE)?;
        Ok(())
    }

    /// Have a service begin as it is declared now, with the variables of this process. The change comes back if it runs by
    /// another declaration.
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

/// Have services at work, with those that they need. With a lease they are stopped once the connection that comes back is
/// closed, unless another client wants them.
///
/// # Errors
/// No supervisor can be had, or it refuses.
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

/// Wait until this supervisor, which takes no requests any more, holds the project no more. It listens until the last of its
/// services has stopped.
fn await_closing(
    place: &UpPlace,
    mut supervisor: SupervisorConnection,
    frontend: &dyn Frontend,
) -> Result<(), UpError> {
    // One that is gone already has no bound.
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

/// Wait until the guards of the project's last supervisor have ended. What they have left is known for that only once they
/// have, and a guard that was killed together with its supervisor ends a moment after it.
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
