//! What sources are told once: where things are, what may be used, and how long to wait.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::paths::Home;

/// Reads an environment variable.
pub type Environment = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// Runs a program to its end without standard input, and keeps what it says.
pub type Runner = Arc<dyn Fn(&Path, &[&OsStr]) -> io::Result<ProgramOutput> + Send + Sync>;

/// What a program said.
#[derive(Clone, Debug, Default)]
pub struct ProgramOutput {
    /// Whether it ended with status 0.
    pub success: bool,
    /// Its standard output.
    pub stdout: Vec<u8>,
    /// Its standard error.
    pub stderr: Vec<u8>,
}

/// How long to wait and how much to take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For a connection to be made.
    pub connect: Duration,
    /// Without a byte arriving.
    pub idle: Duration,
    /// Tries of one question, with pauses in between.
    pub attempts: u32,
    /// The first pause; each next one is twice as long.
    pub pause: Duration,
    /// No pause is longer, whatever the server asks for.
    pub pause_max: Duration,
    /// The largest answer, unpacked, in bytes.
    pub answer_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            idle: Duration::from_secs(30),
            attempts: 4,
            pause: Duration::from_millis(300),
            pause_max: Duration::from_secs(30),
            answer_bytes: 128 << 20,
        }
    }
}

/// What sources need to work.
#[derive(Clone)]
pub struct SourceOptions {
    /// The home, for the cache of version lists.
    pub home: Home,
    /// Where the project's `.npmrc` and `uv.toml` are.
    pub project_directory: PathBuf,
    /// Use caches only.
    pub offline: bool,
    /// Use nothing of npm without a good signature of its registry.
    pub require_signatures: bool,
    /// Mirrors by the names of the sites that they stand for.
    pub mirrors: BTreeMap<String, String>,
    /// How long a version list is used before it is asked for again; zero to ask every time.
    pub fresh_for: Duration,
    /// The environment.
    pub environment: Environment,
    /// How to run `pip`, `uv` and system tools.
    pub runner: Runner,
    /// How long to wait and how much to take.
    pub limits: Limits,
}

impl SourceOptions {
    /// A variable that is set and not empty.
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        (self.environment)(name).filter(|value| !value.is_empty())
    }

    /// The user's home directory.
    pub(super) fn user_directory(&self) -> Option<PathBuf> {
        self.variable("HOME").or_else(|| self.variable("USERPROFILE")).map(PathBuf::from)
    }
}
