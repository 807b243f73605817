use std::collections::BTreeSet;
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};
use std::thread;

use super::*;

/// Ports that no other test and no service uses: other tests bind ports that the system chooses, which are higher.
const OWN: Range<u16> = 21_000..21_100;

#[test]
fn a_place_stays_and_differs_between_services_and_worktrees() {
    let range = PORT_RANGE_START..PORT_RANGE_END;
    let of = |worktree: &str, service| place(Path::new(worktree), service, &range).expect("a range");
    // These numbers must not change: bookmarks and browser settings contain them.
    assert_eq!((of("/home/user/shop", "api"), of("/home/user/shop", "web")), (15_177, 15_231));
    let all: BTreeSet<u16> = (0..2000).map(|number| of(&format!("/w{number}"), "api")).collect();
    assert!(all.len() > 95 && all.iter().all(|port| range.contains(port)), "{}", all.len());
    assert_eq!(place(Path::new("/"), "x", &(5..5)), None);
}

#[test]
fn a_hundred_at_once_get_a_hundred_ports_and_the_next_one_an_error() {
    let runtime = tempfile::tempdir().expect("a directory");
    let taken: BTreeSet<u16> = OWN.filter(|port| !is_free(*port)).collect();
    let room = OWN.len() - taken.len();
    let reserve =
        |number: usize| Ports::within(runtime.path()).reserve(Path::new("/project"), &format!("service-{number}"), OWN);
    let reserved: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..room).map(|number| scope.spawn(move || reserve(number))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic").expect("a port")).collect()
    });
    let different: BTreeSet<u16> = reserved.iter().map(PortReservation::port).collect();
    assert_eq!(different, OWN.filter(|port| !taken.contains(port)).collect());
    let error = reserve(room).expect_err("none is left");
    assert_eq!(error.to_string(), "all 100 ports from 21000 to 21099 are taken");
    drop(reserved);
    let own_place = place(Path::new("/project"), "service-1", &OWN).expect("a range");
    let again = reserve(1).expect("all are free again").port();
    assert!(again == own_place || taken.contains(&own_place), "a free place is the service's own");
    assert_eq!(std::fs::read_dir(runtime.path().join("ports")).expect("a directory").count(), 0, "no lock is left");
}

#[test]
fn a_port_that_another_program_has_is_not_given_and_the_program_is_named() {
    let runtime = tempfile::tempdir().expect("a directory");
    let ports = Ports::within(runtime.path());
    let listeners = [
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).ok(),
        TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).ok(),
        TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).ok(),
        TcpListener::bind((Ipv6Addr::UNSPECIFIED, 0)).ok(),
    ];
    for listener in listeners.into_iter().flatten() {
        let address = listener.local_addr().expect("an address");
        let error = ports.reserve_exactly(address.port()).expect_err("it is held");
        assert!(matches!(&error, PortError::Held { port, .. } if *port == address.port()), "{address}: {error}");
        #[cfg(target_os = "linux")]
        assert!(error.to_string().ends_with(&format!("(pid {})", std::process::id())), "{error}");
        let free = ports.reserve(Path::new("/"), "x", address.port()..address.port() + 1);
        assert!(matches!(free, Err(PortError::Exhausted { .. })), "{free:?}");
    }
}

#[test]
fn a_reserved_port_is_refused_to_others_and_checked_before_a_restart() {
    let runtime = tempfile::tempdir().expect("a directory");
    let ports = Ports::within(runtime.path());
    let reserved = ports.reserve(runtime.path(), "service", 21_100..22_100).expect("a port");
    let port = reserved.port();
    assert!(matches!(ports.reserve_exactly(port), Err(PortError::Reserved { .. })));
    reserved.check_free().expect("nothing listens");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("it is free");
    assert!(matches!(reserved.check_free(), Err(PortError::Held { .. })));
    drop(listener);
    reserved.check_free().expect("nothing listens any more");
}

#[test]
fn a_port_is_free_at_once_after_a_server_with_connections_has_ended() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let client = std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("it listens");
    // The side that closes first keeps its end of the connection for a while, so close the server's first.
    let (server, _) = listener.accept().expect("a connection");
    drop((server, listener));
    drop(client);
    assert!(is_free(port));
}
