//! The process of a project's supervisor: it holds the project's lock, its board and its control socket for life.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crossbeam_channel::select;
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::{Value, json};
use vx_base::trouble::{Trouble, TroubleKind};
use vx_process::{interrupts, own_program};
use vx_rpc::{Notification, Params, RpcError};
use vx_run::{create_board, logs_of, project_key};
use vx_services::declared::reading::{Differing, ReadAt, ServiceFileReading};
use vx_services::declared::spec::Spec;
use vx_services::ports::Ports;
use vx_services::service_of_key;
use vx_services::supervisor::{
    AcceptedService, RequestDeclarations, Supervision, SupervisorHandle, SupervisorRequest, start,
};
use vx_shm::{BoardSubject, Kind, Reservation, SlotState, SlotView};
use vx_status::vocabulary::service::EXTERNAL;

use super::staged::{REQUEST_BYTES, StagedDeclarations, UpEnvironmentParams};
use super::supervisor_place::{SupervisorRecord, UpPlace};
use crate::boards::control::{ControlSocket, Hand, Verb, fault, impossible};
use crate::serving::up::error::UpError;
use crate::serving::up::guest::{Guest, Invitation};

/// The slots of the board.
const SLOTS: u32 = 256;
/// The longest wait for the lock, since an earlier supervisor may be about to end.
const PATIENCE: Duration = Duration::from_secs(10);

/// Supervise the services of the project in this directory, until none is left. The guest also answers clients.
///
/// # Errors
/// Another supervisor runs, or no board can be made.
pub fn supervise(directory: &Path, guest: impl Invitation) -> Result<(), UpError> {
    let interrupts = interrupts()?;
    let place = UpPlace::for_directory(directory)?;
    let Some(lock) = place.acquire_lock(PATIENCE)? else { return Err(UpError::Held { directory: place.directory }) };
    let title = place.directory.to_string_lossy();
    let project = project_key(&place.directory);
    let subject = BoardSubject { title: &title, kind: Some(Kind::Service), project: Some(&project) };
    let board = Arc::new(create_board(&place.runtime, subject, SLOTS)?);
    let logs = logs_of(board.path());
    std::fs::create_dir_all(&logs)?;
    // A supervisor that was killed may have left builds.
    let builds = place.builds();
    let _ = std::fs::remove_dir_all(&builds);
    let supervision = Supervision {
        board: Arc::clone(&board),
        program: own_program()?,
        logs,
        builds: builds.clone(),
        ports: Ports::within(&place.runtime),
    };
    let (handle, finished) = start(supervision)?;
    let hand = UpHand {
        handle: handle.clone(),
        guest: guest(handle.clone(), board.path()),
        staged: Mutex::default(),
        built: Mutex::default(),
        bound: Mutex::default(),
    };
    let control = ControlSocket::serve(board.path(), hand);
    let record =
        SupervisorRecord { pid: std::process::id(), board: board.path().to_owned(), board_id: board.id().to_owned() };
    record.write(&lock)?;
    let watch = finished.clone();
    thread::Builder::new().name("signals".into()).spawn(move || {
        loop {
            select! {
                recv(interrupts) -> _ => drop(handle.ask(SupervisorRequest::StopAll)),
                recv(watch) -> _ => return,
            }
        }
    })?;
    let _ = finished.recv();
    control.finish();
    let _ = std::fs::remove_dir_all(&builds);
    drop(lock);
    Ok(())
}

/// What a supervisor does for the clients of its control socket.
struct UpHand {
    handle: SupervisorHandle,
    guest: Box<dyn Guest>,
    /// The variables and services that a client has sent but not requested yet.
    staged: Mutex<HashMap<u64, StagedDeclarations>>,
    /// The declared services that have a build.
    built: Mutex<BTreeSet<String>>,
    /// The longest that a declared service may take to stop.
    bound: Mutex<Duration>,
}

