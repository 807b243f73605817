//! Development servers for editors and desktop programs that embed vx: plugins in development, each a front end under vite
//! and a back end in Go, supervised by the guards of [`vx_services`].
//!
//! The names and the JSON here are a contract with such programs and never change, even where the rest of vx would
//! choose other names. `docs/clients/devserver.md` describes them.
//!
//! - `state` and `events`: what programs read and what is sent to them,
//! - `reading`: turns a board and its logs into these,
//! - `instance`: one plugin with its own supervisor; `reloading`: has the program load a new build,
//! - `manager`: all plugins of a program, with their `ports` and the servers of other programs (`external`),
//! - `project`: the plugins under the supervisor of a project (each a `plugin`), for clients of its socket, with their
//!   `methods`.

use std::time::Duration;

use vx_services::builds::watch::QUIET;

mod error;
mod events;
mod external;
mod instance;
mod manager;
mod methods;
mod plugin;
mod ports;
mod project;
mod reading;
mod reloading;
mod settings;
mod state;

pub use error::DevServerError;
pub use events::event::{DevServerEvent, EVENT_DEV_SERVER_ERROR, EVENT_DEV_SERVER_LOG, EVENT_DEV_SERVER_STATUS};
pub use events::log::{LogEntry, LogRingBuffer};
pub use external::{ExternalConnection, ExternalWatcher};
pub use instance::DevServerInstance;
pub use manager::DevServerManager;
pub use ports::PortAllocator;
pub use project::ProjectServers;
pub use settings::{BuildOpts, PluginRef, PluginReloader, Settings};
pub use state::{BuildError, DevProcessStatus, DevServerMode, DevServerState};

pub use vx_services::devinfo::DevInfoFile;
pub use vx_services::ports::{PORT_RANGE_END, PORT_RANGE_START};

/// How long no file may change before a plugin is built.
pub const DEDUP_INTERVAL: Duration = QUIET;
/// How many log entries are kept.
pub const DEFAULT_LOG_BUFFER_SIZE: usize = 5000;
