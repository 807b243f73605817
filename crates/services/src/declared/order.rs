//! The order for one guard: everything that it needs to run its service, in one document.

use std::ffi::OsString;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use vx_base::files::agreed_file::AgreedFile;
use vx_base::trouble::{Trouble, TroubleKind};

use vx_project::services::{Health, Ready, Reload, Restart};
use vx_project::trust::compare_agreed;

/// The work of a guard.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum GuardAssignment {
    /// Run a service.
    Serve(Box<ServiceOrder>),
    /// Build a service.
    Build(Box<BuildOrder>),
}

/// The order for one build of a service.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BuildOrder {
    /// The program and its arguments; empty for a reload without a build.
    pub command: Vec<String>,
    /// Its directory.
    pub directory: PathBuf,
    /// The directory of the project.
    pub project: PathBuf,
    /// Variables to set beside the inherited ones.
    pub environment: Vec<(OsString, OsString)>,
    /// The port of the service.
    pub port: Option<u16>,
    /// The folder of the service's builds.
    pub folder: PathBuf,
    /// The name of this build's folder in it.
    pub epoch: String,
    /// The way in which the service at work takes up the result.
    pub reload: Option<Reload>,
    /// The form in which mistakes are reported.
    pub errors: Option<String>,
    /// Time for the processes to end before they are killed, in milliseconds.
    pub stop_timeout_ms: u64,
    /// The files that are compared with what was agreed to before anything is started.
    pub agreed: Vec<AgreedFile>,
    /// The file for the output.
    pub log: PathBuf,
    /// The longest file of it, in bytes.
    pub log_bytes: u64,
}

/// The order for the guard of a service.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ServiceOrder {
    /// The service's name.
    pub name: String,
    /// The program and its arguments.
    pub command: Vec<String>,
    /// Its directory.
    pub directory: PathBuf,
    /// The directory of the project.
    pub project: PathBuf,
    /// Variables to set beside the inherited ones.
    pub environment: Vec<(OsString, OsString)>,
    /// The port that it listens on.
    pub port: Option<u16>,
    /// Checks that show whether it is ready; `None` for a service without checks.
    pub ready: Option<Ready>,
    /// Checks that show whether it still works.
    pub health: Option<Health>,
    /// The step after its end.
    pub restart: Restart,
    /// The signal that stops it.
    pub stop_signal: i32,
    /// Time for its processes to end before they are killed, in milliseconds.
    pub stop_timeout_ms: u64,
    /// The files that are compared with what was agreed to before anything is started.
    pub agreed: Vec<AgreedFile>,
    /// The file for its output.
    pub log: PathBuf,
    /// The longest file of it, in bytes.
    pub log_bytes: u64,
    /// The number of its first attempt, from 1.
    pub attempt: u8,
}

/// Compare files with what the user agreed to. Returns the error if one differs.
pub(crate) fn changed_file(agreed: &[AgreedFile]) -> Option<Trouble> {
    let error = compare_agreed(agreed).err()?;
    Some(Trouble::new(TroubleKind::Consent, error.to_string()).hinted("run `vx up`, which asks about the new content"))
}

/// Look up the number of the signal with this name.
pub fn signal_number(name: &str) -> Option<i32> {
    #[cfg(unix)]
    use signal_hook::consts::{SIGHUP, SIGKILL, SIGQUIT, SIGUSR1, SIGUSR2};
    use signal_hook::consts::{SIGINT, SIGTERM};
    Some(match name {
        "TERM" => SIGTERM,
        "INT" => SIGINT,
        #[cfg(unix)]
        "QUIT" => SIGQUIT,
        #[cfg(unix)]
        "HUP" => SIGHUP,
        #[cfg(unix)]
        "USR1" => SIGUSR1,
        #[cfg(unix)]
        "USR2" => SIGUSR2,
        #[cfg(unix)]
        "KILL" => SIGKILL,
        _ => return None,
    })
}