/// The parameters of `up/want`.
#[derive(Deserialize)]
struct UpWantParams {
    names: Vec<String>,
    lease: bool,
    #[serde(default)]
    read_at: ReadAt,
    #[serde(default)]
    differing: Differing,
}

/// The parameters of `up/again`.
#[derive(Deserialize)]
struct UpAgainParams {
    name: String,
    verb: Begin,
    read_at: ReadAt,
}

/// A request after which a service runs as it is declared now.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Begin {
    Start,
    Restart,
    Rebuild,
}

impl UpHand {
    fn declare(&self, client: u64, params: Params<'_>) -> Result<Value, RpcError> {
        let spec: Spec = params.read().map_err(not_understood)?;
        let mut bound = self.bound.lock();
        *bound = bound.max(spec.service.stop.timeout);
        let mut built = self.built.lock();
        match spec.service.renewal.build.is_empty() {
            true => built.remove(&spec.service.name),
            false => built.insert(spec.service.name.clone()),
        };
        drop((bound, built));
        let spec = self.staged.lock().entry(client).or_default().add_service(spec).clone();
        self.guest.declared(&spec);
        Ok(json!({}))
    }

    fn environment(&self, client: u64, params: Params<'_>) -> Result<Value, RpcError> {
        let some: UpEnvironmentParams = params.read().map_err(not_understood)?;
        self.staged.lock().entry(client).or_default().add_variables(some);
        Ok(json!({}))
    }

    fn reading(&self, client: u64, read_at: ReadAt) -> Option<ServiceFileReading> {
        self.staged.lock().remove(&client)?.reading(read_at)
    }

    fn want(&self, client: u64, params: Params<'_>) -> Result<Value, RpcError> {
        let UpWantParams { names, lease, read_at, differing } = params.read().map_err(not_understood)?;
        let reading = self.reading(client, read_at);
        let declared =
            reading.map_or(RequestDeclarations::Before, |reading| RequestDeclarations::File(reading, differing));
        let accepted = self.ask_handle(SupervisorRequest::Want { declared, names, lease: lease.then_some(client) })?;
        Ok(accepted.iter().map(document).collect())
    }

    fn again(&self, client: u64, params: Params<'_>) -> Result<Value, RpcError> {
        let UpAgainParams { name, verb, read_at } = params.read().map_err(not_understood)?;
        let request = match verb {
            Begin::Start => SupervisorRequest::Start(name),
            Begin::Restart => SupervisorRequest::Restart(name),
            Begin::Rebuild => SupervisorRequest::Rebuild(name),
        };
        let request = match self.reading(client, read_at) {
            Some(reading) => SupervisorRequest::Afresh(reading, Box::new(request)),
            None => request,
        };
        Ok(self.ask_handle(request)?.iter().map(document).collect())
    }

    fn release(&self, client: u64, params: Params<'_>) -> Result<Value, RpcError> {
        let UpReleaseParams { kill } = params.read().map_err(not_understood)?;
        let kept = self.ask_handle(SupervisorRequest::Release { client, kill })?;
        Ok(json!({ "kept": kept.iter().map(|accepted| &accepted.name).collect::<Vec<_>>() }))
    }

    fn going(&self, params: Params<'_>) -> Result<Value, RpcError> {
        let UpNamesParams { names } = params.read().map_err(not_understood)?;
        let going = self.ask_handle(SupervisorRequest::Going(names))?;
        Ok(going.iter().map(|accepted| accepted.name.as_str()).collect())
    }

    fn staying(&self, params: Params<'_>) -> Result<Value, RpcError> {
        let UpNamesParams { names } = params.read().map_err(not_understood)?;
        Ok(self.ask_handle(SupervisorRequest::Staying(names))?.iter().map(document).collect())
    }

    fn ask_handle(&self, request: SupervisorRequest) -> Result<Vec<AcceptedService>, RpcError> {
        self.handle.ask(request).map_err(fault)
    }
}

