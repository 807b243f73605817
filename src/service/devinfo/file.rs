//! The file by which a server says who it is.

use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::process::has_ended;
use crate::small_file::read_small;

/// The longest file.
const MOST_BYTES: u64 = 64 * 1024;
/// The longest time for a connection.
const PATIENCE: Duration = Duration::from_millis(500);

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
    /// Its id; empty if the folder's name is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub plugin_id: String,
    /// Its version.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// The time of its start, as it wrote it.
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

    /// True if its process is there and its address accepts connections. It takes half a second for each address at most.
    pub fn is_alive(&self) -> bool {
        !has_ended(self.pid) && self.accepts()
    }

    /// True if its address accepts connections.
    pub fn accepts(&self) -> bool {
        let path = self.addr.strip_prefix("unix:").map(|path| path.strip_prefix("//").unwrap_or(path));
        match path.or_else(|| Some(&*self.addr).filter(|addr| addr.starts_with('/'))) {
            Some(path) => accepts_at(path),
            None => self.addr.to_socket_addrs().is_ok_and(|mut addresses| addresses.any(connects)),
        }
    }
}

fn connects(address: SocketAddr) -> bool {
    TcpStream::connect_timeout(&address, PATIENCE).is_ok()
}

/// True if a socket at this path accepts connections.
#[cfg(unix)]
fn accepts_at(path: &str) -> bool {
    std::os::unix::net::UnixStream::connect(path).is_ok()
}

/// There are no such sockets here.
#[cfg(not(unix))]
fn accepts_at(_: &str) -> bool {
    false
}
