//! Options of all sources: paths, permissions and time limits.

pub(crate) mod credentials;
pub(crate) mod setting_files;
pub(crate) mod setting_places;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use vx_base::files::search_path::find_in;
use vx_base::paths::Home;
use vx_http::LowestRate;

use crate::options::setting_files::SettingFiles;
use crate::options::setting_places::home;

/// Reads an environment variable.
pub type EnvironmentReader = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// Runs a program to its end without standard input, and returns its output.
pub type ProgramRunner = Arc<dyn Fn(&Path, &[&OsStr]) -> io::Result<ProgramOutput> + Send + Sync>;

/// The output of a program.
#[derive(Clone, Debug, Default)]
pub struct ProgramOutput {
    /// Whether it exited with status 0.
    pub success: bool,
    /// Its standard output.
    pub stdout: Vec<u8>,
    /// Its standard error.
    pub stderr: Vec<u8>,
}

/// Limits of requests.
#[derive(Clone, Copy, Debug)]
pub struct RequestLimits {
    /// Longest time to connect.
    pub connect: Duration,
    /// Longest time without a byte.
    pub idle: Duration,
    /// Lowest rate at which an answer has to arrive.
    pub lowest: LowestRate,
    /// Most attempts of one request, with pauses in between.
    pub attempts: u32,
    /// The first pause; each further one is twice as long.
    pub pause: Duration,
    /// Longest pause, if the server asks for none.
    pub pause_max: Duration,
    /// Longest pause that a server may ask for.
    pub retry_after_max: Duration,
    /// Longest time for one request with all its attempts; `None` if only the waits are bounded.
    pub whole: Option<Duration>,
    /// Largest response, decompressed, in bytes.
    pub answer_bytes: u64,
}

impl Default for RequestLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            idle: Duration::from_secs(30),
            lowest: LowestRate::default(),
            attempts: 4,
            pause: Duration::from_millis(300),
            pause_max: Duration::from_secs(30),
            retry_after_max: Duration::from_secs(60),
            whole: None,
            answer_bytes: 128 << 20,
        }
    }
}

impl RequestLimits {
    /// The usual limits, except for the time without a byte, the bytes in a second, and the time for one request where
    /// they're given.
    pub fn within(idle: Option<Duration>, bytes_per_second: Option<u64>, whole: Option<Duration>) -> Self {
        let usual = Self::default();
        let idle = idle.unwrap_or(usual.idle);
        Self {
            connect: usual.connect.min(idle),
            idle,
            lowest: LowestRate::from_setting(bytes_per_second),
            whole,
            ..usual
        }
    }
}

/// Options of all sources.
#[derive(Clone)]
pub struct SourceOptions {
    /// The home, for the cache of version lists.
    pub home: Home,
    /// Relative paths in settings start at this directory.
    pub project_directory: PathBuf,
    /// Settings files of the project and around it.
    pub settings: SettingFiles,
    /// Use caches only.
    pub offline: bool,
    /// Refuse npm packages without a valid signature of their registry.
    pub require_signatures: bool,
    /// Tools that need a verified attestation.
    pub require_provenance: Vec<String>,
    /// Mirrors, by the names of the sites that they replace.
    pub mirrors: BTreeMap<String, String>,
    /// How long a version list is used before it is requested again; zero for never.
    pub fresh_for: Duration,
    /// Reads the environment.
    pub environment: EnvironmentReader,
    /// Runs `pip`, `uv` and system tools.
    pub runner: ProgramRunner,
    /// The limits of requests.
    pub limits: RequestLimits,
}

impl SourceOptions {
    /// Read a variable that is set and not empty.
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        (self.environment)(name).filter(|value| !value.is_empty())
    }

    /// Resolve a path in a setting: below the user's home directory if it begins with `~/`, else below the project's.
    pub(super) fn path(&self, text: &str) -> PathBuf {
        match (text.strip_prefix("~/"), self.user_directory()) {
            (Some(below), Some(home)) => home.join(below),
            _ => self.project_directory.join(text),
        }
    }

    /// Find the first executable file of this name in a directory of `PATH`.
    pub(super) fn program_on_path(&self, program: &str) -> Option<PathBuf> {
        find_in(OsStr::new(&self.variable("PATH")?), program, self.variable("PATHEXT"))
    }

    /// The user's home directory.
    pub(super) fn user_directory(&self) -> Option<PathBuf> {
        home(&|name| self.variable(name))
    }
}
