//! Controlling work from another terminal: the verbs, the waits, the protocol, and clients that misbehave.

mod clients;
mod top;
mod verbs;
mod waits;

use std::path::PathBuf;

use serde_json::{Value, json};
use vx_rpc::{CallError, RpcClient, socket_of};

use crate::support::sandbox::{PATIENCE, Running, Sandbox, eventually, text};

/// Start a command under `vx board run`, and wait until it is at work.
fn at_work(sandbox: &Sandbox, key: &str, script: &str) -> Running {
    let mut command = sandbox.command(&format!("board run {key} -- sh -c"));
    command.arg(script);
    let running = sandbox.run(script, command);
    sandbox.await_slot(key, "it is at work", |slot| text(&slot["state"]) == "live" || slot["done"] == 1);
    running
}

/// The newest board's file.
fn board_file(sandbox: &Sandbox) -> PathBuf {
    let listed = sandbox.vx("board ls --json").succeeds().stdout();
    let listed: Value = serde_json::from_str(&listed).expect("JSON");
    PathBuf::from(text(&listed[0]["path"]))
}

/// A connection to this runner of the newest board, after `initialize`.
fn connected(sandbox: &Sandbox, runner: u32) -> RpcClient {
    let socket = socket_of(&board_file(sandbox), runner);
    let mut client = eventually("it listens", || RpcClient::connect(&socket).ok());
    let answer = call(&mut client, "initialize", &json!({"client": "test", "protocol": {"min": 1, "max": 1}}));
    assert_eq!((&answer["protocol"], &answer["process"]), (&json!(1), &json!(runner)));
    client
}

fn call(client: &mut RpcClient, method: &str, params: &Value) -> Value {
    client.call(method, params, PATIENCE).unwrap_or_else(|error| panic!("{method} {params}: {error}"))
}

/// The code and the kind of the error that answers this call.
fn fault(client: &mut RpcClient, method: &str, params: &Value) -> (i64, Option<String>) {
    match client.call(method, params, PATIENCE) {
        Err(CallError::Refused(fault)) => (fault.code, fault.data.map(|data| data.kind)),
        other => panic!("{method} {params}: {other:?}"),
    }
}

/// The sockets beside the boards, and their locks.
fn sockets(sandbox: &Sandbox) -> Vec<String> {
    let names = std::fs::read_dir(sandbox.runtime()).expect("it reads").flatten();
    let names = names.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| name.contains(".sock")).collect()
}
