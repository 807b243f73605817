//! The session with one client, from its first message to the end of its input.

use std::collections::HashMap;
use std::io::{self, BufRead, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use serde_json::{Value, json};
use vx_base::paths::Home;
use vx_rpc::RpcError;

use super::call::{Call, Cancel};
use super::call_project::Here;
use super::tools;
use super::wire::{McpMessage, Out, messages, next_line};

/// The supported versions of the protocol, the newest first. Versions without a handshake are not supported: their
/// clients fall back to the handshake when the server does not know a method.
const VERSIONS: [&str; 4] = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];
/// The most calls at once.
const CALLS: usize = 32;
/// How long calls may take to end once the client is gone; stopping scripts takes some time.
const ENDING: Duration = Duration::from_secs(15);
/// A text about the whole server, which clients show to their model.
const INSTRUCTIONS: &str = "vx runs a project's tools, scripts and services, and keeps the state of each on a board \
that outlives every call. Start with `project`. To use a service: `service` start (if it is listed), `wait_for` \
until it is ready, `logs` with level `error` if anything fails. If a wait is cancelled, nothing is lost: call it \
again. An error of the kind `consent` needs the user: show the `vx trust` line, and don't work around it.";

/// The options of a server.
#[derive(Clone, Debug)]
pub struct Options {
    /// The home.
    pub home: Home,
    /// The directory for calls that name none.
    pub directory: PathBuf,
    /// Whether the tools that change something are offered.
    pub allow_changes: bool,
}

/// Serve the client at these streams until its input ends.
///
/// # Errors
/// The input cannot be read.
pub fn serve(options: Options, mut input: impl BufRead, output: impl Write + Send + 'static) -> io::Result<()> {
    let here = Here { home: options.home, directory: options.directory };
    let session =
        McpSession { here, allow_changes: options.allow_changes, out: Out::to(output), calls: Arc::default() };
    let read = loop {
        match next_line(&mut input) {
            Ok(None) => break Ok(()),
            Ok(Some(Ok(line))) => session.handle_line(&line),
            Ok(Some(Err(fault))) => session.out.answer(&Value::Null, Err(fault)),
            Err(error) => break Err(error),
        }
    };
    session.calls.end();
    read
}

struct McpSession {
    here: Here,
    allow_changes: bool,
    out: Out,
    calls: Arc<Calls>,
}

impl McpSession {
    fn handle_line(&self, line: &[u8]) {
        if line.trim_ascii().is_empty() {
            return;
        }
        let all = match messages(line) {
            Ok(all) => all,
            Err(fault) => return self.out.answer(&Value::Null, Err(fault)),
        };
        for message in all {
            match message {
                Ok(message) => self.take_message(message),
                Err(fault) => self.out.answer(&Value::Null, Err(fault)),
            }
        }
    }

    fn take_message(&self, message: McpMessage) {
        let McpMessage { jsonrpc, id, method, params } = message;
        // An answer. This server sends no requests, so ignore it.
        let Some(method) = method else {
            if id.is_none() {
                self.out.answer(&Value::Null, Err(RpcError::invalid_request("a request has a `method`")));
            }
            return;
        };
        let Some(id) = id else {
            if method == "notifications/cancelled" {
                self.calls.cancel(&params["requestId"]);
            }
            return;
        };
        let answer = match (jsonrpc.as_deref(), method.as_str()) {
            _ if !(id.is_string() || id.is_number()) => {
                return self.out.answer(&Value::Null, Err(RpcError::invalid_request("`id` is a text or a number")));
            }
            (Some("2.0"), "initialize") => initialize(&params),
            (Some("2.0"), "ping") => Ok(json!({})),
            (Some("2.0"), "tools/list") => Ok(tools::list(self.allow_changes)),
            (Some("2.0"), "tools/call") => match self.call(&id, params) {
                Ok(()) => return,
                Err(fault) => Err(fault),
            },
            (Some("2.0"), other) => Err(RpcError::unknown_method(other)),
            _ => Err(RpcError::invalid_request("`jsonrpc` must be `2.0`")),
        };
        self.out.answer(&id, answer);
    }

