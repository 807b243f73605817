//! Clients that misbehave in every way.

use vx::daemon::DaemonRequest;

use super::*;

/// A connection after `initialize`.
fn introduced(sandbox: &Sandbox) -> UnixStream {
    let mut stream = UnixStream::connect(socket(sandbox)).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a bound");
    stream.write_all(&request(1, "initialize", &json!({ "protocol": { "min": 1, "max": 1 } }))).expect("it is taken");
    stream
}

fn request(id: usize, method: &str, params: &Value) -> Vec<u8> {
    framed(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string())
}

/// Read until this text has come `times` times. Returns everything read.
fn until(stream: &mut UnixStream, text: &str, times: usize) -> String {
    let (mut said, mut piece) = (String::new(), [0; 64 * 1024]);
    while said.matches(text).count() < times {
        let read = stream.read(&mut piece).expect("an answer");
        assert!(read > 0, "the connection is over: {said}");
        said.push_str(&String::from_utf8_lossy(&piece[..read]));
    }
    said
}

#[test]
fn every_method_refuses_parameters_that_do_not_fit_and_goes_on() {
    let sandbox = Sandbox::new();
    let _daemon = at_work(&sandbox);
    let mut client = connected(&sandbox);
    for method in DaemonRequest::METHODS.into_iter().filter(|method| *method != "shutdown") {
        for params in [json!(3), json!("x"), json!({ "directory": 7 }), json!({ "runtime": [], "protocol": {} })] {
            let asks_nothing = matches!(method, "vx/ping" | "vx/status") && params.is_object();
            match client.call(method, &params) {
                Ok(_) if asks_nothing => {}
                Err(DaemonError::Refused(RpcError { code: -32602, .. })) => {}
                other => panic!("{method} {params}: {other:?}"),
            }
        }
    }
    client.ping().expect("it goes on");
}

#[test]
fn a_thousand_messages_in_one_write_and_one_byte_by_byte_are_answered() {
    let sandbox = Sandbox::new();
    let _daemon = at_work(&sandbox);
    let mut stream = introduced(&sandbox);
    let many: Vec<u8> = (0..1000).flat_map(|id| request(1000 + id, "vx/unsubscribe", &json!({}))).collect();
    let mut writer = stream.try_clone().expect("a handle");
    let writing = std::thread::spawn(move || writer.write_all(&many).expect("it is taken"));
    let said = until(&mut stream, "-32602", 1000);
    writing.join().expect("it ends");
    assert!(said.find("\"id\":1000,") < said.find("\"id\":1999,") && said.contains("\"id\":1999,"), "in their order");
    for byte in request(7, "vx/ping", &json!({})) {
        stream.write_all(&[byte]).expect("it is taken");
    }
    until(&mut stream, "uptime_secs", 1);
}

#[test]
fn half_a_message_closes_its_own_connection_and_no_other() {
    let sandbox = Sandbox::new();
    let _daemon = at_work(&sandbox);
    let mut half = introduced(&sandbox);
    until(&mut half, "\"result\"", 1);
    half.write_all(b"Content-Length: 100\r\n\r\n{").expect("it is taken");
    let mut client = connected(&sandbox);
    let mut rest = Vec::new();
    half.read_to_end(&mut rest).expect("it is closed after a while");
    client.ping().expect("it goes on");
}
