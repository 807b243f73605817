//! The requests to a daemon, as both sides read and write them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use vx_rpc::{Params, RpcError};

use crate::doors::daemon::events::event::EventType;
use crate::doors::daemon::protocol::VersionRange;

/// The introduction of a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Introduction {
    /// The client's name.
    #[serde(default)]
    pub client: String,
    /// The versions of the protocol that it speaks.
    pub protocol: VersionRange,
}

/// The client's variables, which override the daemon's own. The daemon's own `PATH`, `VX_TRUST` and `CI` never count.
pub type Variables = BTreeMap<String, String>;

/// The parameters of `vx/resolve`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Resolve {
    /// The name of a program or of a tool.
    pub runtime: String,
    /// Take the newest installed release that matches this version, whatever the project wants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The directory, absolute.
    pub directory: PathBuf,
    /// The client's variables.
    #[serde(default)]
    pub variables: Variables,
}

/// The parameters of `vx/environment`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Environ {
    /// Only this tool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runtime: Option<String>,
    /// The newest installed release of it that matches this version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The directory, absolute.
    pub directory: PathBuf,
    /// The client's variables.
    #[serde(default)]
    pub variables: Variables,
}

/// The parameters of `vx/listVersions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ListVersions {
    /// The tool.
    pub runtime: String,
    /// Only installed versions.
    #[serde(default)]
    pub installed: bool,
    /// The project whose settings and lock count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<PathBuf>,
    /// The client's variables.
    #[serde(default)]
    pub variables: Variables,
}

/// The parameters of `vx/project`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct InDirectory {
    /// The project's directory or one below, absolute.
    pub directory: PathBuf,
    /// The client's variables.
    #[serde(default)]
    pub variables: Variables,
}

/// The parameters of `vx/sync`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Sync {
    /// The project's directory or one below, absolute.
    pub directory: PathBuf,
    /// Only these tools; all tools if empty.
    #[serde(default)]
    pub tools: Vec<String>,
    /// The client's variables.
    #[serde(default)]
    pub variables: Variables,
}

/// The parameters of `vx/install` and `vx/uninstall`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct OfRuntime {
    /// The tool.
    pub runtime: String,
    /// Its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The project whose settings count, absolute; the home without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<PathBuf>,
    /// The client's variables.
    #[serde(default)]
    pub variables: Variables,
}

/// The parameters of `vx/use`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Use {
    /// The tool.
    pub runtime: String,
    /// The version request; without it the request that is declared already, else `latest`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The project's directory or one below, absolute; the user's own file without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<PathBuf>,
    /// The client's variables.
    #[serde(default)]
    pub variables: Variables,
}

/// The parameters of `vx/up`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Up {
    /// The project's directory or one below, absolute.
    pub directory: PathBuf,
    /// Only these services; all that are not optional if empty.
    #[serde(default)]
    pub names: Vec<String>,
    /// The client's variables.
    #[serde(default)]
    pub variables: Variables,
}

/// The parameters of `vx/subscribe`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Subscribe {
    /// The kinds of events to send.
    pub event_types: Vec<EventType>,
    /// The directories whose files, and those above, are watched for `ConfigChanged`.
    #[serde(default)]
    pub directories: Vec<PathBuf>,
    /// The last event that the client knows; the events after it are sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Since>,
}

/// A position in the queue of events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Since {
    /// The daemon's life.
    pub generation: String,
    /// The number of the last event.
    #[cfg_attr(test, ts(type = "number"))]
    pub seq: u64,
}

/// The parameters of `vx/unsubscribe`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Unsubscribe {
    /// The subscription.
    #[cfg_attr(test, ts(type = "number"))]
    pub subscription_id: u64,
}

/// A request to the daemon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DaemonRequest {
    /// `initialize`: the first request of a client.
    Initialize(Introduction),
    /// `vx/resolve`.
    Resolve(Resolve),
    /// `vx/environment`.
    Environment(Environ),
    /// `vx/listVersions`.
    ListVersions(ListVersions),
    /// `vx/project`.
    Project(InDirectory),
    /// `vx/sync`.
    Sync(Sync),
    /// `vx/install`.
    Install(OfRuntime),
    /// `vx/uninstall`.
    Uninstall(OfRuntime),
    /// `vx/use`.
    Use(Use),
    /// `vx/up`.
    Up(Up),
    /// `vx/subscribe`.
    Subscribe(Subscribe),
    /// `vx/unsubscribe`.
    Unsubscribe(Unsubscribe),
    /// `vx/ping`.
    Ping,
    /// `vx/status`.
    Status,
    /// `shutdown`: the daemon ends.
    Shutdown,
}

impl DaemonRequest {
    /// All methods.
    pub const METHODS: [&str; 15] = [
        "initialize",
        "vx/resolve",
        "vx/environment",
        "vx/listVersions",
        "vx/project",
        "vx/sync",
        "vx/install",
        "vx/uninstall",
        "vx/use",
        "vx/up",
        "vx/subscribe",
        "vx/unsubscribe",
        "vx/ping",
        "vx/status",
        "shutdown",
    ];

