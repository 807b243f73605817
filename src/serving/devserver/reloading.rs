//! Has the embedding program load a new build: the guard of a build calls a local HTTP address once the result is in
//! place, and the response says whether the program has loaded it.

use std::hash::{BuildHasher, RandomState};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::settings::PluginReloader;

/// The longest that a request may take to arrive, and a response to be written.
const PATIENCE: Duration = Duration::from_secs(2);
/// The pause after a connection could not be accepted.
const AFTER_ERROR: Duration = Duration::from_millis(200);
/// The most bytes of a request that are read.
const REQUEST_BYTES: u64 = 8 * 1024;

/// The address for reloads of one plugin. It is served until this is dropped.
pub(super) struct ReloadAddress {
    place: SocketAddr,
    shared: Arc<ReloadAddressState>,
}

struct ReloadAddressState {
    id: String,
    /// Contains a random number, so that no other program triggers a reload by accident.
    path: String,
    reloader: Arc<dyn PluginReloader>,
    /// Why the last reload failed; `None` if it succeeded.
    fault: Mutex<Option<String>>,
    over: Mutex<bool>,
}

impl ReloadAddress {
    /// Serve an address for this plugin.
    ///
    /// # Errors
    /// No port can be bound, or the thread cannot be started.
    pub(super) fn open(id: &str, reloader: Arc<dyn PluginReloader>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let place = listener.local_addr()?;
        let secret = RandomState::new().hash_one(id);
        let shared = Arc::new(ReloadAddressState {
            id: id.to_owned(),
            path: format!("/reload/{secret:016x}"),
            reloader,
            fault: Mutex::default(),
            over: Mutex::default(),
        });
        let serving = Arc::clone(&shared);
        thread::Builder::new().name("reload".into()).spawn(move || {
            for stream in listener.incoming() {
                if *serving.over.lock() {
                    return;
                }
                // Errors are dropped here: a guard that gets no response reports that itself.
                match stream {
                    Ok(stream) => drop(serving.serve(&stream)),
                    // Too many open files, for instance. The pause avoids a busy loop, since this may last.
                    Err(_) => thread::sleep(AFTER_ERROR),
                }
            }
        })?;
        Ok(Self { place, shared })
    }

    /// The address.
    pub(super) fn url(&self) -> String {
        format!("http://{}{}", self.place, self.shared.path)
    }

    /// A function that returns why the last reload failed, and `None` if it succeeded.
    pub(super) fn fault(&self) -> impl Fn() -> Option<String> + Send + 'static {
        let shared = Arc::clone(&self.shared);
        move || shared.fault.lock().clone()
    }
}

impl Drop for ReloadAddress {
    fn drop(&mut self) {
        *self.shared.over.lock() = true;
        // Wakes the thread, which waits for a connection.
        let _ = TcpStream::connect(self.place);
    }
}

/// Reads a request until a deadline: a client that sends byte by byte must not hold up the others.
struct Arriving<'s> {
    stream: &'s TcpStream,
    until: Instant,
}

impl Read for Arriving<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.stream.set_read_timeout(Some(left))?;
        self.stream.read(into)
    }
}

impl ReloadAddressState {
    fn serve(&self, mut stream: &TcpStream) -> io::Result<()> {
        stream.set_write_timeout(Some(PATIENCE))?;
        let arriving = Arriving { stream, until: Instant::now() + PATIENCE };
        let mut lines = BufReader::new(arriving.take(REQUEST_BYTES)).lines();
        let first = lines.next().transpose()?.unwrap_or_default();
        while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
        let status = match first.strip_prefix("POST ").and_then(|rest| rest.split(' ').next()) {
            Some(path) if path == self.path => {
                let loaded = self.reloader.reload_plugin(&self.id);
                *self.fault.lock() = loaded.err();
                if self.fault.lock().is_none() { "200 OK" } else { "500 Internal Server Error" }
            }
            _ => "404 Not Found",
        };
        write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    }
}
