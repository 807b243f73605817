use std::net::{Ipv4Addr, TcpListener};

use super::*;

/// A folder of servers, and a listener that stands for all of them.
struct Place {
    top: tempfile::TempDir,
    listener: TcpListener,
    start: Instant,
}

impl Place {
    fn new() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        Self { top: tempfile::tempdir().expect("a directory"), listener, start: Instant::now() }
    }

    fn write(&self, folder: &str, text: &str) {
        fs::create_dir_all(self.top.path().join(folder)).expect("a directory");
        fs::write(self.top.path().join(folder).join(DEVINFO), text).expect("a file");
    }

    /// The file of a server with this process, and more keys.
    fn text(&self, pid: u32, more: &str) -> String {
        let addr = self.listener.local_addr().expect("an address");
        format!(r#"{{"pid":{pid},"protocol":"grpc","protocolVersion":1,"addr":"{addr}"{more}}}"#)
    }

    /// A server at this address, of this process.
    fn of(addr: &str) -> DevInfoFile {
        DevInfoFile { pid: std::process::id(), addr: addr.to_owned(), ..DevInfoFile::default() }
    }

    fn at(&self, milliseconds: u64) -> Instant {
        self.start + Duration::from_millis(milliseconds)
    }

    fn externals(&self) -> Externals {
        Externals::below(self.top.path())
    }
}

/// Changes in short: `+id`, `-id`.
fn shown(changes: &[ExternalServerChange]) -> Vec<String> {
    let show = |change: &ExternalServerChange| match change {
        ExternalServerChange::Connected { id, .. } => format!("+{id}"),
        ExternalServerChange::Disconnected { id } => format!("-{id}"),
    };
    changes.iter().map(show).collect()
}

const NOTHING: [&str; 0] = [];

