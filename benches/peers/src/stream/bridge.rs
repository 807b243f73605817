//! ipckit's own way to report progress from a command line tool: a request over a socket for each report.

use std::time::{Duration, Instant};

use crate::child::{self, Child};
use crate::record::MESSAGE;

/// A tool's end, connected.
pub(crate) struct Bridge {
    bridge: ipckit::CliBridge,
    _child: Child,
    _place: tempfile::TempDir,
}

impl Bridge {
    pub(crate) fn start() -> Self {
        let place = tempfile::tempdir_in(child::memory()).expect("a directory");
        let path = place.path().join("s").display().to_string();
        let child = Child::start(&format!("bridge {path}"));
        let began = Instant::now();
        let config = || ipckit::CliBridgeConfig::with_server(&path);
        let bridge = loop {
            let bridge = ipckit::CliBridge::connect_with_config(config()).expect("a bridge");
            match bridge.register_task("ripgrep", "install") {
                Ok(_) => break bridge,
                Err(error) if began.elapsed() > Duration::from_secs(5) => panic!("no ipckit server: {error}"),
                Err(_) => std::thread::sleep(Duration::from_millis(2)),
            }
        };
        Self { bridge, _child: child, _place: place }
    }

    /// The time that `count` reports take.
    pub(crate) fn time(&mut self, count: u8) -> Duration {
        let began = Instant::now();
        for percent in 0..count {
            self.bridge.set_progress(percent, Some(MESSAGE));
        }
        began.elapsed()
    }
}

/// Run the server's process.
pub(crate) fn serve(path: &str, ready: impl FnOnce()) {
    child::end_with_parent();
    let mut config = ipckit::ApiServerConfig::default();
    config.socket_config.path = path.to_owned();
    let server = ipckit::ApiServer::new(config);
    for route in ["/v1/tasks", "/v1/tasks/{id}/progress"] {
        server.router().post(route, |_| ipckit::Response::ok(serde_json::json!({})));
    }
    ready();
    let _ = server.run();
}