    /// Start a call on a separate thread, so that a wait holds up no other call.
    fn call(&self, id: &Value, mut params: Value) -> Result<(), RpcError> {
        let name = params["name"].as_str().ok_or_else(|| RpcError::invalid_params("`name` is the name of a tool"))?;
        let tool = tools::find(name)?;
        let token =
            Some(params["_meta"]["progressToken"].clone()).filter(|token| token.is_string() || token.is_number());
        let arguments = params["arguments"].take();
        let (call, cancel) = Call::new(self.out.clone(), token);
        let key = id.to_string();
        self.calls.begin(&key, cancel)?;
        let (calls, here, out) = (Arc::clone(&self.calls), self.here.clone(), self.out.clone());
        let (id, allow_changes, key_of_thread) = (id.clone(), self.allow_changes, key.clone());
        let work = move || {
            // A panic also becomes an answer, and the session goes on.
            let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                tools::result(tool, arguments, &here, allow_changes, &call)
            }));
            let answer = result.map_err(|_| RpcError::work("internal", "a bug in vx ended this call", None));
            // The id must be free before the client can have the answer.
            let was_cancelled = call.is_cancelled();
            calls.leave(&key_of_thread);
            // The protocol demands that a cancelled call is not answered.
            if !was_cancelled {
                out.answer(&id, answer);
            }
            calls.left();
        };
        let started = thread::Builder::new().name("tool".into()).spawn(work);
        started.map(drop).map_err(|error| {
            self.calls.leave(&key);
            self.calls.left();
            RpcError::work("busy", format!("cannot start a thread: {error}"), None)
        })
    }
}

fn initialize(params: &Value) -> Result<Value, RpcError> {
    let asked = params["protocolVersion"]
        .as_str()
        .ok_or_else(|| RpcError::invalid_params(format!("`protocolVersion` is a text, such as `{}`", VERSIONS[0])))?;
    let version = VERSIONS.into_iter().find(|version| *version == asked).unwrap_or(VERSIONS[0]);
    Ok(json!({
        "protocolVersion": version,
        "capabilities": { "tools": {} },
        "serverInfo": { "name": "vx", "title": "vx", "version": env!("CARGO_PKG_VERSION") },
        "instructions": INSTRUCTIONS,
    }))
}

/// The calls under way.
#[derive(Default)]
struct Calls {
    all: Mutex<UnderWay>,
    one_less: Condvar,
}

#[derive(Default)]
struct UnderWay {
    /// The running calls, by id. A cancelled call stays until its work has ended.
    by_id: HashMap<String, Option<Cancel>>,
    /// The number of calls whose answer is being written.
    answering: usize,
}

impl UnderWay {
    fn over(&self) -> bool {
        self.by_id.is_empty() && self.answering == 0
    }
}

impl Calls {
    fn begin(&self, key: &str, cancel: Cancel) -> Result<(), RpcError> {
        let mut all = self.all.lock();
        if all.by_id.contains_key(key) {
            return Err(RpcError::invalid_request(format!("the id {key} belongs to a call that has not ended")));
        }
        if all.by_id.len() + all.answering >= CALLS {
            let hint = "wait for their answers, or cancel some".to_owned();
            return Err(RpcError::work("busy", format!("{CALLS} calls are under way"), Some(hint)));
        }
        all.by_id.insert(key.to_owned(), Some(cancel));
        Ok(())
    }

    fn cancel(&self, id: &Value) {
        if let Some(cancel) = self.all.lock().by_id.get_mut(&id.to_string()) {
            *cancel = None;
        }
    }

    /// Note that the work of a call has ended.
    fn leave(&self, key: &str) {
        let mut all = self.all.lock();
        all.answering += 1;
        all.by_id.remove(key);
    }

    /// Note that the answer to such a call is written.
    fn left(&self) {
        self.all.lock().answering -= 1;
        self.one_less.notify_all();
    }

    /// Cancel all calls, and wait until their work has ended.
    fn end(&self) {
        let deadline = Instant::now() + ENDING;
        let mut all = self.all.lock();
        all.by_id.values_mut().for_each(|cancel| *cancel = None);
        while !all.over() && !self.one_less.wait_until(&mut all, deadline).timed_out() {}
    }
}
