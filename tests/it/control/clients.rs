//! The protocol, and clients that misbehave.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};

use rustix::process::Signal;
use vx_rpc::framed;

use super::*;
use crate::support::sandbox::send;

/// Counts slowly to a number, until there is a file `go`.
const COUNTING: &str = "n=0; until test -e go; do n=$((n + 1)); echo $n/100000; sleep 0.01; done";

/// The peak memory of the process with this id, in bytes.
fn most_memory(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("a process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("its memory");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
}

#[test]
fn every_method_answers_and_bad_parameters_have_typed_faults() {
    let sandbox = Sandbox::new();
    let running = at_work(&sandbox, "count", COUNTING);
    let socket = socket_of(&board_file(&sandbox), running.pid());
    let mut stranger = eventually("it listens", || RpcClient::connect(&socket).ok());
    assert_eq!(fault(&mut stranger, "work/list", &json!({})), (-32002, None));
    let wrong = json!({"protocol": {"min": 2, "max": 9}});
    assert_eq!(fault(&mut stranger, "initialize", &wrong), (-32000, Some("usage".into())));
    let mut client = connected(&sandbox, running.pid());
    let listed = call(&mut client, "work/list", &json!({}));
    let work = &listed["work"][0];
    assert_eq!((text(&work["key"]), text(&work["kind"]), text(&work["step"])), ("count", "task", "running"));
    assert_eq!((&work["can"], text(&listed["board"]["state"])), (&json!(["stop", "kill"]), "running"));
    call(&mut client, "work/start", &json!({"key": "count"}));
    let log = call(&mut client, "log/read", &json!({"key": "count", "from": 0, "lines": 2}));
    assert_eq!((text(&log["lines"][1]["text"]), &log["lines"][1]["at"]), ("2/100000", &json!(9)));
    for (method, params, expected) in [
        ("work/nothing", json!({}), (-32601, None)),
        ("work/stop", json!({}), (-32602, None)),
        ("work/stop", json!({"key": 7}), (-32602, None)),
        ("work/stop", json!([1]), (-32602, None)),
        ("work/stop", json!({"key": "other"}), (-32000, Some("not-found".to_owned()))),
        ("work/retry", json!({"key": "count"}), (-32000, Some("usage".to_owned()))),
        ("work/rebuild", json!({"key": "count"}), (-32000, Some("usage".to_owned()))),
        ("work/report", json!({"key": "count", "state": "live"}), (-32000, Some("usage".to_owned()))),
        ("work/report", json!({"key": "count", "unit": "miles"}), (-32000, Some("usage".to_owned()))),
        ("work/report", json!({"key": "count", "dones": 1}), (-32602, None)),
        ("work/report", json!({"key": "other", "done": 1}), (-32000, Some("not-found".to_owned()))),
        ("log/read", json!({"key": "other"}), (-32000, Some("not-found".to_owned()))),
        ("log/read", json!({"key": "count", "from": -1}), (-32602, None)),
        ("log/follow", json!({"key": "../../x"}), (-32000, Some("not-found".to_owned()))),
    ] {
        assert_eq!(fault(&mut client, method, &params), expected, "{method} {params}");
    }
    call(&mut client, "work/report", &json!({"key": "count", "more": 900_000, "message": "reported"}));
    eventually("it has reported", || {
        let reported = call(&mut client, "work/list", &json!({}))["work"][0].clone();
        (reported["done"].as_u64() > Some(900_000) && reported["message"] == "reported").then_some(())
    });
    call(&mut client, "board/stop", &json!({}));
    assert_eq!(running.finish().signal(), Some(15));
}

#[test]
fn a_follower_sees_numbers_lines_and_the_end() {
    let sandbox = Sandbox::new();
    let running = at_work(&sandbox, "count", COUNTING);
    let mut client = connected(&sandbox, running.pid());
    call(&mut client, "work/follow", &json!({}));
    call(&mut client, "log/follow", &json!({"key": "count", "from": 0}));
    let (mut lines, mut numbers) = (0, Vec::new());
    while lines < 10 || numbers.len() < 3 {
        let next = client.notification(PATIENCE).expect("it goes on").expect("in time");
        match text(&next["method"]) {
            "log/lines" => lines += next["params"]["lines"].as_array().map_or(0, Vec::len),
            "work/changed" => numbers.push(next["params"]["work"][0]["done"].as_u64().expect("a number")),
            other => panic!("{other}"),
        }
    }
    assert!(numbers.is_sorted(), "{numbers:?}");
    sandbox.write("go", "");
    running.finish().succeeds();
    let mut last = Value::Null;
    while let Ok(Some(next)) = client.notification(PATIENCE) {
        if next["method"] == "work/changed" {
            last = next["params"].clone();
        }
    }
    assert_eq!((text(&last["board"]["state"]), text(&last["work"][0]["state"])), ("done", "done"), "{last}");
}

#[test]
fn a_follower_has_all_of_a_fast_log() {
    let sandbox = Sandbox::new();
    let script = "echo 1/9; i=0; while [ $i -lt 2000 ]; do i=$((i + 1)); printf '%01023d\\n' $i; done; until test -e go; do sleep 0.02; done";
    let running = at_work(&sandbox, "fast", script);
    let mut client = connected(&sandbox, running.pid());
    call(&mut client, "work/follow", &json!({}));
    call(&mut client, "log/follow", &json!({"key": "fast", "from": 0}));
    let (began, mut last, mut changes) = (std::time::Instant::now(), 0, 0);
    while last < 2000 {
        let next = client.notification(PATIENCE).expect("it goes on").expect("in time");
        match text(&next["method"]) {
            "log/lines" => {
                let lines = next["params"]["lines"].as_array().expect("lines").iter();
                for line in lines.filter(|line| line["text"] != "1/9") {
                    last += 1;
                    assert_eq!(text(&line["text"]).trim_start_matches('0').parse(), Ok(last), "none is left out");
                }
            }
            _ => changes += 1,
        }
    }
    let looks = 10 * (began.elapsed().as_secs() + 2);
    assert!(changes <= looks, "{changes} changes are no more than ten a second");
    let peak = most_memory(running.pid());
    assert!(peak < 64 << 20, "{peak} bytes");
    sandbox.write("go", "");
    running.finish().succeeds();
}

#[test]
fn a_thousand_garbage_connections_a_hundred_clients_and_a_stopped_one_harm_no_run() {
    let sandbox = Sandbox::new();
    let running = at_work(&sandbox, "count", COUNTING);
    let socket = socket_of(&board_file(&sandbox), running.pid());
    drop(connected(&sandbox, running.pid()));
    let before = most_memory(running.pid());
    for number in 0..1000_u32 {
        let mut stream = UnixStream::connect(&socket).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a bound");
        let garbage: &[u8] = match number % 5 {
            0 => b"\0\xff\xfe garbage \r\n\r\n",
            1 => b"Content-Length: 10000000000\r\n\r\n{\"jsonrpc\"",
            2 => b"Content-Length: 9\r\n\r\nno json..Content-Length: x\r\n\r\n",
            3 => &[b'x'; 4000],
            _ => b"Content-Length: 30000\r\n\r\nhalf",
        };
        let _ = stream.write_all(garbage);
        // Don't wait for an answer to half a message; any other gets one.
        if number % 5 != 4 {
            let _ = stream.read_to_end(&mut Vec::new());
        }
    }
    // A client that stops reading once it follows.
    let requests = [
        json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocol": {"min": 1, "max": 1}}}),
        json!({"jsonrpc": "2.0", "id": 2, "method": "work/follow"}),
    ];
    let follow: Vec<u8> = requests.iter().flat_map(|request| framed(&request.to_string())).collect();
    let mut stopped = UnixStream::connect(&socket).expect("a connection");
    stopped.write_all(&follow).expect("it is taken");
    let mut sleeper = Command::new("sleep")
        .arg("1000")
        .stdin(Stdio::from(std::os::fd::OwnedFd::from(stopped)))
        .spawn()
        .expect("it starts");
    send(sleeper.id(), Signal::STOP);
    let mut clients: Vec<RpcClient> = (0..99).map(|_| connected(&sandbox, running.pid())).collect();
    for client in &mut clients {
        call(client, "work/follow", &json!({}));
    }
    for client in &mut clients {
        let told = client.notification(PATIENCE).expect("it goes on").expect("in time");
        assert_eq!(text(&told["params"]["work"][0]["key"]), "count");
    }
    let grown = most_memory(running.pid()).saturating_sub(before);
    println!("memory grew by {} KiB for 100 clients", grown / 1024);
    assert!(grown < 100 * 1024 * 1024 / 4, "{grown} bytes");
    sandbox.write("go", "");
    running.finish().succeeds();
    sleeper.kill().and_then(|()| sleeper.wait()).expect("our child");
    assert_eq!(text(&sandbox.slot("count").expect("its slot")["state"]), "done");
}
