//! Connections that others provide for a daemon: the socket of a service manager, and standard streams.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::process::{Command, Stdio};

use vx_rpc::RpcFrameDecoder;

use super::*;

/// Start the daemon as a service manager does: with the socket as descriptor 3.
fn by_manager(sandbox: &Sandbox, listener: &UnixListener, words: &str) -> Running {
    let mut command = Command::new("sh");
    let script = "exec 3<&0 0</dev/null; export LISTEN_FDS=1 LISTEN_PID=$$; exec \"$0\" daemon run --idle 0";
    command.args(["-c", script, env!("CARGO_BIN_EXE_vx")]).current_dir(sandbox.project());
    command.env_clear().envs(sandbox.environment()).env("NOTIFY_SOCKET", words);
    let input: OwnedFd = listener.try_clone().expect("a descriptor").into();
    sandbox.run_with("vx daemon run, by a manager", command, input)
}

fn next_words(heard: &UnixDatagram) -> String {
    let mut words = [0; 200];
    let length = heard.recv(&mut words).expect("words in time");
    String::from_utf8_lossy(&words[..length]).into_owned()
}

#[test]
fn the_socket_of_a_service_manager_is_used_and_left_and_the_manager_is_told_of_both_ends() {
    let sandbox = Sandbox::new();
    fs::create_dir_all(sandbox.runtime()).expect("a directory");
    fs::set_permissions(sandbox.runtime(), fs::Permissions::from_mode(0o700)).expect("its mode");
    let status: Value = serde_json::from_str(&sandbox.vx("daemon status --json").exits_with(3).stdout()).expect("JSON");
    let socket = PathBuf::from(text(&status["socket"]));
    let listener = UnixListener::bind(&socket).expect("a socket");
    let words = sandbox.root().join("words");
    let heard = UnixDatagram::bind(&words).expect("a socket");
    heard.set_read_timeout(Some(PATIENCE)).expect("a bound");
    for _ in 0..2 {
        // The manager starts a daemon once a client has connected; the client waits for it.
        let client = sandbox.start("daemon call vx/ping");
        listener.set_nonblocking(true).expect("a mode");
        let daemon = by_manager(&sandbox, &listener, &words.to_string_lossy());
        assert_eq!(next_words(&heard), format!("READY=1\nMAINPID={}", daemon.pid()));
        client.finish().succeeds().prints("uptime_secs");
        sandbox.vx("daemon status").succeeds().prints(&socket.to_string_lossy());
        sandbox.vx("daemon stop").succeeds().says("the daemon is stopped");
        assert_eq!(next_words(&heard), "STOPPING=1");
        daemon.finish().succeeds();
        assert!(UnixStream::connect(&socket).is_ok(), "the manager's socket is still there");
        // Drop the connection that only tested the socket.
        drop(listener.accept());
    }
}

#[test]
fn a_socket_in_a_directory_of_all_users_is_refused() {
    let sandbox = Sandbox::new();
    let open = sandbox.root().join("open");
    fs::create_dir(&open).expect("a directory");
    fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).expect("its mode");
    let listener = UnixListener::bind(open.join("vx.sock")).expect("a socket");
    by_manager(&sandbox, &listener, "").finish().exits_with(1).says("is open to other users");
}

/// All messages in these bytes.
fn messages(bytes: &[u8]) -> Vec<Value> {
    let mut frames = RpcFrameDecoder::accepting(1 << 20);
    frames.push(bytes);
    let next = || frames.next_message().expect("a message");
    std::iter::from_fn(next).map(|message| serde_json::from_slice(&message).expect("JSON")).collect()
}

fn request(id: u32, method: &str, params: Value) -> Vec<u8> {
    framed(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string())
}

#[test]
fn a_client_at_standard_streams_is_answered_and_told_until_its_input_ends() {
    let sandbox = Sandbox::new().config("[tools]\n");
    let (read, mut write) = std::io::pipe().expect("a pipe");
    let daemon = sandbox.run_with("daemon run --stdio", sandbox.command("daemon run --stdio"), read);
    let hello = json!({ "protocol": { "min": 1, "max": 1 } });
    let events = json!({ "event_types": ["ConfigChanged"], "directories": [sandbox.project()] });
    write.write_all(&request(1, "initialize", hello.clone())).expect("it is taken");
    write.write_all(&request(2, "vx/subscribe", events)).expect("it is taken");
    eventually("it is answered", || (messages(daemon.said().as_bytes()).len() == 2).then_some(()));
    sandbox.write("vx.toml", "[tools]\n# changed\n");
    let told = eventually("it is told", || messages(daemon.said().as_bytes()).into_iter().nth(2));
    assert_eq!((text(&told["method"]), text(&told["params"]["event"])), ("vx/event", "ConfigChanged"));
    sandbox.vx("daemon status").exits_with(3);
    drop(write);
    daemon.finish().succeeds();

    // Every request is answered, even if the input ends at once.
    let asked = sandbox.root().join("asked");
    let all: Vec<u8> = (2..1000).flat_map(|id| request(id, "vx/ping", json!({}))).collect();
    fs::write(&asked, [request(1, "initialize", hello), all, request(1000, "shutdown", json!({}))].concat())
        .expect("a file");
    let input = Stdio::from(File::open(asked).expect("a file"));
    let finished = sandbox.run_with("daemon run --stdio", sandbox.command("daemon run --stdio"), input).finish();
    let answers = messages(finished.succeeds().stdout().as_bytes());
    let ids: Vec<u64> = answers.iter().filter_map(|answer| answer["id"].as_u64()).collect();
    assert_eq!(ids, (1..=1000).collect::<Vec<_>>());
    sandbox.vx("daemon run --stdio --idle 0").exits_with(2);
}
