//! Every output says the same about one service.

use std::path::PathBuf;

use serde_json::{Value, json};
use vx_rpc::socket_of;

use super::Services;
use crate::serving::mcp;
use crate::support::sandbox::{PATIENCE, eventually, text};

/// The fields that must be equal.
const WORDS: [&str; 3] = ["state", "standing", "step"];

fn words(slot: &Value) -> Vec<String> {
    WORDS.iter().map(|word| text(&slot[*word]).to_owned()).collect()
}

/// The slot as the supervisor's socket describes it.
fn asked(service: &Value) -> Value {
    let runner = service["runner"].as_u64().and_then(|runner| u32::try_from(runner).ok()).expect("a runner");
    let socket = socket_of(&PathBuf::from(text(&service["board"])), runner);
    let mut client = eventually("it listens", || vx_rpc::RpcClient::connect(&socket).ok());
    let introduction = json!({ "client": "test", "protocol": { "min": 1, "max": 1 } });
    client.call("initialize", &introduction, PATIENCE).expect("an answer");
    client.call("work/list", &json!({}), PATIENCE).expect("an answer")["work"][0].clone()
}

/// The service as `vx ps` shows it, short and long, and a dump, the MCP server, and the supervisor's socket.
fn everywhere(services: &Services) -> [Vec<String>; 5] {
    let long = services.named("web");
    let short: Value = serde_json::from_str(&services.0.vx("ps --json").succeeds().stdout()).expect("JSON");
    let dumped = services.0.slot("web").expect("a slot");
    let board = PathBuf::from(text(&long["board"])).file_stem().expect("a name").to_string_lossy().into_owned();
    let (_, seen) = mcp::Client::allowed(&services.0).call(1, "boards", &json!({ "board": board }));
    let seen: Value = serde_json::from_str(&seen).expect("JSON");
    let asked = asked(&long);
    [&long, &short[0], &dumped, &seen["work"][0], &asked].map(words)
}

#[test]
fn one_service_has_the_same_state_standing_and_step_in_every_output() {
    let services = Services::of("[services.web]\ncommand = \"sleep 672\"\n");
    services.0.vx("up --detach").succeeds();
    let at_work = ["live", "running", "running"].map(str::to_owned).to_vec();
    assert_eq!(everywhere(&services), [(); 5].map(|()| at_work.clone()));
    services.0.vx("stop web").succeeds();
    let ends = everywhere(&services);
    assert_eq!(ends, [(); 5].map(|()| ends[0].clone()));
    assert_eq!(ends[0][..2], ["cancelled", "cancelled"]);
    services.0.vx("down").succeeds();
    services.are_gone();
}
