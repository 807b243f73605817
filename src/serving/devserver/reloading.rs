//! The way from a build to the program that loads it: an address on this machine that the guard of a build calls once the
//! result is in its place. The answer is the program's.

use std::hash::{BuildHasher, RandomState};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::settings::PluginReloader;

/// The longest that a request may take to arrive.
const PATIENCE: Duration = Duration::from_secs(2);
/// The pause after a call that could not be taken.
const AFTER_ERROR: Duration = Duration::from_millis(200);
/// The longest request.
const REQUEST_BYTES: u64 = 8 * 1024;

/// The address of one plugin, until this is dropped.
pub(super) struct ReloadAddress {
    place: SocketAddr,
    shared: Arc<ReloadAddressState>,
}

struct ReloadAddressState {
    id: String,
    /// No other program knows it, so none reloads by mistake.
    path: String,
    reloader: Arc<dyn PluginReloader>,
    /// The reason why the last reload failed.
    fault: Mutex<Option<String>>,
    over: Mutex<bool>,
}

impl ReloadAddress {
    /// Take calls for this plugin from now on.
    ///
    /// # Errors
    /// There is no port, or no thread.
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
                // The guard of a build that is not answered reports that.
                match stream {
                    Ok(stream) => drop(serving.serve(&stream)),
                    // Such as too many open files: it may last.
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

    /// The reason why the last reload failed; none if it did not.
    pub(super) fn fault(&self) -> impl Fn() -> Option<String> + Send + 'static {
        let shared = Arc::clone(&self.shared);
        move || shared.fault.lock().clone()
    }
}

impl Drop for ReloadAddress {
    fn drop(&mut self) {
        *self.shared.over.lock() = true;
        // The thread waits for a call.
        let _ = TcpStream::connect(self.place);
    }
}

/// The bytes that arrive until some moment: a request that comes in drops would hold up the others.
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
