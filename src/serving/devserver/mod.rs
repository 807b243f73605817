//! Development servers for editors and desktop programs that embed vx: plugins in development, each a front end under vite
//! and a back end in Go, supervised by the guards of [`vx_services`].
//!
//! The names and the JSON here are a contract with such programs. They stay as they are, also where the rest of vx would
//! choose others. The page for programs: `docs/clients/devserver.md`.
//!
//! - `state` and `log` are what programs read, `event` what they are sent,
//! - `reading` makes them from a board and its logs,
//! - `instance` is one plugin, `reloading` its way to the program that loads it,
//! - `manager` is all of them, with `ports` and the servers that others run (`external`),
//! - `project` is the plugins under the supervisor of a project (`plugin`), for clients of its socket: their `methods` and
//!   `notifications`.

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

/// The time without another change of files after which a plugin is built.
pub const DEDUP_INTERVAL: Duration = QUIET;
/// The number of log entries that are at hand.
pub const DEFAULT_LOG_BUFFER_SIZE: usize = 5000;
