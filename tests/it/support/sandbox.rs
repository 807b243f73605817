//! An isolated place for a test: a home, a project, a runtime directory, a loopback registry, and the built `vx`.
//!
//! Reads like prose: `Sandbox::new().config("…").vx("sync").fails_with("…")`. When a sandbox is dropped, it asserts
//! that no process of it is left.

mod contents;
mod disk;
mod finished;
mod offer;
mod processes;
mod refusing;
mod running;
mod whole;

use std::cell::{Cell, RefCell};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use vx_base::digest::Algorithm;

use crate::support::registry::{Registry, digest};

use disk::Disk;
pub(crate) use finished::Finished;
pub(crate) use offer::Offer;
pub(crate) use processes::{Process, processes_of, send};
pub(crate) use refusing::Refusal;
pub(crate) use running::Running;

/// The longest that anything in a test may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// The longest that the last processes of a sandbox may take to end by themselves.
const LEAVING: Duration = Duration::from_secs(3);
/// The interval between two checks of an awaited condition.
const GLANCE: Duration = Duration::from_millis(10);

/// A directory with everything one test needs; all of it is gone afterwards.
pub(crate) struct Sandbox {
    root: tempfile::TempDir,
    registry: Option<Registry>,
    addresses: Vec<(String, String)>,
    variables: Vec<(String, String)>,
    started: Cell<usize>,
    disk: Option<Disk>,
    known: RefCell<whole::Known>,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        // Paths of boards have to be short, so the sandbox's must be, too.
        let short = if cfg!(unix) { PathBuf::from("/tmp") } else { std::env::temp_dir() };
        let root = tempfile::Builder::new().prefix("vx").tempdir_in(short).expect("a directory");
        for name in ["project", "home", "user"] {
            fs::create_dir(root.path().join(name)).expect("a directory");
        }
        let registry = Registry::start();
        let addresses = registry.environment();
        Self {
            root,
            registry: Some(registry),
            addresses,
            variables: Vec::new(),
            started: Cell::new(0),
            disk: None,
            known: RefCell::default(),
        }
    }

    /// Write this text to the project's `vx.toml`.
    pub(crate) fn config(self, text: &str) -> Self {
        self.write("vx.toml", text);
        self
    }

    /// Add this variable to the environment of every `vx`.
    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// Publish this tool of the catalogue in the registry, with scripts that print the version as its programs.
    pub(crate) fn offers(self, tool: &str, version: &str) -> Self {
        self.registry().offer(tool, version);
        self
    }

    /// Write a file of the project.
    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.project().join(name), text).expect("a file");
    }

    /// Read a file of the project.
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.project().join(name)).unwrap_or_default()
    }

    pub(crate) fn registry(&self) -> &Registry {
        self.registry.as_ref().expect("the registry still runs")
    }

    /// Stop the registry: from now on nothing answers at its address.
    pub(crate) fn stop_registry(&mut self) {
        self.registry = None;
    }

    pub(crate) fn project(&self) -> PathBuf {
        self.root.path().join("project")
    }

    pub(crate) fn home(&self) -> PathBuf {
        match &self.disk {
            Some(_) => self.disk_point().join("home"),
            None => self.root.path().join("home"),
        }
    }

    /// The home as the test sees it.
    pub(crate) fn kept(&self) -> PathBuf {
        match &self.disk {
            Some(_) => self.disk().join("home"),
            None => self.home(),
        }
    }

    pub(crate) fn runtime(&self) -> PathBuf {
        self.root.path().join("run")
    }

    pub(crate) fn root(&self) -> &Path {
        self.root.path()
    }

    /// Serve this archive at an address. Returns the line of `vx.toml` for the tool.
    pub(crate) fn addressed(&self, tool: &str, archive: &[u8], more: &str) -> String {
        let path = format!("/files/{tool}.tgz");
        self.registry().server().serve(&path, crate::support::server::Reply::ok(archive));
        self.registry().know(archive);
        let (url, sha256) = (self.registry().server().url(&path), digest(Algorithm::Sha256, archive).hex());
        format!(
            "{tool} = {{ version = \"1.0.0\", url = \"{url}\", sha256 = \"{sha256}\", strip = 1, bin = [\"bin/{tool}\"]{more} }}\n"
        )
    }

    /// The command of `vx` with these words, separated by spaces, not yet started.
    pub(crate) fn command(&self, words: &str) -> Command {
        let mut command = self.inside(env!("CARGO_BIN_EXE_vx"));
        command.args(words.split_whitespace());
        // None of this machine's settings may reach the tested program.
        command.env_clear().envs(self.environment());
        command
    }

    /// The whole environment of every `vx` here.
    pub(crate) fn environment(&self) -> Vec<(String, String)> {
        let own = [
            ("PATH", std::env::var("PATH").unwrap_or_default()),
            ("HOME", self.root.path().join("user").display().to_string()),
            ("XDG_CONFIG_DIRS", self.root.path().join("user").display().to_string()),
            ("VX_HOME", self.home().display().to_string()),
            ("VX_RUNTIME_DIR", self.runtime().display().to_string()),
            // Only the tests of consent need the question; in all others the project may act.
            ("VX_TRUST", "all".to_owned()),
            ("NO_COLOR", "1".to_owned()),
        ];
        let own = own.into_iter().map(|(name, value)| (name.to_owned(), value));
        own.chain(self.addresses.iter().cloned()).chain(self.variables.iter().cloned()).collect()
    }

    /// Run `vx` with these words to its end.
    pub(crate) fn vx(&self, words: &str) -> Finished {
        self.start(words).finish()
    }

    /// Start `vx` with these words.
    pub(crate) fn start(&self, words: &str) -> Running {
        self.run(&format!("vx {words}"), self.command(words))
    }

    /// Start a command of this sandbox.
    pub(crate) fn run(&self, name: &str, command: Command) -> Running {
        self.run_with(name, command, Stdio::null())
    }

    /// Start a command of this sandbox with this input.
    pub(crate) fn run_with(&self, name: &str, mut command: Command, input: impl Into<Stdio>) -> Running {
        let [stdout, stderr] = self.next_outputs();
        command.stdin(input);
        Running::start(name, command, stdout, stderr)
    }

    /// The files for both outputs of the next command.
    fn next_outputs(&self) -> [PathBuf; 2] {
        let number = self.started.replace(self.started.get() + 1);
        ["stdout", "stderr"].map(|stream| self.root.path().join(format!("{number}.{stream}")))
    }

    /// The newest board, once there is one that can be read.
    pub(crate) fn board(&self) -> Option<Value> {
        let dumped = self.command("board dump --json").output().expect("vx starts");
        serde_json::from_slice(&dumped.stdout).ok()
    }

    /// A tool's slot on the newest board.
    pub(crate) fn slot(&self, tool: &str) -> Option<Value> {
        self.board().and_then(|board| slot_of(&board, tool))
    }

    /// Wait until a tool's slot on the newest board is as wanted.
    pub(crate) fn await_slot(&self, tool: &str, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        eventually(&format!("{tool} {what}"), || self.slot(tool).filter(|slot| wanted(slot)))
    }

    /// The files below the store, without receipts, in order.
    pub(crate) fn stored(&self) -> Vec<String> {
        let mut found = Vec::new();
        let store = self.kept().join("store");
        files_below(&store, &store, &mut found);
        found.sort();
        found
    }

    /// Remove the lists of files of a tool's releases, so that `--force` has to make them again.
    pub(crate) fn spoil(&self, tool: &str) {
        let releases = fs::read_dir(self.kept().join("store").join(tool)).expect("the tool is installed");
        releases.flatten().for_each(|release| drop(fs::remove_file(release.path().join(".vx-files"))));
    }

    /// The releases in the store, as `tool version`.
    pub(crate) fn installed(&self) -> Vec<String> {
        let listed: Value = serde_json::from_str(&self.vx("list --json").succeeds().stdout()).expect("JSON");
        let releases = listed.as_array().expect("a list");
        releases.iter().map(|release| format!("{} {}", text(&release["tool"]), text(&release["version"]))).collect()
    }

    /// The version that an installed program prints.
    pub(crate) fn program_says(&self, program: &str) -> String {
        let path = self.vx(&format!("which {program}")).succeeds().stdout();
        let output = self.inside(path.trim()).arg("--version").output().expect("the program starts");
        assert!(output.status.success(), "{program}: {output:?}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Leftovers in the directories that only a running install uses, without the lock file's turnstile, which is
    /// permanent.
    pub(crate) fn left_behind(&self) -> Vec<String> {
        let mut found = Vec::new();
        for place in ["tmp", "locks"] {
            let entries = fs::read_dir(self.kept().join(place)).into_iter().flatten().flatten();
            found.extend(entries.map(|entry| entry.path().display().to_string()));
        }
        found.retain(|path| !path.contains("/locks/vx.lock-"));
        found
    }

    /// The processes that were started here and still exist.
    pub(crate) fn processes(&self) -> Vec<Process> {
        processes_of(self.root.path())
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let deadline = Instant::now() + LEAVING;
        let mut left = self.processes();
        while !left.is_empty() && Instant::now() < deadline && !std::thread::panicking() {
            std::thread::sleep(GLANCE);
            left = self.processes();
        }
        left.iter().for_each(|process| send(process.pid, rustix::process::Signal::KILL));
        if !std::thread::panicking() {
            assert!(left.is_empty(), "processes were left behind: {left:?}");
        }
    }
}

/// Wait until `attempt` returns a value.
pub(crate) fn eventually<T>(what: &str, attempt: impl FnMut() -> Option<T>) -> T {
    within(PATIENCE, what, attempt)
}

/// Wait until `attempt` returns a value, for at most `patience`.
pub(crate) fn within<T>(patience: Duration, what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(value) = attempt() {
            return value;
        }
        assert!(Instant::now() < deadline, "in vain: {what}");
        std::thread::sleep(GLANCE);
    }
}

/// A tool's slot on a board.
pub(crate) fn slot_of(board: &Value, tool: &str) -> Option<Value> {
    board["slots"].as_array()?.iter().find(|slot| slot["key"] == tool).cloned()
}

/// The text of a JSON value; empty if the value is not a string.
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

pub(crate) fn files_below(root: &Path, directory: &Path, into: &mut Vec<String>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() && !path.is_symlink() {
            files_below(root, &path, into);
        } else if path.file_name().is_some_and(|name| name != ".vx-receipt.toml" && name != ".vx-files") {
            into.push(path.strip_prefix(root).expect("below").to_string_lossy().into_owned());
        }
    }
}
