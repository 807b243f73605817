//! The answers of a daemon, as both sides read and write them.

pub(super) mod fault;
pub(super) mod request;
#[cfg(test)]
mod types;

use serde::{Deserialize, Serialize};

use crate::doors::daemon::events::event::Snapshot;
use crate::doors::daemon::events::summary::BoardSummary;
use crate::doors::questions::{Environment, ProjectState, Resolved, Versions};

/// The version of the protocol that this side speaks.
pub const PROTOCOL: u32 = 1;

/// A range of versions of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct VersionRange {
    /// The oldest.
    pub min: u32,
    /// The newest.
    pub max: u32,
}

impl VersionRange {
    /// The versions that this side speaks.
    pub const OWN: Self = Self { min: PROTOCOL, max: PROTOCOL };

    /// The newest version that both ranges hold.
    pub fn common(self, other: Self) -> Option<u32> {
        let newest = self.max.min(other.max);
        (newest >= self.min.max(other.min)).then_some(newest)
    }
}

/// An answer of the daemon.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum DaemonResponse {
    /// To `initialize`.
    Introduced(Introduced),
    /// To `vx/resolve`.
    Resolved(Resolved),
    /// To `vx/environment`.
    Environment(Environment),
    /// To `vx/listVersions`.
    Versions(Versions),
    /// To `vx/project`.
    Project(ProjectState),
    /// To `vx/sync`, `vx/install`, `vx/uninstall`, `vx/use` and `vx/up`.
    Begun(Begun),
    /// To `vx/subscribe`.
    Subscribed(Subscribed),
    /// To `vx/ping`.
    Pong(Pong),
    /// To `vx/status`.
    Status(DaemonStatus),
    /// To `vx/unsubscribe` and `shutdown`: `null`.
    Done,
}

/// The daemon introduces itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
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

/// Work that was begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Begun {
    /// Its board; null if there was nothing to do.
    pub board: Option<BoardSummary>,
}

/// A subscription.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Subscribed {
    /// Its number.
    #[cfg_attr(test, ts(type = "number"))]
    pub subscription_id: u64,
    /// The daemon's life.
    pub generation: String,
    /// The number of the last event before it.
    #[cfg_attr(test, ts(type = "number"))]
    pub seq: u64,
    /// Events since the named one were dropped: the client continues from the snapshot.
    pub resync: bool,
    /// The whole state; null if the events since the named one follow.
    pub snapshot: Option<Snapshot>,
}

/// The daemon answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Pong {
    /// Whole seconds since it began to listen.
    #[cfg_attr(test, ts(type = "number"))]
    pub uptime_secs: u64,
    /// The releases in the store.
    #[cfg_attr(test, ts(type = "number"))]
    pub cached_runtimes: u64,
}

/// The state of the daemon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct DaemonStatus {
    /// Its uptime, and the store.
    #[serde(flatten)]
    pub pong: Pong,
    /// The version of its program.
    pub version: String,
    /// The versions of the protocol that it speaks.
    pub protocol: VersionRange,
    /// Its process.
    pub process: u32,
    /// Its clients, this one included.
    pub clients: u32,
    /// Their subscriptions.
    pub subscriptions: u32,
    /// The directories that are watched for them.
    pub watched: u32,
    /// The last ends of daemons of this home, with their reasons, from the log.
    pub ends: Vec<String>,
    /// Its memory, in bytes; null where the system does not say.
    #[cfg_attr(test, ts(type = "number | null"))]
    pub rss_bytes: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_common_version_is_spoken() {
        let range = |min, max| VersionRange { min, max };
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
}
