//! The manager of development servers, embedded in this test process: plugins whose vite and Go are small scripts,
//! guarded by the `vx` of this build.

mod rules;
mod work;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use parking_lot::Mutex;
use vx::devserver::{
    BuildOpts, DevProcessStatus, DevServerEvent, DevServerManager, DevServerState, PluginRef, PluginReloader, Settings,
};

use crate::support::sandbox::eventually;

/// Stands in for node: it prints its address as vite does, and listens there.
const NODE: &str =
    "#!/bin/sh\necho \"  ➜  Local:   http://127.0.0.1:$5/\"\nexec python3 -u -m http.server \"$5\" --bind 127.0.0.1\n";
/// Stands in for go: it waits while there is a file `hold`, and a source with the word `bad` does not build.
const GO: &str = "#!/bin/sh\necho b >> builds\nwhile [ -e hold ]; do sleep 0.02; done\nif grep -q bad main.go; then echo '# plugin'; echo './main.go:3: undefined: bad'; exit 1; fi\ncp main.go \"$3\"\n";

/// A program with plugins.
struct World {
    top: tempfile::TempDir,
    manager: DevServerManager,
    program: Arc<Program>,
    events: Arc<Mutex<Vec<DevServerEvent>>>,
}

/// The program: its plugins, and the requests for reloads.
struct Program {
    plugins: PathBuf,
    reloads: AtomicUsize,
    refuses: AtomicBool,
}

impl PluginRef for Program {
    fn get_dev_plugin_info(&self, id: &str) -> (bool, String) {
        match id {
            "closed" => (false, String::new()),
            "nowhere" => (true, String::new()),
            _ => (true, self.plugins.join(id).to_string_lossy().into_owned()),
        }
    }
}

impl PluginReloader for Program {
    fn reload_plugin(&self, _: &str) -> Result<(), String> {
        self.reloads.fetch_add(1, Ordering::SeqCst);
        if self.refuses.load(Ordering::SeqCst) { Err("it has another version".into()) } else { Ok(()) }
    }
}

impl World {
    /// A program whose manager is not initialized yet, with a plugin `foo`.
    fn new() -> Self {
        Self::guarded_by(Path::new(env!("CARGO_BIN_EXE_vx")))
    }

    fn guarded_by(guard: &Path) -> Self {
        let top = tempfile::tempdir().expect("a directory");
        let at = |name: &str| top.path().join(name);
        for folder in ["runtime", "plugins/foo", "plugins/bar", "programs"] {
            fs::create_dir_all(at(folder)).expect("a directory");
        }
        fs::set_permissions(at("runtime"), fs::Permissions::from_mode(0o700)).expect("a directory");
        for (name, text) in [("node", NODE), ("go", GO)] {
            fs::write(at("programs").join(name), text).expect("a file");
            fs::set_permissions(at("programs").join(name), fs::Permissions::from_mode(0o755)).expect("a file");
        }
        for plugin in ["foo", "bar"] {
            fs::write(at("plugins").join(plugin).join("main.go"), "one\n").expect("a file");
        }
        let path = |name: &str| at("programs").join(name).to_string_lossy().into_owned();
        let events = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&events);
        let settings = Settings {
            program: Some(guard.to_owned()),
            runtime: Some(at("runtime")),
            plugins: Some(at("plugins")),
            build: BuildOpts { go_path: path("go"), pnpm_path: String::new(), node_path: path("node") },
            on_event: Some(Arc::new(move |event| sink.lock().push(event))),
        };
        let program =
            Arc::new(Program { plugins: at("plugins"), reloads: AtomicUsize::new(0), refuses: AtomicBool::new(false) });
        let manager = DevServerManager::new(program.clone(), program.clone(), settings);
        Self { top, manager, program, events }
    }

    /// The same, initialized.
    fn begun() -> Self {
        let world = Self::new();
        world.manager.initialize().expect("it begins");
        world
    }

    /// The same, with the server of `foo` at work.
    fn ready() -> Self {
        let world = Self::begun();
        world.manager.start_dev_server("foo").expect("it starts");
        world.await_state("both are ready", |state| {
            state.vite_status == DevProcessStatus::Ready && state.go_status == DevProcessStatus::Ready
        });
        world
    }

    fn state(&self) -> DevServerState {
        self.manager.get_dev_server_state("foo")
    }

    fn await_state(&self, what: &str, is: impl Fn(&DevServerState) -> bool) -> DevServerState {
        eventually(what, || Some(self.state()).filter(&is))
    }

    fn reloads(&self) -> usize {
        self.program.reloads.load(Ordering::SeqCst)
    }

    fn builds(&self) -> usize {
        fs::read_to_string(self.plugin("builds")).unwrap_or_default().lines().count()
    }

    fn plugin(&self, file: &str) -> PathBuf {
        self.top.path().join("plugins/foo").join(file)
    }

    /// Write the source in one step.
    fn source(&self, text: &str) {
        fs::write(self.plugin("main.new"), text).expect("a file");
        fs::rename(self.plugin("main.new"), self.plugin("main.go")).expect("it is there");
    }

    /// The processes that know the directory of this program.
    fn processes(&self) -> Vec<u32> {
        let own = self.top.path().to_string_lossy().into_owned();
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        let knows = |pid: &u32| {
            let read = |name: &str| fs::read(format!("/proc/{pid}/{name}")).unwrap_or_default();
            let environment = read("environ");
            *pid != std::process::id() && String::from_utf8_lossy(&environment).contains(&own)
        };
        pids.filter(knows).collect()
    }

    fn is_quiet(&self) {
        eventually("nothing is left", || self.processes().is_empty().then_some(()));
    }
}
