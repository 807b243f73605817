//! All clients of one process: a thread that accepts them, and a thread for each.

use std::collections::VecDeque;
use std::io::{self, PipeReader, PipeWriter, Write};
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};
use parking_lot::Mutex;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use super::connection::ClientConnection;
use super::frame::framed;
use super::message::{RpcError, RpcServices, answer};
use super::socket::{ListenError, Listening, is_own};
use super::socket_path::check_directory;

/// The most clients at a time.
const CLIENTS: usize = 100;
/// The number of refused clients whose connections stay open for a while.
const REFUSED: usize = 8;
/// The stack of a client's thread.
const STACK_BYTES: usize = 256 * 1024;
/// The longest wait for the clients when the server ends. A client that takes nothing is disconnected far sooner.
const FAREWELL: Duration = Duration::from_secs(2);
/// The wait after a connection could not be accepted: the process may be out of descriptors.
const AFTER_FAILURE: Duration = Duration::from_millis(50);

/// Takes requests for this process. With [`start`](Self::start) it listens only after a delay, so that the process's
/// work begins first, and short work is not burdened with a server.
#[derive(Debug)]
pub struct RpcServer {
    phase: Arc<Mutex<ServerPhase>>,
    /// Closed to end the server.
    stop: Option<PipeWriter>,
    /// Closed when the last client is gone.
    gone: Receiver<()>,
}

/// The state of a server's socket.
#[derive(Debug)]
enum ServerPhase {
    Waiting,
    Listening(Listening),
    /// The socket, or the only connection, comes from another owner, so it is not removed.
    Lent,
    Over,
}

impl RpcServer {
    /// Listen at this path after a delay, and answer by these services. A process that cannot listen goes on without a
    /// server, and its clients can't connect.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn start(path: &Path, after: Duration, services: impl RpcServices) -> io::Result<Self> {
        let (stopped, stop) = io::pipe()?;
        let (alive, gone) = bounded(0);
        let phase = Arc::new(Mutex::new(ServerPhase::Waiting));
        let (path, shared) = (path.to_owned(), Arc::clone(&phase));
        let main = thread::Builder::new().name("control".into()).stack_size(STACK_BYTES);
        main.spawn(move || {
            if !stops_within(&stopped, after)
                && let Some(listener) = listen(&path, &shared)
            {
                accept(&listener, stopped, Arc::new(services), &alive);
            }
        })?;
        Ok(Self { phase, stop: Some(stop), gone })
    }

    /// Listen at this path from now on, and answer by these services.
    ///
    /// # Errors
    /// It cannot listen there, or no thread can be started.
    pub fn listen(path: &Path, services: impl RpcServices) -> Result<Self, ListenError> {
        let listening = Listening::bind(path)?;
        let listener = listening.listener.try_clone()?;
        let (stopped, stop) = io::pipe()?;
        let (alive, gone) = bounded(0);
        let main = thread::Builder::new().name("control".into()).stack_size(STACK_BYTES);
        main.spawn(move || accept(&listener, stopped, Arc::new(services), &alive))?;
        Ok(Self { phase: Arc::new(Mutex::new(ServerPhase::Listening(listening))), stop: Some(stop), gone })
    }

    /// Answer on a socket that another process has made and owns: it is not removed at the end.
    ///
    /// # Errors
    /// Others could reach it, or no thread can be started.
    pub fn adopt(listener: UnixListener, services: impl RpcServices) -> Result<Self, ListenError> {
        if let Some(path) = listener.local_addr()?.as_pathname() {
            check_directory(path)?;
        }
        let (stopped, stop) = io::pipe()?;
        let (alive, gone) = bounded(0);
        let main = thread::Builder::new().name("control".into()).stack_size(STACK_BYTES);
        main.spawn(move || accept(&listener, stopped, Arc::new(services), &alive))?;
        Ok(Self { phase: Arc::new(Mutex::new(ServerPhase::Lent)), stop: Some(stop), gone })
    }

    /// Answer one client on an existing connection, until it ends.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn for_one(stream: UnixStream, services: impl RpcServices) -> io::Result<Self> {
        let (stopped, stop) = io::pipe()?;
        let (alive, gone) = bounded(0);
        let thread = thread::Builder::new().name("client".into()).stack_size(STACK_BYTES);
        thread.spawn(move || {
            let _alive: Sender<()> = alive;
            let _ = ClientConnection::new(stream, &stopped, &services).and_then(ClientConnection::run);
        })?;
        Ok(Self { phase: Arc::new(Mutex::new(ServerPhase::Lent)), stop: Some(stop), gone })
    }

    /// End the server: its socket is removed, and clients that want notifications get the last ones. No client can
    /// delay this for long.
    pub fn finish(self) {
        drop(self);
    }
}

