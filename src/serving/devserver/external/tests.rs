use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use crossbeam_channel::unbounded;

use super::*;

/// The longest that a test waits for an event, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A watcher, and its calls as `+id` and `-id`.
fn watched(folder: &Path) -> (ExternalWatcher, Receiver<String>) {
    let (sender, calls) = unbounded();
    let other = sender.clone();
    let on_connect = move |id: &str, _: &DevInfoFile| drop(sender.send(format!("+{id}")));
    (ExternalWatcher::new(folder, on_connect, move |id| drop(other.send(format!("-{id}")))), calls)
}

fn write(folder: &Path, name: &str, listener: &TcpListener) {
    let addr = listener.local_addr().expect("an address");
    let pid = std::process::id();
    let text = format!(r#"{{"pid":{pid},"protocol":"grpc","protocolVersion":1,"addr":"{addr}"}}"#);
    fs::create_dir_all(folder.join(name)).expect("a directory");
    fs::write(folder.join(name).join(".devinfo"), text).expect("a file");
}

fn next(calls: &Receiver<String>) -> String {
    calls.recv_timeout(PATIENCE).expect("a call")
}

#[test]
fn servers_come_and_go_and_all_are_disconnected_when_it_stops() {
    let top = tempfile::tempdir().expect("a directory");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    write(top.path(), "one", &listener);
    let (watcher, calls) = watched(top.path());
    assert!(!watcher.is_externally_managed("one"), "it was not started");
    watcher.stop();
    watcher.start().expect("a thread");
    watcher.start().expect("it is started");
    assert_eq!(next(&calls), "+one");
    assert!(watcher.is_externally_managed("one") && !watcher.is_externally_managed("two"));
    write(top.path(), "two", &listener);
    assert_eq!(next(&calls), "+two");
    fs::remove_file(top.path().join("one/.devinfo")).expect("a file");
    assert_eq!(next(&calls), "-one");
    assert_eq!(watcher.get_external_info("one"), None);
    watcher.stop();
    assert_eq!(calls.try_iter().collect::<Vec<_>>(), ["-two"]);
    assert!(!watcher.is_externally_managed("two"));
    write(top.path(), "one", &listener);
    watcher.stop();
    assert!(calls.try_recv().is_err(), "nothing is called once it has stopped");
    watcher.start().expect("it can be started again");
    assert_eq!([next(&calls), next(&calls)], ["+one", "+two"]);
}

#[test]
fn a_function_may_ask_and_stop() {
    let top = tempfile::tempdir().expect("a directory");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    write(top.path(), "one", &listener);
    let (sender, seen) = unbounded();
    let watcher = Arc::new_cyclic(|own: &std::sync::Weak<ExternalWatcher>| {
        let own = own.clone();
        let on_connect = move |id: &str, _: &DevInfoFile| {
            if let Some(watcher) = own.upgrade() {
                let _ = sender.send(watcher.is_externally_managed(id));
                watcher.stop();
            }
        };
        ExternalWatcher::new(top.path(), on_connect, |_| {})
    });
    watcher.start().expect("a thread");
    assert_eq!(seen.recv_timeout(PATIENCE), Ok(true));
    watcher.stop();
}

#[test]
fn a_file_that_says_nothing_is_named_until_it_does() {
    let top = tempfile::tempdir().expect("a directory");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    fs::create_dir(top.path().join("one")).expect("a directory");
    fs::write(top.path().join("one/.devinfo"), "{").expect("a file");
    let (watcher, calls) = watched(top.path());
    watcher.start().expect("a thread");
    let deadline = Instant::now() + PATIENCE;
    while watcher.invalid_files().is_empty() {
        assert!(Instant::now() < deadline, "it is never named");
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(watcher.invalid_files()[0].0, top.path().join("one/.devinfo"));
    write(top.path(), "one", &listener);
    assert_eq!(next(&calls), "+one");
    assert_eq!(watcher.invalid_files(), []);
}

#[test]
fn a_connection_has_the_keys_of_the_contract() {
    let dev_info = DevInfoFile { pid: 7, protocol: "grpc".into(), addr: "a:1".into(), ..DevInfoFile::default() };
    let connection = ExternalConnection { dev_info, connected: true, last_checked: Timestamp::UNIX_EPOCH };
    let expected = concat!(
        r#"{"DevInfo":{"pid":7,"protocol":"grpc","protocolVersion":0,"addr":"a:1"},"#,
        r#""Connected":true,"LastChecked":"1970-01-01T00:00:00Z"}"#
    );
    assert_eq!(serde_json::to_string(&connection).expect("text"), expected);
}
