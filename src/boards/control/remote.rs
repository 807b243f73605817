//! Control over another process's work, for a view: each request goes to the runner of its slot.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use serde_json::json;
use vx_rpc::{CallError, RpcClient, socket_of};
use vx_shm::{Reader, SlotView};
use vx_status::source::{RequestFailure, WorkControl};

use super::ask::connect;
use super::hand::Verb;
use crate::boards::find::slot_of;

const PATIENCE: Duration = Duration::from_secs(10);
/// The most failures that wait for the view; further ones are dropped.
const FAILURES: usize = 16;

/// Control over the work on one board. A separate thread makes the connections when they are needed.
pub struct RemoteControl {
    requests: Sender<RemoteRequest>,
    failures: Receiver<RequestFailure>,
    board: PathBuf,
}

enum RemoteRequest {
    Cancel(String),
    Retry(String),
    Restart(String),
    Rebuild(String),
}

impl RemoteControl {
    /// Control over the work on the board in this file.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn for_board(board: &Path) -> std::io::Result<Self> {
        let (requests, wanted) = unbounded();
        let (failure, failures) = bounded(FAILURES);
        let mut asking =
            RemoteRequester { board: board.to_owned(), runners: HashMap::new(), stopped: Vec::new(), failure };
        thread::Builder::new().name("requests".into()).spawn(move || {
            wanted.into_iter().for_each(|wanted| asking.carry_out(wanted));
        })?;
        Ok(Self { requests, failures, board: board.to_owned() })
    }
}

impl WorkControl for RemoteControl {
    fn cancel(&mut self, key: &str) {
        let _ = self.requests.send(RemoteRequest::Cancel(key.to_owned()));
    }

    /// A view of another process's work never stops all of it.
    fn cancel_all(&mut self) {}

    fn is_guest(&self) -> bool {
        true
    }

    fn retry(&mut self, key: &str) {
        let _ = self.requests.send(RemoteRequest::Retry(key.to_owned()));
    }

    fn restart(&mut self, key: &str) {
        let _ = self.requests.send(RemoteRequest::Restart(key.to_owned()));
    }

    fn rebuild(&mut self, key: &str) {
        let _ = self.requests.send(RemoteRequest::Rebuild(key.to_owned()));
    }

    fn reaches(&self, runner: u32) -> bool {
        socket_of(&self.board, runner).exists()
    }

    fn request_failure(&mut self) -> Option<RequestFailure> {
        self.failures.try_recv().ok()
    }
}

/// The thread that sends the requests.
struct RemoteRequester {
    board: PathBuf,
    runners: HashMap<u32, RpcClient>,
    /// The lives of slots that were asked to stop; a second request kills.
    stopped: Vec<(u32, u32)>,
    failure: Sender<RequestFailure>,
}

impl RemoteRequester {
    fn carry_out(&mut self, wanted: RemoteRequest) {
        let failure = match wanted {
            RemoteRequest::Cancel(key) => self.cancel(&key).err().map(|why| RequestFailure::NotStopped { key, why }),
            RemoteRequest::Retry(key) => {
                let tried = self.slot(&key).and_then(|slot| self.ask(Verb::Retry, &slot));
                tried.err().map(|why| RequestFailure::NotRetried { key, why })
            }
            RemoteRequest::Restart(key) => {
                let restarted = self.slot(&key).and_then(|slot| self.ask(Verb::Restart, &slot));
                restarted.err().map(|why| RequestFailure::NotRestarted { key, why })
            }
            RemoteRequest::Rebuild(key) => {
                let rebuilt = self.slot(&key).and_then(|slot| self.ask(Verb::Rebuild, &slot));
                rebuilt.err().map(|why| RequestFailure::NotRebuilt { key, why })
            }
        };
        // The view may be slow; this report is not essential.
        failure.into_iter().for_each(|failure| drop(self.failure.try_send(failure)));
    }

    fn cancel(&mut self, key: &str) -> Result<(), String> {
        let slot = self.slot(key)?;
        let life = (slot.index, slot.generation);
        let again = self.stopped.contains(&life);
        self.ask(if again { Verb::Kill } else { Verb::Stop }, &slot)?;
        if !again {
            self.stopped.push(life);
        }
        Ok(())
    }

    fn slot(&self, key: &str) -> Result<SlotView, String> {
        let snapshot = Reader::open(&self.board).map_err(|error| error.to_string())?.snapshot();
        let snapshot = snapshot.map_err(|error| error.to_string())?;
        slot_of(&snapshot, key).cloned().ok_or_else(|| "it is no longer on the board".to_owned())
    }

    /// Send a request to the slot's runner, on the existing connection, or on a new one if that is broken or missing.
    fn ask(&mut self, verb: Verb, slot: &SlotView) -> Result<(), String> {
        let runner = slot
            .runner
            .ok_or("it is read-only: no process takes requests for it; start it again where it was started")?;
        let (method, params) = (format!("work/{}", verb.name()), json!({ "key": slot.key }));
        if let Some(client) = self.runners.get_mut(&runner) {
            match client.call(&method, &params, PATIENCE) {
                Ok(_) => return Ok(()),
                Err(CallError::Refused(fault)) => return Err(fault.message),
                Err(_) => drop(self.runners.remove(&runner)),
            }
        }
        let asked = connect(&self.board, slot, runner).and_then(|mut client| {
            client.call(&method, &params, PATIENCE)?;
            Ok(client)
        });
        match asked {
            Ok(client) => drop(self.runners.insert(runner, client)),
            Err(CallError::Refused(fault)) => return Err(fault.message),
            Err(error) => return Err(format!("process {runner}, which runs it, does not answer: {error}")),
        }
        Ok(())
    }
}
