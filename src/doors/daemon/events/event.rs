//! The events of a daemon, as its clients receive them.

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::summary::BoardSummary;

/// The name of the notification of an event.
pub const EVENT: &str = "vx/event";

/// A kind of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum EventType {
    /// A release came into the store, whoever installed it.
    RuntimeInstalled,
    /// A release went out of the store.
    RuntimeRemoved,
    /// A `vx.toml`, `.vx.toml` or `vx.lock` of a subscribed directory, or of one above it, has changed.
    ConfigChanged,
    /// A run has a board.
    BoardOpened,
    /// A run is over.
    BoardClosed,
    /// The state or step of a slot has changed.
    WorkChanged,
    /// The numbers of a slot have changed; at most ten times a second for each slot.
    Progress,
}

impl EventType {
    /// All kinds.
    pub const ALL: [Self; 7] = [
        Self::RuntimeInstalled,
        Self::RuntimeRemoved,
        Self::ConfigChanged,
        Self::BoardOpened,
        Self::BoardClosed,
        Self::WorkChanged,
        Self::Progress,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RuntimeInstalled => "RuntimeInstalled",
            Self::RuntimeRemoved => "RuntimeRemoved",
            Self::ConfigChanged => "ConfigChanged",
            Self::BoardOpened => "BoardOpened",
            Self::BoardClosed => "BoardClosed",
            Self::WorkChanged => "WorkChanged",
            Self::Progress => "Progress",
        }
    }
}

/// The parameters of a `vx/event`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Told {
    /// The subscription.
    #[cfg_attr(test, ts(type = "number"))]
    pub subscription_id: u64,
    /// The event's number.
    #[cfg_attr(test, ts(type = "number"))]
    pub seq: u64,
    /// The event.
    #[serde(flatten)]
    pub event: DaemonEvent,
}

/// An event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "event", content = "data")]
pub enum DaemonEvent {
    /// A release came into the store.
    RuntimeInstalled(Release),
    /// A release went out of the store.
    RuntimeRemoved(Release),
    /// A file of a project has changed.
    ConfigChanged(Changed),
    /// A run has a board.
    BoardOpened(BoardSummary),
    /// A run is over.
    BoardClosed(BoardSummary),
    /// The state or step of a slot has changed.
    WorkChanged(OnBoard),
    /// The numbers of a slot have changed.
    Progress(OnBoard),
    /// The client has missed events; this is the present state.
    Resync(Snapshot),
}

/// A release in the store.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Release {
    /// The tool.
    pub runtime: String,
    /// Its version.
    pub version: String,
}

/// A file that has changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Changed {
    /// The file, which may be gone.
    pub path: PathBuf,
}

/// A slot of a board.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct OnBoard {
    /// The board's file.
    pub board: PathBuf,
    /// The board's identity.
    pub id: String,
    /// The slot, with the fields of `docs/clients/control.md`.
    #[cfg_attr(test, ts(type = "Work"))]
    pub work: Arc<Value>,
}

/// The state that a client would know if it had received every event.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Snapshot {
    /// The releases in the store.
    pub runtimes: Vec<Release>,
    /// The boards of runs that are not over.
    pub boards: Vec<BoardWithWork>,
}

/// A board with its slots.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct BoardWithWork {
    /// The board.
    #[serde(flatten)]
    pub board: BoardSummary,
    /// Its slots.
    #[cfg_attr(test, ts(type = "Array<Work>"))]
    pub work: Vec<Arc<Value>>,
}

impl DaemonEvent {
    /// Its kind; `None` for an event that only one client gets.
    pub fn kind(&self) -> Option<EventType> {
        Some(match self {
            Self::RuntimeInstalled(_) => EventType::RuntimeInstalled,
            Self::RuntimeRemoved(_) => EventType::RuntimeRemoved,
            Self::ConfigChanged(_) => EventType::ConfigChanged,
            Self::BoardOpened(_) => EventType::BoardOpened,
            Self::BoardClosed(_) => EventType::BoardClosed,
            Self::WorkChanged(_) => EventType::WorkChanged,
            Self::Progress(_) => EventType::Progress,
            Self::Resync(_) => return None,
        })
    }
}