#[test]
fn a_server_connects_once_and_a_file_that_is_gone_disconnects_it() {
    let place = Place::new();
    let own = std::process::id();
    let mut externals = place.externals();
    assert_eq!(shown(&externals.refresh(place.at(0))), NOTHING, "there is not even a folder");
    place.write("foo", &place.text(own, r#","unknown":[1]"#));
    place.write("bar", &place.text(own, r#","pluginId":"named","vitePort":5173"#));
    place.write("bar/deeper", &place.text(own, ""));
    assert_eq!(shown(&externals.refresh(place.at(0))), ["+named", "+foo"]);
    assert_eq!(shown(&externals.refresh(place.at(10_000))), NOTHING);
    let connection = externals.get("named").expect("it is known");
    assert!(connection.connected && connection.info.vite_port == 5173);
    assert!(connection.last_checked > Timestamp::UNIX_EPOCH);
    fs::remove_file(place.top.path().join("bar").join(DEVINFO)).expect("a file");
    assert_eq!(shown(&externals.refresh(place.at(10_001))), ["-named"]);
    assert_eq!(shown(&externals.end()), ["-foo"]);
    assert_eq!(externals.all().count(), 0);
}

#[test]
fn a_single_file_of_any_name_is_a_server_and_one_that_is_written_anew_stays_connected() {
    let place = Place::new();
    let file = place.top.path().join("api.json");
    let mut externals = Externals::of_file(&file);
    assert_eq!(shown(&externals.refresh(place.at(0))), NOTHING);
    let whole = place.text(std::process::id(), r#","pluginId":"api""#);
    fs::write(&file, &whole).expect("a file");
    assert_eq!(shown(&externals.refresh(place.at(500))), ["+api"]);
    fs::write(&file, &whole[..30]).expect("half of it");
    assert_eq!(shown(&externals.refresh(place.at(1000))), NOTHING);
    fs::write(&file, &whole).expect("all of it");
    assert_eq!(shown(&externals.refresh(place.at(1500))), NOTHING);
    assert_eq!(shown(&externals.refresh(place.at(9000))), NOTHING, "it was whole in time");
    fs::remove_file(&file).expect("it is there");
    assert_eq!(shown(&externals.refresh(place.at(9500))), ["-api"]);
}

#[test]
fn another_process_is_a_disconnect_and_a_connect() {
    let place = Place::new();
    let mut externals = place.externals();
    place.write("foo", &place.text(std::process::id(), ""));
    assert_eq!(shown(&externals.refresh(place.at(0))), ["+foo"]);
    place.write("foo", &place.text(std::process::id(), r#","version":"2""#));
    assert_eq!(shown(&externals.refresh(place.at(500))), NOTHING, "the same process goes on");
    assert_eq!(externals.get("foo").map(|known| known.info.version.as_str()), Some("2"));
    // The first process of a system is always there.
    place.write("foo", &place.text(1, ""));
    assert_eq!(shown(&externals.refresh(place.at(1000))), ["-foo", "+foo"]);
    place.write("foo", &place.text(1, r#","pluginId":"other""#));
    assert_eq!(shown(&externals.refresh(place.at(1500))), ["-foo", "+other"]);
}

#[test]
fn a_server_whose_address_is_silent_is_not_connected_until_it_answers() {
    let mut place = Place::new();
    let mut externals = place.externals();
    let text = place.text(std::process::id(), "");
    let address = place.listener.local_addr().expect("an address");
    place.write("foo", &text);
    assert_eq!(shown(&externals.refresh(place.at(0))), ["+foo"]);
    // Nothing listens at the other port while the address is written with it.
    place.listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    assert_eq!(shown(&externals.refresh(place.at(1999))), NOTHING, "it is looked at every two seconds");
    assert_eq!(shown(&externals.refresh(place.at(2000))), ["-foo"]);
    assert_eq!(externals.get("foo").map(|known| known.connected), Some(false));
    if let Ok(_again) = TcpListener::bind(address) {
        assert_eq!(shown(&externals.refresh(place.at(4000))), ["+foo"]);
    }
}

#[test]
fn half_of_a_file_is_tried_again_and_one_that_stays_invalid_is_named_once() {
    let place = Place::new();
    let mut externals = place.externals();
    let whole = place.text(std::process::id(), "");
    place.write("foo", &whole[..20]);
    assert_eq!(shown(&externals.refresh(place.at(0))), NOTHING);
    place.write("foo", &whole);
    assert_eq!(shown(&externals.refresh(place.at(500))), ["+foo"]);
    place.write("foo", r#"{"pid":0,"protocol":"","protocolVersion":0,"addr":"x"}"#);
    assert_eq!(shown(&externals.refresh(place.at(1000))), NOTHING, "it may be half of a file");
    assert_eq!(externals.invalid().count(), 0);
    assert_eq!(shown(&externals.refresh(place.at(2000))), ["-foo"]);
    assert_eq!(externals.invalid().map(|(_, why)| why).collect::<Vec<_>>(), ["`pid` is 0"]);
    place.write("zoo", &whole);
    place.write("foo", &place.text(1, r#","pluginId":"zoo","version":"much longer""#));
    assert_eq!(shown(&externals.refresh(place.at(9500))), ["+zoo"], "one of them has the name");
}

#[cfg(unix)]
#[test]
fn links_that_loop_and_what_is_no_file_are_safe() {
    use std::os::unix::fs::symlink;
    let place = Place::new();
    let at = |name: &str| place.top.path().join(name);
    place.write("real", &place.text(std::process::id(), ""));
    symlink(place.top.path(), at("circle")).expect("a link");
    symlink(at("self"), at("self")).expect("a link");
    symlink(at("real"), at("twice")).expect("a link");
    fs::create_dir(at("loop")).expect("a directory");
    symlink(DEVINFO, at("loop").join(DEVINFO)).expect("a link");
    fs::create_dir_all(at("folder").join(DEVINFO)).expect("a directory");
    fs::create_dir(at("pipe")).expect("a directory");
    rustix::fs::mknodat(rustix::fs::CWD, at("pipe").join(DEVINFO), rustix::fs::FileType::Fifo, 0o600.into(), 0)
        .expect("a pipe");
    assert_eq!(shown(&place.externals().refresh(place.at(0))), ["+real"]);
}

#[cfg(unix)]
#[test]
fn a_socket_at_a_path_is_an_address() {
    let top = tempfile::tempdir().expect("a directory");
    let path = top.path().join("s");
    let addr = path.to_str().expect("text").to_owned();
    let info = |addr: String| DevInfoFile { addr, ..DevInfoFile::default() };
    assert!(!info(addr.clone()).accepts());
    let _listener = std::os::unix::net::UnixListener::bind(&path).expect("a socket");
    assert!(info(addr.clone()).accepts() && info(format!("unix:{addr}")).accepts());
    assert!(info(format!("unix://{addr}")).accepts());
}

#[test]
fn a_file_is_written_as_it_is_read() {
    let text = r#"{"pid":7,"protocol":"grpc","protocolVersion":1,"addr":"a:1"}"#;
    let info: DevInfoFile = serde_json::from_str(text).expect("a file");
    assert_eq!(serde_json::to_string(&info).expect("text"), text, "what is empty is left out");
    let whole = r#"{"pid":7,"protocol":"grpc","protocolVersion":1,"addr":"a:1","vitePort":5,"pluginId":"p","version":"1","startedAt":"t"}"#;
    let info: DevInfoFile = serde_json::from_str(whole).expect("a file");
    assert_eq!(serde_json::to_string(&info).expect("text"), whole);
    assert!(serde_json::from_str::<DevInfoFile>(r#"{"pid":7}"#).is_err());
}

#[test]
fn an_address_may_be_numbers_a_name_or_a_socket_that_is_slow_to_take_calls() {
    let place = Place::new();
    let port = place.listener.local_addr().expect("an address").port();
    assert!(Place::of(&format!("127.0.0.1:{port}")).is_alive() && Place::of(&format!("localhost:{port}")).is_alive());
    drop(place.listener);
    assert!(!Place::of(&format!("127.0.0.1:{port}")).accepts());
    let begun = Instant::now();
    assert!(!Place::of("no-such-host.invalid:80").accepts() && !Place::of("no port").accepts());
    assert!(begun.elapsed() < Duration::from_secs(30));
    let path = place.top.path().join("socket");
    let text = path.to_str().expect("text");
    assert!(!Place::of(text).accepts());
    let listener = std::os::unix::net::UnixListener::bind(&path).expect("a socket");
    rustix::net::listen(&listener, 1).expect("a short queue");
    // No server accepts these connections; a blocking connect would wait for ever on the last.
    assert!((0..4).all(|_| Place::of(text).accepts()));
}
