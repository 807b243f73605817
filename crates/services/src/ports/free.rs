//! Checking that a port is free, by IPv4 and IPv6.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketType, bind, ipproto, socket, sockopt};

/// Returns whether a program could listen on this port now, on any address of this machine.
///
/// This only binds and never listens, so no client can connect to this process by mistake.
pub(super) fn is_free(port: u16) -> bool {
    let families = [IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::UNSPECIFIED)];
    families.into_iter().all(|address| {
        // On a machine that lacks a family, no program listens there.
        !matches!(try_bind(SocketAddr::new(address, port)), Err(Errno::ADDRINUSE | Errno::ACCESS))
    })
}

fn try_bind(address: SocketAddr) -> Result<(), Errno> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let socket = socket(family, SocketType::STREAM, Some(ipproto::TCP))?;
    // Ended connections keep a port for a minute. Servers set this option too, so those don't stop them.
    #[cfg(unix)]
    sockopt::set_socket_reuseaddr(&socket, true)?;
    if address.is_ipv6() {
        sockopt::set_ipv6_v6only(&socket, true)?;
    }
    bind(&socket, &address)
}