fn document(accepted: &AcceptedService) -> Value {
    let AcceptedService { name, reservation, asked, change, .. } = accepted;
    let Reservation { slot, generation } = reservation;
    json!({ "name": name, "slot": slot, "generation": generation, "asked": asked, "change": change })
}

/// The parameters of `up/going` and `up/staying`.
#[derive(Deserialize)]
struct UpNamesParams {
    names: Vec<String>,
}

/// The parameters of `up/release`.
#[derive(Deserialize)]
struct UpReleaseParams {
    #[serde(default)]
    kill: Vec<String>,
}

fn not_understood(bad: RpcError) -> RpcError {
    let hint = "use the same version of vx for both: run `vx down`, then `vx up`";
    fault(Trouble::new(TroubleKind::Usage, bad.message).hinted(hint))
}

impl Hand for UpHand {
    fn verbs(&self, slot: &SlotView) -> Vec<Verb> {
        if slot.kind == Kind::Build {
            return vec![Verb::Rebuild];
        }
        if slot.state == SlotState::Live && slot.step == EXTERNAL {
            return Vec::new();
        }
        let mut verbs = match slot.state.ended() {
            true => vec![Verb::Start, Verb::Restart],
            false => vec![Verb::Stop, Verb::Kill, Verb::Restart],
        };
        if self.built.lock().contains(&slot.key) {
            verbs.push(Verb::Rebuild);
        }
        verbs
    }

    fn ask(&self, verb: Verb, slot: &SlotView) -> Result<(), Trouble> {
        if slot.kind == Kind::Build && verb != Verb::Rebuild {
            return Err(impossible(verb, slot, "stop, restart or rebuild its service"));
        }
        let name = service_of_key(&slot.key).to_owned();
        let request = match verb {
            Verb::Start => SupervisorRequest::Start(name),
            Verb::Retry if !slot.state.ended() || slot.state.good() => {
                return Err(impossible(verb, slot, &format!("`vx restart {name}` starts it again")));
            }
            Verb::Retry => SupervisorRequest::Start(name),
            Verb::Stop => SupervisorRequest::Stop(name),
            Verb::Kill => SupervisorRequest::Kill(name),
            Verb::Restart => SupervisorRequest::Restart(name),
            Verb::Rebuild if !self.built.lock().contains(&name) => {
                return Err(impossible(verb, slot, "it has no build"));
            }
            Verb::Rebuild => SupervisorRequest::Rebuild(name),
        };
        self.handle.ask(request).map(drop)
    }

    fn stop_all(&self) -> Result<(), Trouble> {
        self.handle.ask(SupervisorRequest::StopAll).map(drop)
    }

    fn parts(&self, name: &str) -> Vec<String> {
        self.guest.parts(name)
    }

    fn methods(&self) -> Vec<&'static str> {
        self.guest.methods()
    }

    fn other(&self, client: u64, method: &str, params: Params<'_>) -> Option<Result<String, RpcError>> {
        let answer = match method {
            "up/environment" => self.environment(client, params),
            "up/again" => self.again(client, params),
            "up/declare" => self.declare(client, params),
            "up/want" => self.want(client, params),
            "up/release" => self.release(client, params),
            "up/going" => self.going(params),
            "up/staying" => self.staying(params),
            "up/bound" => {
                let bound = u64::try_from(self.bound.lock().as_millis()).unwrap_or(u64::MAX);
                Ok(json!({ "stop_ms": bound }))
            }
            _ => return self.guest.call(client, method, params),
        };
        Some(answer.map(|answer| answer.to_string()))
    }

    fn listens(&self, client: u64) {
        self.guest.listens(client);
    }

    fn notifies(&self) -> bool {
        self.guest.notifies()
    }

    fn news(&self, client: u64) -> Vec<Notification> {
        self.guest.news(client)
    }

    fn request_bytes(&self) -> usize {
        REQUEST_BYTES
    }

    fn gone(&self, client: u64) {
        self.guest.gone(client);
        self.staged.lock().remove(&client);
        self.handle.gone(client);
    }
}
