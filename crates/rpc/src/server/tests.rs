//! A server with clients that behave, and clients that do not.

use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::*;
use crate::{CallError, Notification, Params, RpcClient as Caller, RpcService};

const PATIENCE: Duration = Duration::from_secs(30);

/// Answers `echo` with its method, and sends counts to clients that want notifications.
struct Echo {
    known: bool,
    follows: bool,
    count: u32,
    /// Pieces that are available at once.
    pieces: u32,
}

impl RpcService for Echo {
    fn call(&mut self, method: &str, params: Params<'_>) -> Result<String, RpcError> {
        let params: Value = params.read()?;
        match method {
            "initialize" => self.known = true,
            "follow" => self.follows = true,
            "pieces" => (self.follows, self.pieces) = (true, 1000),
            "long" => return Ok(json!("x".repeat(400_000)).to_string()),
            "echo" => {}
            other => return Err(RpcError::unknown_method(other)),
        }
        Ok(params.to_string())
    }

    fn introduced(&self) -> bool {
        self.known
    }

    fn follows(&self) -> bool {
        self.follows
    }

    fn due(&mut self, takes: bool, _: bool) -> Vec<Notification> {
        self.count += u32::from(takes);
        takes.then(|| Notification { method: "count", params: self.count.to_string() }).into_iter().collect()
    }

    fn has_more(&self) -> bool {
        self.pieces > 0
    }

    fn more(&mut self) -> Option<Notification> {
        self.pieces = self.pieces.checked_sub(1)?;
        Some(Notification { method: "piece", params: self.pieces.to_string() })
    }
}

struct Echoes;

impl RpcServices for Echoes {
    fn serve(&self) -> Box<dyn RpcService> {
        Box::new(Echo { known: false, follows: false, count: 0, pieces: 0 })
    }
}

struct Place {
    _directory: tempfile::TempDir,
    path: PathBuf,
    server: RpcServer,
}

fn served() -> Place {
    let directory = tempfile::tempdir().expect("a directory");
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o700)).expect("its mode");
    let path = directory.path().join("1.2.sock");
    let server = RpcServer::start(&path, Duration::ZERO, Echoes).expect("it starts");
    drop(connected(&path));
    Place { _directory: directory, path, server }
}

/// A connection, once the server listens.
fn connected(path: &Path) -> Caller {
    let began = Instant::now();
    loop {
        match Caller::connect(path) {
            Ok(caller) => return caller,
            Err(error) => assert!(began.elapsed() < PATIENCE, "{error}"),
        }
        thread::sleep(Duration::from_millis(5));
    }
}

fn introduced(path: &Path) -> Caller {
    let mut caller = connected(path);
    caller.call("initialize", &json!({}), PATIENCE).expect("an answer");
    caller
}

