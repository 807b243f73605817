//! One client: its requests in order, their answers, and the notifications between them.
//!
//! The connection reads nothing while an answer waits to be sent, so no buffer grows without bound. It ends when the
//! client closes it, sends something other than a message, sends half a message, or takes nothing of an answer for
//! [`NOT_TAKEN`]; no work waits for any of these.

use std::io::{self, PipeReader, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::frame::{RpcFrameDecoder, framed};
use super::message::{Params, RpcError, RpcRequest, RpcService, RpcServices, answer};

/// The longest time for a message to arrive completely, and for a new client to introduce itself.
const HALF_MESSAGE: Duration = Duration::from_secs(5);
/// The longest time for which a client may take nothing of the data sent to it.
const NOT_TAKEN: Duration = Duration::from_secs(5);
/// The same limit once the server is about to end.
const NOT_TAKEN_AT_THE_END: Duration = Duration::from_millis(200);
/// The time between two polls for notifications.
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);
/// The most polls for the last notifications.
const FAREWELLS: u32 = 16;
/// The most memory that is kept for sending.
const KEPT_BYTES: usize = 8 * 1024;
/// Number of bytes that are read at once.
const PIECE_BYTES: usize = 8 * 1024;

/// The connection with one client.
pub(super) struct ClientConnection<'a> {
    stream: UnixStream,
    /// Its writer closes it when the server is about to end.
    stop: &'a PipeReader,
    service: Box<dyn RpcService>,
    frames: RpcFrameDecoder,
    /// Bytes still to be sent.
    out: Vec<u8>,
    /// The time since which none of these bytes was taken.
    waits_since: Instant,
    /// The time at which the incomplete message began, or the client connected.
    began: Instant,
    looked: Instant,
    /// The service's bell has become readable.
    rung: bool,
    /// The connection ends once everything is sent.
    last: bool,
    /// The server is about to end.
    closing: bool,
    /// The number of polls for the last notifications so far.
    farewells: u32,
}

impl<'a> ClientConnection<'a> {
    pub(super) fn new(stream: UnixStream, stop: &'a PipeReader, services: &dyn RpcServices) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        let now = Instant::now();
        Ok(Self {
            stream,
            stop,
            service: services.serve(),
            frames: RpcFrameDecoder::accepting(services.request_bytes()),
            out: Vec::new(),
            waits_since: now,
            began: now,
            looked: now,
            rung: false,
            last: false,
            closing: false,
            farewells: 0,
        })
    }

    /// Serve the client until the connection ends.
    pub(super) fn run(mut self) -> io::Result<()> {
        loop {
            self.answer_all()?;
            self.queue_notifications();
            self.send()?;
            if self.out.is_empty() && self.last || self.is_late() {
                return Ok(());
            }
            if self.out.is_empty() && self.closing {
                continue;
            }
            // While an answer waits, don't read: complete requests behind it must be answered before the end of the
            // stream is noticed.
            let answering = !self.out.is_empty();
            self.await_event()?;
            self.send()?;
            if !answering && !self.last {
                self.receive()?;
            }
        }
    }

