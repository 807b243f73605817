//! The manager's functions as methods of the socket, and their parameters.

use std::path::PathBuf;

use serde::Deserialize;

use super::DEFAULT_LOG_BUFFER_SIZE;

/// A method for development servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DevServerMethod {
    Start,
    StartForPath,
    Stop,
    Restart,
    Rebuild,
    State,
    States,
    Logs,
    IsManaged,
    External,
}

impl DevServerMethod {
    /// Every method, with its name.
    pub(super) const ALL: [(&'static str, Self); 10] = [
        ("devserver/startDevServer", Self::Start),
        ("devserver/startDevServerForPath", Self::StartForPath),
        ("devserver/stopDevServer", Self::Stop),
        ("devserver/restartDevServer", Self::Restart),
        ("devserver/rebuildPlugin", Self::Rebuild),
        ("devserver/getDevServerState", Self::State),
        ("devserver/listDevServerStates", Self::States),
        ("devserver/getDevServerLogs", Self::Logs),
        ("devserver/isManaged", Self::IsManaged),
        ("devserver/getExternalPluginInfo", Self::External),
    ];

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(known, _)| *known == name).map(|(_, method)| method)
    }
}

/// The parameters of most methods.
#[derive(Debug, Deserialize)]
pub(super) struct OfPlugin {
    #[serde(rename = "pluginID")]
    pub id: String,
}

/// The parameters of [`DevServerMethod::StartForPath`].
#[derive(Debug, Deserialize)]
pub(super) struct AtPath {
    #[serde(rename = "pluginID")]
    pub id: String,
    #[serde(rename = "devPath")]
    pub path: PathBuf,
}

/// The parameters of [`DevServerMethod::Logs`].
#[derive(Debug, Deserialize)]
pub(super) struct OfLogs {
    #[serde(rename = "pluginID")]
    pub id: String,
    /// The most entries to return.
    #[serde(default = "all")]
    pub count: usize,
}

const fn all() -> usize {
    DEFAULT_LOG_BUFFER_SIZE
}