/// Everything that the server sends on a raw connection until it closes it.
fn rest(stream: &mut UnixStream) -> String {
    stream.set_read_timeout(Some(PATIENCE)).expect("a bound");
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn requests_are_answered_in_their_order_and_faults_are_typed() {
    let place = served();
    let mut caller = introduced(&place.path);
    assert_eq!(caller.call("echo", &json!({"a": [1]}), PATIENCE).expect("an answer"), json!({"a": [1]}));
    let fault = caller.call("nothing", &json!({}), PATIENCE).expect_err("no such method");
    assert!(matches!(fault, CallError::Refused(RpcError { code: -32601, .. })), "{fault}");
    assert_eq!(caller.call("echo", &json!({}), PATIENCE).expect("it goes on"), json!({}));
    // A thousand requests in one write, and one of them byte by byte.
    let mut raw = UnixStream::connect(&place.path).expect("a connection");
    let one = |id: u32| framed(&json!({"jsonrpc": "2.0", "id": id, "method": "initialize"}).to_string());
    let writer = thread::spawn({
        let mut raw = raw.try_clone().expect("a descriptor");
        move || {
            raw.write_all(&(0..1000).flat_map(one).collect::<Vec<u8>>()).expect("it is taken");
            one(1000).iter().for_each(|byte| raw.write_all(&[*byte]).expect("it is taken"));
            raw.shutdown(std::net::Shutdown::Write).expect("no more");
        }
    });
    let text = rest(&mut raw);
    writer.join().expect("it wrote");
    let ids: Vec<&str> = text.split("\"id\":").skip(1).filter_map(|rest| rest.split(',').next()).collect();
    assert_eq!(ids, (0..=1000).map(|id| id.to_string()).collect::<Vec<_>>());
}

#[test]
fn garbage_is_answered_with_a_fault_and_closes_its_own_connection_only() {
    let place = served();
    let mut good = introduced(&place.path);
    for (bytes, says) in [
        (b"GET / HTTP/1.1\r\n\r\n".to_vec(), "Name: value"),
        (b"Content-Length: 10000000000\r\n\r\n{".to_vec(), "10000000000 bytes"),
        (vec![0; 5_000], "a header of more than"),
    ] {
        let mut raw = UnixStream::connect(&place.path).expect("a connection");
        let _ = raw.write_all(&bytes);
        let told = rest(&mut raw);
        assert!(told.contains("-32600") && told.contains(says), "{told}");
    }
    let mut raw = UnixStream::connect(&place.path).expect("a connection");
    raw.write_all(&framed("no json")).expect("it is taken");
    raw.write_all(b"Content-Length: 50\r\n\r\nhalf").expect("it is taken");
    let began = Instant::now();
    let told = rest(&mut raw);
    assert!(told.contains("-32700"), "{told}");
    assert!(began.elapsed() < PATIENCE, "half a message is not waited for without end");
    good.call("echo", &json!({}), PATIENCE).expect("the others go on");
}

#[test]
fn a_client_that_reads_nothing_is_dropped_and_no_other_waits_for_it() {
    let place = served();
    let mut lazy = UnixStream::connect(&place.path).expect("a connection");
    for id in 0..8 {
        let method = if id == 0 { "initialize" } else { "long" };
        lazy.write_all(&framed(&json!({"jsonrpc": "2.0", "id": id, "method": method}).to_string())).expect("taken");
    }
    let mut good = introduced(&place.path);
    good.call("echo", &json!({}), PATIENCE).expect("an answer");
    // Once the client is dropped, the rest of the long answers never arrives.
    let patience = PATIENCE.try_into().ok();
    let closed = poll(&mut [PollFd::from_borrowed_fd(lazy.as_fd(), PollFlags::empty())], patience.as_ref());
    assert_eq!(closed, Ok(1), "the server closes it");
    assert!(rest(&mut lazy).len() < 7 * 400_000);
}

#[test]
fn a_follower_is_notified_at_most_ten_times_a_second_and_once_more_at_the_end() {
    let place = served();
    let mut caller = introduced(&place.path);
    caller.call("follow", &json!({}), PATIENCE).expect("an answer");
    let began = Instant::now();
    for expected in 1..=5 {
        let next = caller.notification(PATIENCE).expect("it goes on").expect("in time");
        assert_eq!((&next["method"], &next["params"]), (&json!("count"), &json!(expected)));
    }
    assert!(began.elapsed() >= Duration::from_millis(400), "{:?}", began.elapsed());
    let path = place.path.clone();
    place.server.finish();
    let last = caller.notification(PATIENCE).expect("the last").expect("in time");
    assert!(last["params"].as_u64() > Some(5));
    while let Ok(Some(_)) = caller.notification(PATIENCE) {}
    assert!(matches!(Caller::connect(&path), Err(CallError::Nobody(_))), "the socket is gone");
}

#[test]
fn pieces_follow_each_other_as_soon_as_they_are_taken() {
    let place = served();
    let mut client = introduced(&place.path);
    client.call("pieces", &json!({}), PATIENCE).expect("it follows");
    let (began, mut pieces) = (Instant::now(), Vec::new());
    while pieces.len() < 1000 {
        let next = client.notification(PATIENCE).expect("it goes on").expect("in time");
        pieces.extend((next["method"] == "piece").then(|| next["params"].as_u64().expect("a number")));
    }
    assert!(pieces.iter().copied().eq((0..1000).rev()), "each comes once, in order");
    // Ten a second would take a hundred.
    assert!(began.elapsed() < 2 * PATIENCE, "{:?}", began.elapsed());
}

#[test]
fn more_clients_than_there_is_room_for_are_sent_away() {
    let place = served();
    let mut kept: Vec<Caller> = (0..CLIENTS).map(|_| introduced(&place.path)).collect();
    let mut raw = UnixStream::connect(&place.path).expect("a connection");
    assert!(rest(&mut raw).contains("100 clients"));
    kept.pop();
    let began = Instant::now();
    while connected(&place.path).call("initialize", &json!({}), PATIENCE).is_err() {
        assert!(began.elapsed() < PATIENCE, "there is room again");
    }
}