impl Drop for RpcServer {
    fn drop(&mut self) {
        let phase = std::mem::replace(&mut *self.phase.lock(), ServerPhase::Over);
        drop(self.stop.take());
        match phase {
            ServerPhase::Listening(listening) => drop(listening),
            ServerPhase::Lent => {}
            ServerPhase::Waiting | ServerPhase::Over => return,
        }
        let _ = self.gone.recv_timeout(FAREWELL);
    }
}

/// Listen at this path, unless the server has ended meanwhile.
fn listen(path: &Path, phase: &Mutex<ServerPhase>) -> Option<UnixListener> {
    let mut phase = phase.lock();
    if !matches!(*phase, ServerPhase::Waiting) {
        return None;
    }
    let listening = Listening::bind(path).ok()?;
    let listener = listening.listener.try_clone().ok()?;
    *phase = ServerPhase::Listening(listening);
    Some(listener)
}

/// Returns whether the server is asked to end before this time has passed.
fn stops_within(stopped: &PipeReader, time: Duration) -> bool {
    let until = Instant::now() + time;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let timeout = left.try_into().ok();
        match poll(&mut [PollFd::from_borrowed_fd(stopped.as_fd(), PollFlags::IN)], timeout.as_ref()) {
            Err(Errno::INTR) => {}
            other => return other.is_ok_and(|ready| ready > 0),
        }
    }
}

/// Accept clients until the server ends.
fn accept(listener: &UnixListener, stopped: PipeReader, services: Arc<dyn RpcServices>, alive: &Sender<()>) {
    let (stopped, clients) = (Arc::new(stopped), Arc::new(Mutex::new(0)));
    // Kept open for a while: if it were closed at once, a client that has sent a request would lose the answer.
    let mut refused: VecDeque<UnixStream> = VecDeque::new();
    loop {
        let mut awaited = [listener.as_fd(), stopped.as_fd()].map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN));
        if poll(&mut awaited, None).is_err_and(|error| error != Errno::INTR) || !awaited[1].revents().is_empty() {
            return;
        }
        if awaited[0].revents().is_empty() {
            continue;
        }
        match listener.accept() {
            Ok((stream, _)) if is_own(&stream) => {
                let client = CountedClient { clients: Arc::clone(&clients), _alive: alive.clone() };
                if let Err(stream) = admit(stream, &stopped, &services, client) {
                    refused.truncate(REFUSED - 1);
                    refused.push_front(stream);
                }
            }
            Ok(_) => {}
            Err(_) => thread::sleep(AFTER_FAILURE),
        }
    }
}

/// Counts a client as long as this value lives.
struct CountedClient {
    clients: Arc<Mutex<usize>>,
    _alive: Sender<()>,
}

impl Drop for CountedClient {
    fn drop(&mut self) {
        *self.clients.lock() -= 1;
    }
}

/// Serve a client on a new thread. If there are too many clients, send an error and return the connection.
fn admit(
    stream: UnixStream,
    stopped: &Arc<PipeReader>,
    services: &Arc<dyn RpcServices>,
    client: CountedClient,
) -> Result<(), UnixStream> {
    let number = {
        let mut clients = client.clients.lock();
        *clients += 1;
        *clients
    };
    if number > CLIENTS {
        let busy = RpcError::work("busy", format!("there are {CLIENTS} clients"), Some("try again later".into()));
        // A short message fits into the buffer of a new socket, so this doesn't block.
        let _ = (&stream).write(&framed(&answer(None, Err(busy))));
        let _ = stream.shutdown(Shutdown::Write);
        return Err(stream);
    }
    let (stopped, services) = (Arc::clone(stopped), Arc::clone(services));
    let thread = thread::Builder::new().name("client".into()).stack_size(STACK_BYTES);
    // Without a thread, the connection is closed.
    let _ = thread.spawn(move || {
        let _client = client;
        // Ignore errors: the client sees that its connection has ended.
        let _ = ClientConnection::new(stream, &stopped, &*services).and_then(ClientConnection::run);
    });
    Ok(())
}

#[cfg(test)]
mod tests;