    /// The methods for which a client sends all of its variables, since what they ask or begin may depend on any. For
    /// the others it sends `PATH`, `VX_TRUST` and `CI`.
    pub const OF_ALL_VARIABLES: [&str; 6] =
        ["vx/listVersions", "vx/sync", "vx/install", "vx/uninstall", "vx/use", "vx/up"];

    /// The method's name.
    pub fn method(&self) -> &'static str {
        let at = match self {
            Self::Initialize(_) => 0,
            Self::Resolve(_) => 1,
            Self::Environment(_) => 2,
            Self::ListVersions(_) => 3,
            Self::Project(_) => 4,
            Self::Sync(_) => 5,
            Self::Install(_) => 6,
            Self::Uninstall(_) => 7,
            Self::Use(_) => 8,
            Self::Up(_) => 9,
            Self::Subscribe(_) => 10,
            Self::Unsubscribe(_) => 11,
            Self::Ping => 12,
            Self::Status => 13,
            Self::Shutdown => 14,
        };
        Self::METHODS[at]
    }

    /// The parameters.
    pub fn params(&self) -> Value {
        match self {
            Self::Initialize(params) => json!(params),
            Self::Resolve(params) => json!(params),
            Self::Environment(params) => json!(params),
            Self::ListVersions(params) => json!(params),
            Self::Project(params) => json!(params),
            Self::Sync(params) => json!(params),
            Self::Install(params) | Self::Uninstall(params) => json!(params),
            Self::Use(params) => json!(params),
            Self::Up(params) => json!(params),
            Self::Subscribe(params) => json!(params),
            Self::Unsubscribe(params) => json!(params),
            Self::Ping | Self::Status | Self::Shutdown => json!({}),
        }
    }

    /// The request in this message.
    pub(in crate::doors::daemon) fn read(method: &str, params: Params<'_>) -> Result<Self, RpcError> {
        #[derive(Deserialize)]
        struct Nothing {}

        let plain = |request| params.read::<Nothing>().map(|Nothing {}| request);
        match method {
            "initialize" => params.read().map(Self::Initialize),
            "vx/resolve" => params.read().map(Self::Resolve),
            "vx/environment" => params.read().map(Self::Environment),
            "vx/listVersions" => params.read().map(Self::ListVersions),
            "vx/project" => params.read().map(Self::Project),
            "vx/sync" => params.read().map(Self::Sync),
            "vx/install" => params.read().map(Self::Install),
            "vx/uninstall" => params.read().map(Self::Uninstall),
            "vx/use" => params.read().map(Self::Use),
            "vx/up" => params.read().map(Self::Up),
            "vx/subscribe" => params.read().map(Self::Subscribe),
            "vx/unsubscribe" => params.read().map(Self::Unsubscribe),
            "vx/ping" => plain(Self::Ping),
            "vx/status" => plain(Self::Status),
            "shutdown" => plain(Self::Shutdown),
            other => Err(RpcError::unknown_method(other)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_request_is_read_as_the_client_writes_it() {
        let (directory, variables) = (PathBuf::from("/p"), Variables::from([("PATH".to_owned(), "/bin".to_owned())]));
        let in_directory = InDirectory { directory: directory.clone(), variables: variables.clone() };
        let runtime = "node".to_owned();
        let of_runtime = OfRuntime {
            runtime: runtime.clone(),
            version: Some("22".into()),
            directory: Some(directory.clone()),
            variables: variables.clone(),
        };
        let since = Some(Since { generation: "a".into(), seq: 7 });
        let requests = [
            DaemonRequest::Initialize(Introduction { client: "test".into(), protocol: VersionRange::OWN }),
            DaemonRequest::Resolve(Resolve {
                runtime: runtime.clone(),
                version: None,
                directory: directory.clone(),
                variables: variables.clone(),
            }),
            DaemonRequest::Environment(Environ {
                runtime: None,
                version: None,
                directory: directory.clone(),
                variables: variables.clone(),
            }),
            DaemonRequest::ListVersions(ListVersions {
                runtime,
                installed: true,
                directory: None,
                variables: variables.clone(),
            }),
            DaemonRequest::Project(in_directory),
            DaemonRequest::Sync(Sync {
                directory: directory.clone(),
                tools: vec!["a".into()],
                variables: variables.clone(),
            }),
            DaemonRequest::Install(of_runtime.clone()),
            DaemonRequest::Uninstall(of_runtime),
            DaemonRequest::Use(Use {
                runtime: "node".into(),
                version: Some("22".into()),
                directory: Some(directory.clone()),
                variables: variables.clone(),
            }),
            DaemonRequest::Up(Up { directory: directory.clone(), names: vec!["web".into()], variables }),
            DaemonRequest::Subscribe(Subscribe {
                event_types: EventType::ALL.into(),
                directories: vec![directory],
                since,
            }),
            DaemonRequest::Unsubscribe(Unsubscribe { subscription_id: 3 }),
            DaemonRequest::Ping,
            DaemonRequest::Status,
            DaemonRequest::Shutdown,
        ];
        assert_eq!(requests.each_ref().map(DaemonRequest::method), DaemonRequest::METHODS);
        for request in requests {
            let message = json!({ "params": request.params() }).to_string();
            assert_eq!(DaemonRequest::read(request.method(), Params::in_message(message.as_bytes())), Ok(request));
        }
    }
}
