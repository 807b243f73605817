//! A port of this machine that accepts connections.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// Addresses by which a machine reaches itself. Some servers listen on one of them alone.
pub(super) const LOOPBACK: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];

/// Longest time for a connection within the machine. It takes longer only if the server's queue is full.
const PATIENCE: Duration = Duration::from_millis(10);

/// Connect to a port by either family; the error is the reason as a sentence.
pub(super) fn connect(port: u16) -> Result<(), String> {
    let attempts = LOOPBACK.map(|address| TcpStream::connect_timeout(&SocketAddr::new(address, port), PATIENCE));
    let [four, six] = attempts.map(Result::err);
    let (Some(four), Some(six)) = (four, six) else { return Ok(()) };
    let refused = |error: &io::Error| error.kind() == io::ErrorKind::ConnectionRefused;
    // A machine without IPv6 gives another error there, which says nothing about the service.
    match refused(&four) {
        true => Err(format!("nothing listens on port {port}")),
        false => Err(format!("port {port} does not accept connections: {four}; by IPv6: {six}")),
    }
}
