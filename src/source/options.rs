//! The options of all sources: paths, permissions and time limits.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::http::LowestRate;
use crate::paths::{Foreign, Home, foreign};

/// Reads an environment variable.
pub type Environment = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// Runs a program to its end without standard input, and returns its output.
pub type Runner = Arc<dyn Fn(&Path, &[&OsStr]) -> io::Result<ProgramOutput> + Send + Sync>;

/// The output of a program.
#[derive(Clone, Debug, Default)]
pub struct ProgramOutput {
    /// True if it exited with status 0.
    pub success: bool,
    /// Its standard output.
    pub stdout: Vec<u8>,
    /// Its standard error.
    pub stderr: Vec<u8>,
}

/// The limits of requests.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The longest time to connect.
    pub connect: Duration,
    /// The longest time without a byte.
    pub idle: Duration,
    /// The fewest bytes that an answer has to come with.
    pub lowest: LowestRate,
    /// The most attempts of one request, with pauses in between.
    pub attempts: u32,
    /// The first pause; each further one is twice as long.
    pub pause: Duration,
    /// The longest pause, if the server asks for none.
    pub pause_max: Duration,
    /// The longest pause that a server may ask for.
    pub retry_after_max: Duration,
    /// The longest time for one request with all its attempts; `None` if only the waits are bounded.
    pub whole: Option<Duration>,
    /// The largest response, unpacked, in bytes.
    pub answer_bytes: u64,
}

impl Default for Limits {
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

impl Limits {
    /// The usual limits, with these in place of the time without a byte, of the bytes in a second, and of the time for one
    /// request.
    pub fn within(idle: Option<Duration>, bytes_per_second: Option<u64>, whole: Option<Duration>) -> Self {
        let usual = Self::default();
        let idle = idle.unwrap_or(usual.idle);
        Self { connect: usual.connect.min(idle), idle, lowest: LowestRate::of(bytes_per_second), whole, ..usual }
    }
}

/// The options of all sources.
#[derive(Clone)]
pub struct SourceOptions {
    /// The home, for the cache of version lists.
    pub home: Home,
    /// The directory of the project's `.npmrc` and `uv.toml`.
    pub project_directory: PathBuf,
    /// The top folder of the project's repository, or the project's directory.
    pub project_top: PathBuf,
    /// False to ignore the settings of npm and uv in the project, at or below its top folder.
    pub project_settings: bool,
    /// Use caches only.
    pub offline: bool,
    /// Refuse npm packages without a valid signature of their registry.
    pub require_signatures: bool,
    /// The tools that need a verified attestation.
    pub require_provenance: Vec<String>,
    /// The mirrors, by the names of the sites that they replace.
    pub mirrors: BTreeMap<String, String>,
    /// The time for which a version list is used before it is requested again; zero for none.
    pub fresh_for: Duration,
    /// The environment.
    pub environment: Environment,
    /// The function that runs `pip`, `uv` and system tools.
    pub runner: Runner,
    /// The limits of requests.
    pub limits: Limits,
}

impl SourceOptions {
    /// A variable that is set and not empty.
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        (self.environment)(name).filter(|value| !value.is_empty())
    }

    /// A path in a setting: below the user's home directory if it begins with `~/`, else below the project's.
    pub(super) fn path(&self, text: &str) -> PathBuf {
        match (text.strip_prefix("~/"), self.user_directory()) {
            (Some(below), Some(home)) => home.join(below),
            _ => self.project_directory.join(text),
        }
    }

    /// True if a file in the project's directory, or in a folder above it, may configure the sources: those of the
    /// project if its settings count, and those above it unless somebody else controls them.
    pub(super) fn accepts(&self, file: &Path) -> bool {
        match file.starts_with(&self.project_top) {
            true => self.project_settings,
            false => {
                foreign(file).is_none() && file.parent().is_none_or(|folder| foreign(folder) != Some(Foreign::Writable))
            }
        }
    }

    /// The user's home directory.
    pub(super) fn user_directory(&self) -> Option<PathBuf> {
        self.variable("HOME").or_else(|| self.variable("USERPROFILE")).map(PathBuf::from)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_projects_settings_count_if_they_may_and_those_above_it_if_nobody_else_could_have_put_them_there() {
        let top = tempfile::tempdir().expect("a directory");
        let project = top.path().join("project");
        fs::create_dir(&project).expect("a directory");
        let (inside, above) = (project.join("uv.toml"), top.path().join("uv.toml"));
        for file in [&inside, &above] {
            fs::write(file, "").expect("a file");
        }
        let options = |project_settings| SourceOptions {
            home: Home::at(top.path().join("home")),
            project_directory: project.clone(),
            project_top: project.clone(),
            project_settings,
            offline: true,
            require_signatures: false,
            require_provenance: Vec::new(),
            mirrors: BTreeMap::new(),
            fresh_for: Duration::ZERO,
            environment: Arc::new(|_| None),
            runner: Arc::new(|_, _| Ok(ProgramOutput::default())),
            limits: Limits::default(),
        };
        let accepted = |project_settings| {
            let options = options(project_settings);
            (options.accepts(&inside), options.accepts(&above))
        };
        assert_eq!((accepted(true), accepted(false)), ((true, true), (false, true)));
        fs::set_permissions(top.path(), fs::Permissions::from_mode(0o1777)).expect("its mode");
        assert_eq!(accepted(true), (true, false), "a directory for everybody");
        fs::set_permissions(top.path(), fs::Permissions::from_mode(0o755)).expect("its mode");
        fs::set_permissions(&above, fs::Permissions::from_mode(0o666)).expect("its mode");
        assert_eq!(accepted(true), (true, false), "a file for everybody");
    }
}
