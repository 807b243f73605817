//! The client's side: one connection, with calls that wait for their answers.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::frame::{RpcFrameDecoder, framed};
use super::message::{RpcError, request};
use super::socket::is_own;
use super::socket_path::check_directory;
use super::{CallError, PlaceError};

/// The largest message that a server sends.
const ANSWER_BYTES: usize = 1024 * 1024;
/// The most notifications that are kept until they are read; beyond that, the oldest are dropped.
const NOTIFICATIONS: usize = 1024;

/// A connection to a process that takes requests.
#[derive(Debug)]
pub struct RpcClient {
    stream: UnixStream,
    frames: RpcFrameDecoder,
    last_id: u64,
    /// Notifications that have arrived and were not read yet.
    notifications: VecDeque<Value>,
}

impl RpcClient {
    /// Connect to the process that listens at this path.
    ///
    /// # Errors
    /// No process of this user listens there, or others could reach the socket.
    pub fn connect(path: &Path) -> Result<Self, CallError> {
        check_directory(path)?;
        let stream = UnixStream::connect(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => CallError::Nobody(path.to_owned()),
            _ => CallError::Io(error),
        })?;
        if !is_own(&stream) {
            let problem = "has a socket of another user";
            return Err(PlaceError::Unsafe { path: path.to_owned(), problem }.into());
        }
        let frames = RpcFrameDecoder::accepting(ANSWER_BYTES);
        Ok(Self { stream, frames, last_id: 0, notifications: VecDeque::new() })
    }

    /// Call a method, and wait for the answer.
    ///
    /// # Errors
    /// The server refused, is gone, or did not answer in time.
    pub fn call(&mut self, method: &str, params: &Value, patience: Duration) -> Result<Value, CallError> {
        let deadline = Instant::now() + patience;
        self.last_id += 1;
        self.stream.set_write_timeout(Some(patience))?;
        // Read on even if this fails: a server that takes no more requests may have sent the reason.
        let sent = self.stream.write_all(&framed(&request(self.last_id, method, params)));
        loop {
            let mut message = match (self.receive(deadline), &sent) {
                (Err(_), Err(error)) => return Err(CallError::Io(error.kind().into())),
                (received, _) => received?,
            };
            if message.get("method").is_some() {
                self.keep(message);
                continue;
            }
            if message["id"] != self.last_id && !message["id"].is_null() {
                continue;
            }
            if let Some(error) = message.get_mut("error") {
                let fault: Result<RpcError, _> = serde_json::from_value(error.take());
                return Err(fault.map_or_else(|error| CallError::Answer(error.to_string()), CallError::Refused));
            }
            return Ok(message["result"].take());
        }
    }

    /// The next notification, with its method and parameters; `None` if there is none in time.
    ///
    /// # Errors
    /// The connection has ended, or the server sent something invalid.
    pub fn notification(&mut self, patience: Duration) -> Result<Option<Value>, CallError> {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(first) = self.notifications.pop_front() {
                return Ok(Some(first));
            }
            match self.receive(deadline) {
                Ok(message) if message.get("method").is_some() => self.keep(message),
                Ok(_) => {}
                Err(CallError::TimeUp) => return Ok(None),
                Err(error) => return Err(error),
            }
        }
    }

    fn keep(&mut self, notification: Value) {
        if self.notifications.len() == NOTIFICATIONS {
            self.notifications.pop_front();
        }
        self.notifications.push_back(notification);
    }

    /// Read the next message.
    fn receive(&mut self, deadline: Instant) -> Result<Value, CallError> {
        let nonsense = |error: &dyn std::fmt::Display| CallError::Answer(error.to_string());
        let mut piece = [0; 16 * 1024];
        loop {
            if let Some(message) = self.frames.next_message().map_err(|error| nonsense(&error))? {
                return serde_json::from_slice(&message).map_err(|error| nonsense(&error));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(CallError::TimeUp);
            }
            self.stream.set_read_timeout(Some(left))?;
            match self.stream.read(&mut piece) {
                Ok(0) => return Err(CallError::Io(io::ErrorKind::UnexpectedEof.into())),
                Ok(read) => self.frames.push(&piece[..read]),
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                    return Err(CallError::TimeUp);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(CallError::Io(error)),
            }
        }
    }
}
