//! The `.devinfo` file, in which a server describes itself.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use crossbeam_channel::bounded;
use serde::{Deserialize, Serialize};
use vx_base::files::small_file::read_small;

use vx_process::has_ended;

/// A larger file is not read.
const MOST_BYTES: u64 = 64 * 1024;
/// Longest wait for a connection, or for a name to resolve.
const PATIENCE: Duration = Duration::from_millis(500);

/// At most this many names are resolved at once; [`ASKED`] counts them.
const MOST_ASKED: usize = 4;
static ASKED: AtomicUsize = AtomicUsize::new(0);

/// The content of a `.devinfo` file. Unknown keys are ignored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DevInfoFile {
    /// The server's process.
    pub pid: u32,
    /// The protocol that it speaks.
    pub protocol: String,
    /// The protocol's version.
    pub protocol_version: u32,
    /// Its address: `HOST:PORT`, or the path of a socket.
    pub addr: String,
    /// The port of its front end; 0 for none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub vite_port: u16,
    /// Its id; empty if the folder's name is its id.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub plugin_id: String,
    /// Its version.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// When it started, as the server wrote it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub started_at: String,
}

/// Serde passes a reference.
fn is_zero(port: &u16) -> bool {
    *port == 0
}

impl DevInfoFile {
    /// Read a file.
    ///
    /// # Errors
    /// The mistake in it, as a sentence.
    pub fn read(path: &Path) -> Result<Self, String> {
        let bytes = read_small(path, MOST_BYTES).ok_or("it cannot be read, or is longer than 64 kB")?;
        let info: Self = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
        match info {
            Self { pid: 0, .. } => Err("`pid` is 0".to_owned()),
            Self { ref addr, .. } if addr.is_empty() => Err("`addr` is empty".to_owned()),
            _ => Ok(info),
        }
    }

    /// Check that its process runs and its address accepts connections. This takes at most half a second for each
    /// address.
    pub fn is_alive(&self) -> bool {
        !has_ended(self.pid) && self.accepts()
    }

    /// Check that its address accepts connections.
    pub fn accepts(&self) -> bool {
        let path = self.addr.strip_prefix("unix:").map(|path| path.strip_prefix("//").unwrap_or(path));
        match path.or_else(|| Some(&*self.addr).filter(|addr| addr.starts_with('/'))) {
            Some(path) => accepts_at(path),
            None => places(&self.addr).into_iter().any(connects),
        }
    }
}

/// Resolve `HOST:PORT` to addresses. Resolving a name other than `localhost` may take any time, so it happens on
/// another thread, and only a few at once.
fn places(text: &str) -> Vec<SocketAddr> {
    if let Ok(place) = text.parse() {
        return vec![place];
    }
    if let Some(port) = text.strip_prefix("localhost:").and_then(|port| port.parse().ok()) {
        return vec![(Ipv4Addr::LOCALHOST, port).into(), (Ipv6Addr::LOCALHOST, port).into()];
    }
    if ASKED.fetch_add(1, Ordering::SeqCst) >= MOST_ASKED {
        ASKED.fetch_sub(1, Ordering::SeqCst);
        return Vec::new();
    }
    let (answer, answered) = bounded(1);
    let name = text.to_owned();
    let asking = thread::Builder::new().name("address".into()).spawn(move || {
        let places = name.to_socket_addrs().map(Iterator::collect).unwrap_or_default();
        ASKED.fetch_sub(1, Ordering::SeqCst);
        let _ = answer.send(places);
    });
    if asking.is_err() {
        ASKED.fetch_sub(1, Ordering::SeqCst);
    }
    answered.recv_timeout(PATIENCE).unwrap_or_default()
}

fn connects(address: SocketAddr) -> bool {
    TcpStream::connect_timeout(&address, PATIENCE).is_ok()
}

/// Check that a socket at this path accepts connections, or its queue of connections is full.
#[cfg(unix)]
fn accepts_at(path: &str) -> bool {
    use rustix::io::Errno;
    use rustix::net::{AddressFamily, SocketAddrUnix, SocketType, connect, socket};

    let Ok(place) = SocketAddrUnix::new(path) else { return false };
    let Ok(socket) = socket(AddressFamily::UNIX, SocketType::STREAM, None) else { return false };
    // Set after it is made, since not every system takes the two as flags.
    if rustix::io::fcntl_setfd(&socket, rustix::io::FdFlags::CLOEXEC).is_err()
        || rustix::io::ioctl_fionbio(&socket, true).is_err()
    {
        return false;
    }
    matches!(connect(&socket, &place), Ok(()) | Err(Errno::AGAIN))
}

/// There are no such sockets here.
#[cfg(not(unix))]
fn accepts_at(_: &str) -> bool {
    false
}
