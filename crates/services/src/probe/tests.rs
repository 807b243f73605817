use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::thread;

use rustix::net::{AddressFamily, SocketType, bind, getsockname, listen, socket};

use super::*;

/// Time for anything to happen on a machine with other work.
const PATIENCE: Duration = Duration::from_secs(30);

const FAMILIES: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];

fn probe(checks: impl IntoIterator<Item = ServiceCheck>, patience: Duration) -> Probe {
    Probe::new(checks, patience, Instant::now())
}

/// Look until all checks hold, or the time is over.
fn awaited(probe: &mut Probe) -> Result<(), String> {
    loop {
        match probe.poll(Instant::now()) {
            ProbeResult::Ready => return Ok(()),
            ProbeResult::Late { why } => return Err(why),
            ProbeResult::NotYet { again, .. } => thread::sleep(again.min(Duration::from_millis(50))),
        }
    }
}

fn why(look: ProbeResult) -> String {
    match look {
        ProbeResult::NotYet { why, .. } | ProbeResult::Late { why } => why,
        ProbeResult::Ready => String::new(),
    }
}

/// A server at this address that gives these answers in turn, and then repeats the last.
fn server(address: IpAddr, answers: &'static [&'static str]) -> u16 {
    let listener = TcpListener::bind((address, 0)).expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        let all = answers.iter().chain(std::iter::repeat(&answers[answers.len() - 1]));
        for (answer, stream) in all.zip(listener.incoming()) {
            let Ok(mut stream) = stream else { return };
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    port
}

/// A port that is taken but on which nothing listens yet: the sockets are bound, for each family that the machine has.
fn silent_port() -> (u16, Vec<OwnedFd>) {
    let mut port = 0;
    let sockets = FAMILIES.into_iter().filter_map(|family| {
        let address = SocketAddr::new(family, port);
        let family = if family.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let socket = socket(family, SocketType::STREAM, None).ok()?;
        bind(&socket, &address).ok()?;
        port = SocketAddr::try_from(getsockname(&socket).ok()?).ok()?.port();
        Some(socket)
    });
    let sockets = sockets.collect();
    (port, sockets)
}

#[test]
fn a_service_without_checks_is_ready_at_once() {
    assert_eq!(probe([], Duration::ZERO).poll(Instant::now()), ProbeResult::Ready);
}

#[test]
fn all_checks_must_hold_and_one_that_held_once_is_not_looked_at_again() {
    let folder = tempfile::tempdir().expect("a directory");
    let path = folder.path().join("ready");
    let pattern = Regex::new("^listening").expect("a pattern");
    let mut probe = probe([ServiceCheck::Log(pattern), ServiceCheck::File(path.clone())], PATIENCE);
    assert_eq!(why(probe.poll(Instant::now())), "no line matches `^listening`");
    probe.output(b"listen");
    probe.output(b"ing\n");
    assert_eq!(why(probe.poll(Instant::now())), format!("there is no `{}`", path.display()));
    std::fs::write(&path, "").expect("a file");
    assert_eq!(probe.poll(Instant::now()), ProbeResult::Ready);
    std::fs::remove_file(&path).expect("it is there");
    assert_eq!(probe.poll(Instant::now()), ProbeResult::Ready);
}

#[test]
fn a_service_that_is_late_is_said_to_be_with_what_is_missing() {
    let start = Instant::now();
    let mut probe = Probe::new([ServiceCheck::File("/no/such/file".into())], Duration::from_secs(60), start);
    let early = probe.poll(start + Duration::from_secs(59));
    assert!(matches!(early, ProbeResult::NotYet { again, .. } if again == GLANCE), "{early:?}");
    let last = probe.poll(start + Duration::from_millis(59_999));
    assert!(matches!(last, ProbeResult::NotYet { again, .. } if again == Duration::from_millis(1)), "{last:?}");
    let why = "there is no `/no/such/file`".to_owned();
    assert_eq!(probe.poll(start + Duration::from_secs(60)), ProbeResult::Late { why });
}

#[test]
fn a_port_is_seen_by_either_family_soon_after_it_opens() {
    for (family, address) in FAMILIES.into_iter().enumerate() {
        let (port, sockets) = silent_port();
        let Some(socket) = sockets.get(family) else { continue };
        let mut probe = probe([ServiceCheck::Tcp(port)], PATIENCE);
        let ProbeResult::NotYet { why, again } = probe.poll(Instant::now()) else { panic!("nothing listens yet") };
        assert_eq!(why, format!("nothing listens on port {port}"));
        assert!(again <= Duration::from_millis(25), "half of the promised time: {again:?}");
        listen(socket, 8).expect("it was bound");
        assert_eq!(awaited(&mut probe), Ok(()), "{address}");
    }
}

#[test]
fn an_answer_is_good_by_its_status_alone_and_a_redirect_is_an_answer() {
    let ok = server(FAMILIES[0], &["HTTP/1.1 503 Busy\r\n\r\n", "HTTP/1.0 200 OK\r\nX: y\r\n\r\nbody"]);
    let check = HttpCheck::new("/healthz?deep=1", Some(ok), None).expect("a check");
    assert_eq!(awaited(&mut probe([ServiceCheck::Http(check)], PATIENCE)), Ok(()));
    let moved = server(FAMILIES[0], &["HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n"]);
    let check = |status| ServiceCheck::Http(HttpCheck::new("/", Some(moved), status).expect("a check"));
    assert_eq!(awaited(&mut probe([check(Some(302))], PATIENCE)), Ok(()));
    let late = awaited(&mut probe([check(Some(200))], Duration::from_secs(2)));
    assert_eq!(late, Err(format!("http://localhost:{moved}/ answers 302, not 200")));
}

#[test]
fn a_server_on_the_other_family_alone_is_found_by_its_path() {
    if TcpListener::bind((FAMILIES[1], 0)).is_err() {
        return;
    }
    let port = server(FAMILIES[1], &["HTTP/1.1 204 No Content\r\n\r\n"]);
    let check = HttpCheck::new("/", Some(port), None).expect("a check");
    assert_eq!(awaited(&mut probe([ServiceCheck::Http(check)], PATIENCE)), Ok(()));
}

#[test]
fn what_does_not_answer_is_explained() {
    let (port, _sockets) = silent_port();
    let check = HttpCheck::new("/", Some(port), None).expect("a check");
    let late =
        awaited(&mut probe([ServiceCheck::Http(check)], Duration::from_millis(500))).expect_err("nothing listens");
    assert!(late.starts_with(&format!("http://localhost:{port}/ does not answer: ")), "{late}");
    let odd = server(FAMILIES[0], &["SSH-2.0-x\r\n"]);
    let check = HttpCheck::new("/", Some(odd), None).expect("a check");
    let late = awaited(&mut probe([ServiceCheck::Http(check)], Duration::from_secs(2))).expect_err("it is no HTTP");
    assert_eq!(late, format!("http://localhost:{odd}/ does not answer in HTTP"));
}

#[test]
fn a_server_that_is_silent_holds_no_look_up() {
    let listener = TcpListener::bind((FAMILIES[0], 0)).expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    let check = HttpCheck::new("/", Some(port), None).expect("a check");
    let mut probe = probe([ServiceCheck::Http(check)], Duration::from_millis(300));
    let late = awaited(&mut probe).expect_err("it never answers");
    assert!(late.contains(&port.to_string()), "{late}");
}

#[test]
fn addresses_that_cannot_be_asked_are_refused() {
    let table = [
        ("/x", None, None, "has no `port`"),
        ("healthz", Some(80), None, "neither a path"),
        ("https://localhost/", None, None, "for a server with certificates"),
        ("data:x", None, None, "not an http address"),
        ("/x", Some(80), Some(20), "100 to 599"),
    ];
    for (text, port, status, expected) in table {
        let error = HttpCheck::new(text, port, status).expect_err(text).to_string();
        assert!(error.contains(expected), "{error}");
    }
}

/// A command of the shell, in a directory.
fn shell(script: &str, folder: &std::path::Path) -> ServiceCheck {
    ServiceCheck::Command(CommandCheck {
        program: "/bin/sh".into(),
        arguments: vec!["-c".into(), script.into()],
        environment: vec![("WORD".into(), "now".into())],
        directory: folder.to_owned(),
    })
}

#[test]
fn a_command_is_run_until_it_ends_with_0() {
    let folder = tempfile::tempdir().expect("a directory");
    let script = "test -e second || { touch second; echo not $WORD; exit 3; }";
    let mut probe = probe([shell(script, folder.path())], PATIENCE);
    let mut seen = std::collections::BTreeSet::new();
    loop {
        match probe.poll(Instant::now()) {
            ProbeResult::Ready => break,
            other => seen.insert(why(other)),
        };
        thread::sleep(Duration::from_millis(5));
    }
    assert!(seen.contains("`/bin/sh` ended with exit code 3: not now"), "{seen:?}");
}

#[test]
fn a_command_that_is_under_way_ends_with_its_probe() {
    let folder = tempfile::tempdir().expect("a directory");
    let pid = folder.path().join("pid");
    let mut probe = probe([shell("echo $$ > part; mv part pid; exec sleep 600", folder.path())], PATIENCE);
    while !pid.exists() {
        assert!(matches!(probe.poll(Instant::now()), ProbeResult::NotYet { .. }));
        thread::sleep(Duration::from_millis(5));
    }
    let number = std::fs::read_to_string(&pid).expect("a number").trim().parse().expect("a number");
    drop(probe);
    assert!(!vx_process::is_there(number));
}