    /// Sleep until the client can be read from or written to, the server ends, or something is due.
    fn await_event(&mut self) -> io::Result<()> {
        let wanted = if self.out.is_empty() { PollFlags::IN } else { PollFlags::OUT };
        let timeout = self.next().map(|at| at.saturating_duration_since(Instant::now()));
        let timeout = timeout.and_then(|left| Timespec::try_from(left).ok());
        let stream = PollFd::from_borrowed_fd(self.stream.as_fd(), wanted);
        let stop = PollFd::from_borrowed_fd(self.stop.as_fd(), PollFlags::IN);
        // A client that takes nothing at the moment is notified later.
        let bell = self.service.bell().filter(|_| self.out.is_empty());
        let bell = bell.map(|bell| PollFd::from_borrowed_fd(bell, PollFlags::IN));
        let stop = Some(stop).filter(|_| !self.closing);
        let mut all: Vec<PollFd<'_>> = [Some(stream), stop, bell].into_iter().flatten().collect();
        match poll(&mut all, timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let is_ready = |at: usize| all.get(at).is_some_and(|fd| !fd.revents().is_empty());
        let (stopped, rung) = if self.closing { (false, is_ready(1)) } else { (is_ready(1), is_ready(2)) };
        drop(all);
        self.rung |= rung;
        if stopped {
            self.closing = true;
            self.waits_since = Instant::now();
        }
        Ok(())
    }

    /// The next time at which something is due; `None` if only the client, the server's end or the bell matters.
    fn next(&self) -> Option<Instant> {
        let pause = if self.catches_up() { Duration::ZERO } else { BETWEEN_LOOKS };
        let follows = self.service.follows().then(|| self.looked + pause);
        let late = if !self.out.is_empty() {
            Some(self.waits_since + self.patience())
        } else if self.is_awaited() {
            Some(self.began + HALF_MESSAGE)
        } else {
            None
        };
        follows.into_iter().chain(late).min()
    }

    /// Returns whether the client has taken everything so far, and the service has more to send.
    fn catches_up(&self) -> bool {
        self.out.is_empty() && self.service.has_more()
    }

    fn patience(&self) -> Duration {
        if self.closing { NOT_TAKEN_AT_THE_END } else { NOT_TAKEN }
    }

    /// Returns whether the client has begun something that it should finish soon.
    fn is_awaited(&self) -> bool {
        !self.frames.is_empty() || !self.service.introduced()
    }

    fn is_late(&self) -> bool {
        if self.out.is_empty() {
            self.is_awaited() && self.began.elapsed() >= HALF_MESSAGE
        } else {
            self.waits_since.elapsed() >= self.patience()
        }
    }

    /// Read what has arrived.
    fn receive(&mut self) -> io::Result<()> {
        let mut piece = [0; PIECE_BYTES];
        match self.stream.read(&mut piece) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => {
                if self.frames.is_empty() && self.service.introduced() {
                    self.began = Instant::now();
                }
                self.frames.push(&piece[..read]);
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Answer complete requests until an answer can't be sent at once; the other requests are answered later.
    fn answer_all(&mut self) -> io::Result<()> {
        while self.out.is_empty() && !self.last {
            match self.frames.next_message() {
                Ok(None) => return Ok(()),
                Ok(Some(message)) => {
                    if let Some(text) = answered(&message, self.service.as_mut()) {
                        self.put(&text);
                    }
                    self.began = Instant::now();
                    self.send()?;
                }
                // It is unknown where the next message begins, so the connection ends.
                Err(error) => {
                    self.put(&answer(None, Err(RpcError::no_message(&error))));
                    self.last = true;
                }
            }
        }
        Ok(())
    }

    /// Queue the notifications that are due. Before the server ends, the client gets all remaining ones, in up to
    /// `FAREWELLS` rounds.
    fn queue_notifications(&mut self) {
        if self.closing && self.out.is_empty() {
            let due = if self.service.follows() { self.service.due(true, true) } else { Vec::new() };
            self.farewells += 1;
            self.last = due.is_empty() || self.farewells == FAREWELLS;
            due.iter().for_each(|notification| self.put(&notification.text()));
        } else if self.service.follows() && self.looked.elapsed() >= BETWEEN_LOOKS {
            self.looked = Instant::now();
            let due = self.service.due(self.out.is_empty(), false);
            due.iter().for_each(|notification| self.put(&notification.text()));
        } else if std::mem::take(&mut self.rung) && self.out.is_empty() {
            self.service.due(true, false).iter().for_each(|notification| self.put(&notification.text()));
        } else if self.catches_up() {
            self.service.more().into_iter().for_each(|notification| self.put(&notification.text()));
        }
    }

    fn put(&mut self, text: &str) {
        if self.out.is_empty() {
            self.waits_since = Instant::now();
        }
        self.out.extend(framed(text));
    }

    /// Send as much as the client takes.
    fn send(&mut self) -> io::Result<()> {
        while !self.out.is_empty() {
            match self.stream.write(&self.out) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(sent) => {
                    self.out.drain(..sent);
                    self.waits_since = Instant::now();
                    if self.out.is_empty() {
                        // Otherwise each of a hundred clients would keep memory for its largest answer ever.
                        self.out.shrink_to(KEPT_BYTES);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// The answer to the request in this message; `None` for a notification.
fn answered(message: &[u8], service: &mut dyn RpcService) -> Option<String> {
    match RpcRequest::read(message) {
        Ok(RpcRequest { id: Some(id), method }) => Some(answer(Some(&id), service.call(&method, Params(message)))),
        // A notification has no answer, whatever its result.
        Ok(RpcRequest { id: None, .. }) => None,
        Err((id, fault)) => Some(answer(id.as_ref(), Err(fault))),
    }
}
