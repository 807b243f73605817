//! A client of the daemon: blocking calls over one connection.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;
use vx_base::paths::Home;
use vx_base::system::variables::of_this_process;
use vx_base::trouble::TroubleKind;
use vx_rpc::{CallError, PlaceError, RpcClient, RpcError};

use super::error::DaemonError;
use super::protocol::{DaemonStatus, Introduced, Pong, Subscribed, VersionRange};
use crate::doors::daemon::events::event::{EVENT, Told};
use crate::doors::daemon::process::daemon_place::DaemonPlace;
use crate::doors::daemon::process::switch::Switch;
use crate::doors::daemon::protocol::request::{DaemonRequest, InDirectory, Introduction, Resolve, Subscribe};
use crate::doors::questions::{ProjectState, Resolved};

/// The longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection to the daemon of a home.
#[derive(Debug)]
pub struct DaemonClient {
    client: RpcClient,
    introduced: Introduced,
    socket: PathBuf,
}

impl DaemonClient {
    /// Connect as `VX_DAEMON` says; `None` if the client is to go on without a daemon.
    ///
    /// # Errors
    /// A daemon is required and cannot be reached, or one runs that does not answer.
    pub fn find(home: &Home, name: &str) -> Result<Option<Self>, DaemonError> {
        let switch = Switch::from_environment()?;
        if switch == Switch::Off {
            return Ok(None);
        }
        match Self::connect(home, name) {
            Err(DaemonError::Absent(_)) if switch == Switch::Auto => Ok(None),
            connected => connected.map(Some),
        }
    }

    /// Connect to the daemon of this home, as a client of this name.
    ///
    /// # Errors
    /// No daemon runs, it does not answer, or other users could reach its files.
    pub fn connect(home: &Home, name: &str) -> Result<Self, DaemonError> {
        Self::connect_speaking(home, name, VersionRange::OWN)
    }

    /// Connect as a client that speaks these versions of the protocol.
    ///
    /// # Errors
    /// As for [`Self::connect`], or both sides share no version.
    pub fn connect_speaking(home: &Home, name: &str, protocol: VersionRange) -> Result<Self, DaemonError> {
        let place = DaemonPlace::in_home(home);
        let record = place.record()?;
        let process = record.as_ref().map(|record| record.pid);
        let absent = |reason: &str| match place.is_held() {
            true => DaemonError::Silent { reason: reason.to_owned(), process },
            false => DaemonError::Absent(home.root().to_owned()),
        };
        // Even without a record, a service manager may be listening, to start the daemon for the first client.
        let recorded = record.map(|record| record.socket);
        let socket = recorded.or_else(|| place.find_socket().filter(|socket| socket.exists()));
        let Some(socket) = socket else { return Err(absent("it has no record yet")) };
        let mut client = RpcClient::connect(&socket).map_err(|error| match error {
            CallError::Place(error @ PlaceError::Unsafe { .. }) => DaemonError::Place(error),
            CallError::Place(error) if place.is_held() => DaemonError::Place(error),
            CallError::Nobody(_) if place.is_held() && !socket.exists() => DaemonError::NoSocket(socket.clone()),
            error => absent(&error.to_string()),
        })?;
        let request = DaemonRequest::Initialize(Introduction { client: name.to_owned(), protocol });
        let introduced = call(&mut client, request.method(), &request.params()).map_err(|error| match error {
            DaemonError::Refused(fault) if is_of_version(&fault) => DaemonError::OtherProtocol(fault.message),
            DaemonError::Lost(error) => absent(&error.to_string()),
            other => other,
        })?;
        Ok(Self { client, introduced: read(introduced)?, socket })
    }

    /// The daemon's introduction.
    pub fn introduced(&self) -> &Introduced {
        &self.introduced
    }

    /// The socket that the daemon listens on.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Call a method by its name.
    ///
    /// # Errors
    /// The daemon refuses, or is gone.
    pub fn call(&mut self, method: &str, params: &Value) -> Result<Value, DaemonError> {
        call(&mut self.client, method, params)
    }

    /// Returns once the daemon has answered.
    ///
    /// # Errors
    /// The daemon is gone, or cannot read its store.
    pub fn ping(&mut self) -> Result<Pong, DaemonError> {
        self.ask(&DaemonRequest::Ping)
    }

    /// The daemon's state.
    ///
    /// # Errors
    /// The daemon is gone, or cannot read its store.
    pub fn status(&mut self) -> Result<DaemonStatus, DaemonError> {
        self.ask(&DaemonRequest::Status)
    }

    /// The program behind a name in a directory, for a process with this one's variables.
    ///
    /// # Errors
    /// There is none, or the daemon is gone.
    pub fn resolve(&mut self, runtime: &str, directory: &Path) -> Result<Resolved, DaemonError> {
        let (runtime, directory) = (runtime.to_owned(), directory.to_owned());
        let variables = of_this_process();
        self.ask(&DaemonRequest::Resolve(Resolve { runtime, version: None, directory, variables }))
    }

    /// The project of a directory, for a process with this one's variables.
    ///
    /// # Errors
    /// There is none, or the daemon is gone.
    pub fn project(&mut self, directory: &Path) -> Result<ProjectState, DaemonError> {
        let (directory, variables) = (directory.to_owned(), of_this_process());
        self.ask(&DaemonRequest::Project(InDirectory { directory, variables }))
    }

    /// Subscribe to events from now on, or since the given event.
    ///
    /// # Errors
    /// The daemon refuses, or is gone.
    pub fn subscribe(&mut self, asked: Subscribe) -> Result<Subscribed, DaemonError> {
        self.ask(&DaemonRequest::Subscribe(asked))
    }

    /// The next event; `None` if none comes in time.
    ///
    /// # Errors
    /// The daemon is gone.
    pub fn event(&mut self, patience: Duration) -> Result<Option<Told>, DaemonError> {
        let Some(mut next) = self.client.notification(patience).map_err(DaemonError::Lost)? else { return Ok(None) };
        // Other notifications are of later versions.
        if next["method"] != EVENT {
            return Ok(None);
        }
        read(next["params"].take()).map(Some)
    }

    /// Ask the daemon to end. It answers, and then closes the connection.
    ///
    /// # Errors
    /// The daemon is gone already.
    pub fn shutdown(mut self) -> Result<(), DaemonError> {
        self.ask(&DaemonRequest::Shutdown)
    }

    fn ask<T: DeserializeOwned>(&mut self, request: &DaemonRequest) -> Result<T, DaemonError> {
        read(self.call(request.method(), &request.params())?)
    }
}

fn call(client: &mut RpcClient, method: &str, params: &Value) -> Result<Value, DaemonError> {
    client.call(method, params, PATIENCE).map_err(|error| match error {
        CallError::Refused(fault) => DaemonError::Refused(fault),
        other => DaemonError::Lost(other),
    })
}

/// Whether the daemon refused the client because of its protocol version.
fn is_of_version(fault: &RpcError) -> bool {
    fault.data.as_ref().is_some_and(|data| data.kind == TroubleKind::Usage.name())
}

fn read<T: DeserializeOwned>(answer: Value) -> Result<T, DaemonError> {
    serde_json::from_value(answer).map_err(|error| DaemonError::Lost(CallError::Answer(error.to_string())))
}
