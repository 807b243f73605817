//! All clients of one process: a thread that waits for them, and one for each.

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
/// The refused clients whose connections stay open for a while.
const REFUSED: usize = 8;
/// The stack of a client's thread.
const STACK_BYTES: usize = 256 * 1024;
/// The longest wait for the clients when the server ends. One that takes nothing is given up far sooner.
const FAREWELL: Duration = Duration::from_secs(2);
/// The wait after a connection could not be taken: the process may be out of descriptors.
const AFTER_FAILURE: Duration = Duration::from_millis(50);

/// A process that takes requests. It listens a moment after its start, so that the work that it is for begins first, and
/// short work is never burdened with it.
#[derive(Debug)]
pub struct RpcServer {
    phase: Arc<Mutex<ServerPhase>>,
    /// Closed to end it.
    stop: Option<PipeWriter>,
    /// Closed when the last client is gone.
    gone: Receiver<()>,
}

/// The life of a server's socket.
#[derive(Debug)]
enum ServerPhase {
    Waiting,
    Listening(Listening),
    /// Another process made the socket, or the one connection, and keeps it.
    Lent,
    Over,
}

impl RpcServer {
    /// Listen at this path after a moment, and answer by these services. A process that cannot listen goes on without:
    /// its clients find nobody.
    ///
    /// # Errors
    /// There is no thread for it.
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
    /// It cannot listen there, or there is no thread for it.
    pub fn listen(path: &Path, services: impl RpcServices) -> Result<Self, ListenError> {
        let listening = Listening::bind(path)?;
        let listener = listening.listener.try_clone()?;
        let (stopped, stop) = io::pipe()?;
        let (alive, gone) = bounded(0);
        let main = thread::Builder::new().name("control".into()).stack_size(STACK_BYTES);
        main.spawn(move || accept(&listener, stopped, Arc::new(services), &alive))?;
        Ok(Self { phase: Arc::new(Mutex::new(ServerPhase::Listening(listening))), stop: Some(stop), gone })
    }

    /// Answer on a socket that another process has made and keeps: it is not removed at the end.
    ///
    /// # Errors
    /// Others could reach it, or there is no thread for it.
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

    /// Answer one client on a connection that is there already, until it ends.
    ///
    /// # Errors
    /// There is no thread for it.
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

    /// End it: its socket goes, and the clients that follow are sent the last changes. No client delays this by more than a
    /// moment.
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

/// Returns whether the server is to end before this much time has passed.
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

/// Take clients until the server ends.
fn accept(listener: &UnixListener, stopped: PipeReader, services: Arc<dyn RpcServices>, alive: &Sender<()>) {
    let (stopped, clients) = (Arc::new(stopped), Arc::new(Mutex::new(0)));
    // Closed at once, one that has asked already would lose the answer.
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

/// A client that counts for as long as this lives.
struct CountedClient {
    clients: Arc<Mutex<usize>>,
    _alive: Sender<()>,
}

impl Drop for CountedClient {
    fn drop(&mut self) {
        *self.clients.lock() -= 1;
    }
}

/// Serve a client on a thread of its own. If there are too many it is told so, and its connection comes back.
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
        // A socket that was just opened takes a short message at once.
        let _ = (&stream).write(&framed(&answer(None, Err(busy))));
        let _ = stream.shutdown(Shutdown::Write);
        return Err(stream);
    }
    let (stopped, services) = (Arc::clone(stopped), Arc::clone(services));
    let thread = thread::Builder::new().name("client".into()).stack_size(STACK_BYTES);
    // Without a thread, the connection is closed.
    let _ = thread.spawn(move || {
        let _client = client;
        // A connection that fails is over; its client sees that.
        let _ = ClientConnection::new(stream, &stopped, &*services).and_then(ClientConnection::run);
    });
    Ok(())
}

#[cfg(test)]
mod tests;
