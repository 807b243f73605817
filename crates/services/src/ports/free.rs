//! A port's being free, by both families.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketType, bind, ipproto, socket, sockopt};

/// Whether a program could listen on this port now, on any address of this machine.
///
/// Nothing listens in order to find out, so no client ever meets this process.
pub(super) fn is_free(port: u16) -> bool {
    let families = [IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::UNSPECIFIED)];
    families.into_iter().all(|address| {
        // A machine that lacks a family has no program that listens there.
        !matches!(try_bind(SocketAddr::new(address, port)), Err(Errno::ADDRINUSE | Errno::ACCESS))
    })
}

fn try_bind(address: SocketAddr) -> Result<(), Errno> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let socket = socket(family, SocketType::STREAM, Some(ipproto::TCP))?;
    // Connections that have ended keep a port for a minute, and hinder no server that asks for the same.
    #[cfg(unix)]
    sockopt::set_socket_reuseaddr(&socket, true)?;
    if address.is_ipv6() {
        sockopt::set_ipv6_v6only(&socket, true)?;
    }
    bind(&socket, &address)
}
