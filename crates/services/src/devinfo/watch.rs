//! Watching whether the server of one file is there, on a thread of its own.

use std::io;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{RecvTimeoutError, Sender, bounded};

use super::{DevInfoFile, Externals};

/// Pause between two looks at the files.
pub const LOOK_PAUSE: Duration = Duration::from_millis(500);

/// Reports whether the server of one file is there, until this is dropped.
#[derive(Debug)]
pub struct ServerPresenceWatch {
    _stop: Sender<()>,
}

impl ServerPresenceWatch {
    /// Report at once whether the server is there, and then each change. Dropping this doesn't wait for a check under
    /// way.
    ///
    /// # Errors
    /// The system has no thread.
    pub fn watch(path: PathBuf, report: impl Fn(Option<DevInfoFile>) + Send + 'static) -> io::Result<Self> {
        let (stop, stopped) = bounded(0);
        let look_on = move || {
            let (mut externals, mut last) = (Externals::of_file(&path), None);
            loop {
                externals.refresh(Instant::now());
                let there = externals.all().find(|(_, connection)| connection.connected);
                let there = there.map(|(_, connection)| connection.info.clone());
                if last.as_ref() != Some(&there) {
                    report(there.clone());
                    last = Some(there);
                }
                if stopped.recv_timeout(LOOK_PAUSE) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
            }
        };
        thread::Builder::new().name("devinfo".into()).spawn(look_on)?;
        Ok(Self { _stop: stop })
    }
}
