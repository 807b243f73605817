//! Requests and answers, as both sides read and write them.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::rpc::{Fault, Params};

/// The version of the protocol that this side speaks.
pub const PROTOCOL: u32 = 1;

/// A range of versions of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    /// The oldest.
    pub min: u32,
    /// The newest.
    pub max: u32,
}

impl Versions {
    /// The versions that this side speaks.
    pub const OWN: Self = Self { min: PROTOCOL, max: PROTOCOL };

    /// The newest version that both ranges hold.
    pub fn common(self, other: Self) -> Option<u32> {
        let newest = self.max.min(other.max);
        (newest >= self.min.max(other.min)).then_some(newest)
    }
}

/// A request to the daemon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DaemonRequest {
    /// `initialize`: the first request of a client.
    Initialize {
        /// The client's name.
        client: String,
        /// The versions that it speaks.
        protocol: Versions,
    },
    /// `vx/ping`.
    Ping,
    /// `vx/status`.
    Status,
    /// `shutdown`: the daemon ends.
    Shutdown,
}

impl DaemonRequest {
    /// The methods there are.
    pub const METHODS: [&str; 4] = ["initialize", "vx/ping", "vx/status", "shutdown"];

    /// The method's name.
    pub fn method(&self) -> &'static str {
        match self {
            Self::Initialize { .. } => "initialize",
            Self::Ping => "vx/ping",
            Self::Status => "vx/status",
            Self::Shutdown => "shutdown",
        }
    }

    /// The parameters.
    pub fn params(&self) -> Value {
        match self {
            Self::Initialize { client, protocol } => json!({ "client": client, "protocol": protocol }),
            Self::Ping | Self::Status | Self::Shutdown => json!({}),
        }
    }

    /// The request in this message.
    pub(super) fn read(method: &str, params: Params<'_>) -> Result<Self, Fault> {
        #[derive(Deserialize)]
        struct Introduction {
            #[serde(default)]
            client: String,
            protocol: Versions,
        }
        #[derive(Deserialize)]
        struct Nothing {}

        let plain = |request| params.read::<Nothing>().map(|Nothing {}| request);
        match method {
            "initialize" => {
                let Introduction { client, protocol } = params.read()?;
                Ok(Self::Initialize { client, protocol })
            }
            "vx/ping" => plain(Self::Ping),
            "vx/status" => plain(Self::Status),
            "shutdown" => plain(Self::Shutdown),
            other => Err(Fault::unknown_method(other)),
        }
    }
}

/// An answer of the daemon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum DaemonResponse {
    /// To `initialize`.
    Introduced(Introduced),
    /// To `vx/ping`.
    Pong(Pong),
    /// To `vx/status`.
    Status(DaemonStatus),
    /// To `shutdown`: `null`.
    Done,
}

/// The daemon introduces itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Introduced {
    /// The version of the protocol that is spoken from now on.
    pub protocol: u32,
    /// The version of the daemon's program.
    pub version: String,
    /// The daemon's process.
    pub process: u32,
    /// The methods that it knows.
    pub methods: Vec<String>,
    /// This user's boards, the newest first.
    pub boards: Vec<BoardSummary>,
}

/// A board in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoardSummary {
    /// Its file.
    pub path: PathBuf,
    /// Its identity, which no other board has.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The state of its run.
    pub state: String,
}

/// The daemon is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pong {
    /// Whole seconds since it began to listen.
    pub uptime_secs: u64,
    /// The releases in the store.
    pub cached_runtimes: u64,
}

/// The state of the daemon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DaemonStatus {
    /// Its uptime, and the store.
    #[serde(flatten)]
    pub pong: Pong,
    /// The version of its program.
    pub version: String,
    /// The versions of the protocol that it speaks.
    pub protocol: Versions,
    /// Its process.
    pub process: u32,
    /// Its clients, this one included.
    pub clients: u32,
    /// Its memory, in bytes; null where the system does not say.
    pub rss_bytes: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_common_version_is_spoken() {
        let range = |min, max| Versions { min, max };
        for (one, other, common) in [
            (range(1, 1), range(1, 1), Some(1)),
            (range(1, 3), range(2, 5), Some(3)),
            (range(1, 1), range(2, 3), None),
            (range(4, 9), range(1, 3), None),
            (range(3, 1), range(1, 3), None),
        ] {
            assert_eq!((one.common(other), other.common(one)), (common, common), "{one:?} {other:?}");
        }
    }

    #[test]
    fn every_request_is_read_as_the_client_writes_it() {
        let introduction = DaemonRequest::Initialize { client: "test".into(), protocol: Versions::OWN };
        let requests = [introduction, DaemonRequest::Ping, DaemonRequest::Status, DaemonRequest::Shutdown];
        assert_eq!(requests.each_ref().map(DaemonRequest::method), DaemonRequest::METHODS);
        for request in requests {
            let message = json!({ "params": request.params() }).to_string();
            assert_eq!(DaemonRequest::read(request.method(), Params::in_message(message.as_bytes())), Ok(request));
        }
    }
}
