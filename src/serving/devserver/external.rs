//! Finds the development servers that other programs run, and reports when they appear and disappear.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use jiff::Timestamp;
use parking_lot::Mutex;
use serde::Serialize;

use vx_services::devinfo::{DevInfoFile, ExternalServer, ExternalServerChange, Externals, LOOK_PAUSE};

/// A server that another program runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ExternalConnection {
    /// The content of its `.devinfo` file.
    pub dev_info: DevInfoFile,
    /// Whether its process existed and its address accepted connections at the last check.
    pub connected: bool,
    /// The time of that check.
    pub last_checked: Timestamp,
}

/// Watches the `.devinfo` files in the direct subfolders of a folder.
pub struct ExternalWatcher {
    shared: Arc<ExternalWatcherState>,
    running: Mutex<Option<ExternalWatcherThread>>,
}

/// A thread that checks the folder again and again until the sender is dropped.
struct ExternalWatcherThread {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

type OnConnect = dyn Fn(&str, &DevInfoFile) + Send + Sync;
type OnDisconnect = dyn Fn(&str) + Send + Sync;

struct ExternalWatcherState {
    folder: PathBuf,
    on_connect: Box<OnConnect>,
    on_disconnect: Box<OnDisconnect>,
    /// The result of the last complete check, so that a caller never waits for the one in progress.
    known: Mutex<KnownExternalServers>,
}

#[derive(Default)]
struct KnownExternalServers {
    connections: BTreeMap<String, ExternalConnection>,
    invalid: BTreeMap<PathBuf, String>,
}

impl ExternalWatcher {
    /// A watcher of this folder, not started yet. It calls the functions on its own thread.
    pub fn new(
        folder: &Path,
        on_connect: impl Fn(&str, &DevInfoFile) + Send + Sync + 'static,
        on_disconnect: impl Fn(&str) + Send + Sync + 'static,
    ) -> Self {
        let shared = ExternalWatcherState {
            folder: folder.to_owned(),
            on_connect: Box::new(on_connect),
            on_disconnect: Box::new(on_disconnect),
            known: Mutex::default(),
        };
        Self { shared: Arc::new(shared), running: Mutex::new(None) }
    }

    /// Start watching. Does nothing if it was started before.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn start(&self) -> io::Result<()> {
        let mut running = self.running.lock();
        if running.is_none() {
            let shared = Arc::clone(&self.shared);
            let (stop, stopped) = bounded(0);
            let thread = thread::Builder::new().name("devinfo".into()).spawn(move || shared.look_on(&stopped))?;
            *running = Some(ExternalWatcherThread { stop, thread });
        }
        Ok(())
    }

    /// Stop, and wait until every server has been reported as disconnected: no function is called afterwards. Called
    /// from one of the functions, this does not wait, since it would wait for itself.
    pub fn stop(&self) {
        let Some(ExternalWatcherThread { stop, thread }) = self.running.lock().take() else { return };
        drop(stop);
        if thread.thread().id() != thread::current().id() {
            // A function that panicked has ended the thread already.
            let _ = thread.join();
        }
    }

    /// The server with this id, connected or not.
    pub fn get_external_info(&self, id: &str) -> Option<ExternalConnection> {
        self.shared.known.lock().connections.get(id).cloned()
    }

    /// Whether a server with this id is connected.
    pub fn is_externally_managed(&self, id: &str) -> bool {
        self.shared.known.lock().connections.get(id).is_some_and(|connection| connection.connected)
    }

    /// All servers, connected or not, with their ids.
    pub fn all(&self) -> Vec<(String, ExternalConnection)> {
        self.shared.known.lock().connections.clone().into_iter().collect()
    }

    /// The `.devinfo` files that cannot be used, each with the reason.
    pub fn invalid_files(&self) -> Vec<(PathBuf, String)> {
        self.shared.known.lock().invalid.clone().into_iter().collect()
    }
}

impl Drop for ExternalWatcher {
    fn drop(&mut self) {
        self.stop();
    }
}

impl ExternalWatcherState {
    fn look_on(&self, stopped: &Receiver<()>) {
        let mut externals = Externals::below(&self.folder);
        loop {
            let changes = externals.refresh(Instant::now());
            self.update_known(&externals);
            self.report(changes);
            if stopped.recv_timeout(LOOK_PAUSE) != Err(RecvTimeoutError::Timeout) {
                break;
            }
        }
        let changes = externals.end();
        self.update_known(&externals);
        self.report(changes);
    }

    /// Called before the changes are reported, so that a function that queries the watcher gets the new state.
    fn update_known(&self, externals: &Externals) {
        let connections = externals.all().map(|(id, connection)| (id.to_owned(), connection.clone().into())).collect();
        let invalid = externals.invalid().map(|(path, why)| (path.to_owned(), why.to_owned())).collect();
        *self.known.lock() = KnownExternalServers { connections, invalid };
    }

    fn report(&self, changes: Vec<ExternalServerChange>) {
        for change in changes {
            match change {
                ExternalServerChange::Connected { id, info } => (self.on_connect)(&id, &info),
                ExternalServerChange::Disconnected { id } => (self.on_disconnect)(&id),
            }
        }
    }
}

impl From<ExternalServer> for ExternalConnection {
    fn from(ExternalServer { info, connected, last_checked }: ExternalServer) -> Self {
        Self { dev_info: info, connected, last_checked }
    }
}

#[cfg(test)]
mod tests;
