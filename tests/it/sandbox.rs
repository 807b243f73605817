//! A place of its own for a test: a home, a project, a runtime directory, a loopback registry, and the built `vx`.
//!
//! Reads like prose: `Sandbox::new().config("…").vx("sync").fails_with("…")`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::registry::Registry;

/// How long anything in a test may take.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A directory with everything one test needs; all of it is gone afterwards.
pub struct Sandbox {
    root: tempfile::TempDir,
    pub registry: Registry,
    variables: Vec<(String, String)>,
}

/// A finished `vx`.
pub struct Finished {
    command: String,
    pub output: Output,
}

impl Sandbox {
    pub fn new() -> Self {
        // A board's path is short by rule, so the place for tests is too.
        let root = tempfile::Builder::new().prefix("vx").tempdir_in("/tmp").expect("a directory");
        for name in ["project", "home", "user"] {
            fs::create_dir(root.path().join(name)).expect("a directory");
        }
        Self { root, registry: Registry::start(), variables: Vec::new() }
    }

    /// With this `vx.toml`.
    pub fn config(self, text: &str) -> Self {
        fs::write(self.project().join("vx.toml"), text).expect("a file");
        self
    }

    /// With this variable in the environment of every `vx`.
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    pub fn project(&self) -> PathBuf {
        self.root.path().join("project")
    }

    pub fn home(&self) -> PathBuf {
        self.root.path().join("home")
    }

    pub fn runtime(&self) -> PathBuf {
        self.root.path().join("run")
    }

    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// The command of `vx` with these words, separated by spaces, not yet started.
    pub fn command(&self, words: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vx"));
        command.args(words.split_whitespace()).current_dir(self.project());
        self.environment(&mut command);
        command
    }

    /// Nothing of this machine's own settings reaches the tested program.
    fn environment(&self, command: &mut Command) {
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.root.path().join("user"));
        command.env("VX_HOME", self.home());
        command.env("VX_RUNTIME_DIR", self.runtime());
        command.env("NPM_CONFIG_REGISTRY", self.registry.npm_address());
        command.env("UV_DEFAULT_INDEX", self.registry.pypi_address());
        command.env("NO_COLOR", "1");
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
    }

    /// Run `vx` with these words to its end.
    pub fn vx(&self, words: &str) -> Finished {
        let child = self.start(words);
        Finished { command: format!("vx {words}"), output: wait_with_output(child) }
    }

    /// Start `vx` with these words.
    pub fn start(&self, words: &str) -> Child {
        let mut command = self.command(words);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("vx starts")
    }

    /// The files below the store, without receipts, in order.
    pub fn stored(&self) -> Vec<String> {
        let mut found = Vec::new();
        let store = self.home().join("store");
        files_below(&store, &store, &mut found);
        found.sort();
        found
    }
}

fn files_below(root: &Path, directory: &Path, into: &mut Vec<String>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() && !path.is_symlink() {
            files_below(root, &path, into);
        } else if path.file_name().is_some_and(|name| name != ".vx-receipt.toml") {
            into.push(path.strip_prefix(root).expect("below").to_string_lossy().into_owned());
        }
    }
}

/// The output of a child, which is killed when it takes too long.
pub fn wait_with_output(child: Child) -> Output {
    let pid = child.id();
    let (sender, receiver) = std::sync::mpsc::channel();
    let waiter = std::thread::spawn(move || {
        let _ = sender.send(child.wait_with_output());
    });
    match receiver.recv_timeout(PATIENCE) {
        Ok(output) => {
            waiter.join().expect("the waiting thread ends");
            output.expect("the output reads")
        }
        Err(_) => {
            let _ = Command::new("kill").args(["-KILL", &pid.to_string()]).status();
            panic!("vx did not end within {} s", PATIENCE.as_secs());
        }
    }
}

/// Wait until something holds.
pub fn eventually<T>(what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(value) = attempt() {
            return value;
        }
        assert!(Instant::now() < deadline, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

impl Finished {
    pub fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.output.stdout).into_owned()
    }

    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }

    fn told(&self) -> String {
        format!("{}\n{:?}\n--- stdout\n{}\n--- stderr\n{}", self.command, self.output.status, self.stdout(), self.stderr())
    }

    /// It succeeded.
    pub fn succeeds(self) -> Self {
        assert!(self.output.status.success(), "{}", self.told());
        self
    }

    /// It ended with this exit code.
    pub fn exits_with(self, code: i32) -> Self {
        assert_eq!(self.output.status.code(), Some(code), "{}", self.told());
        self
    }

    /// It did not succeed, and said this on standard error.
    pub fn fails_with(self, text: &str) -> Self {
        assert!(!self.output.status.success(), "{}", self.told());
        self.says(text)
    }

    /// It said this on standard error.
    pub fn says(self, text: &str) -> Self {
        assert!(self.stderr().contains(text), "nothing of `{text}` in:\n{}", self.told());
        self
    }

    /// It printed this on standard output.
    pub fn prints(self, text: &str) -> Self {
        assert!(self.stdout().contains(text), "nothing of `{text}` in:\n{}", self.told());
        self
    }
}
