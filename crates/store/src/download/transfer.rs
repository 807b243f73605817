//! One request and its response.
//!
//! Looking up a name and connecting can't be interrupted, so a separate thread does both, and the waiting thread can
//! leave at any moment. The consumer then reads the content itself: if another thread passed it on, it would arrive
//! cold in the cache, which made a whole install 5 % slower. Meanwhile the separate thread watches the connection, and
//! shuts it if the install is stopped.

use std::convert::Infallible;
use std::io::{self, ErrorKind, Read};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use url::Url;
use vx_http::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_RANGE, RANGE,
};
use vx_http::{
    Body, Client, HeaderName, HttpClientSettings, HttpError, HttpLimits, HttpResponse, Method, TlsTrust, retry_after,
};

use vx_base::package::archive::Origin;

use super::super::cancel::{CancelWatch, POLL};
use super::CHUNK_BYTES;
use super::cache::is_strong_etag;
use super::retry::Patience;

/// One request.
#[derive(Clone)]
pub(super) struct TransferRequest {
    pub(super) origin: Origin,
    /// First byte wanted, if the beginning is there already.
    pub(super) from: u64,
    /// Version that the range belongs to; the server sends a newer version in full.
    pub(super) etag: Option<String>,
}

/// Head and content of a response, or the failure.
pub(super) type Response = Result<(ResponseHead, Content), HttpError>;

/// A response's head.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ResponseHead {
    pub(super) status: u16,
    pub(super) length: Option<u64>,
    pub(super) range: Option<ContentRange>,
    pub(super) etag: Option<String>,
    pub(super) html: bool,
    /// Encoding that the server claims to have applied, though none was asked for.
    pub(super) encoding: Option<String>,
    pub(super) retry_after: Option<Duration>,
}

/// Which bytes a response holds, as far as its header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ContentRange {
    pub(super) first: Option<u64>,
    pub(super) total: Option<u64>,
}

/// A response's content, as it arrives.
pub(super) struct Content {
    body: Body,
    /// Dropped with the content, which ends the thread that watches the connection.
    _open: Sender<Infallible>,
}

impl Content {
    /// Wait for bytes and read them; zero at the end.
    ///
    /// A stop ends the read at once, with whatever result.
    pub(super) fn read(&mut self, room: &mut [u8]) -> Result<usize, HttpError> {
        loop {
            match self.body.read(room) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => return result.map_err(HttpError::of_read),
            }
        }
    }
}

/// Send a request; the response arrives on the channel. Fails if no thread can be started.
pub(super) fn ask(client: &Client, watch: &CancelWatch, request: TransferRequest) -> io::Result<Receiver<Response>> {
    let (sender, answers) = bounded(1);
    let (client, watch) = (client.clone(), watch.clone());
    thread::Builder::new().name("request".into()).spawn(move || {
        let (open, closed) = bounded(0);
        let answer = call(&client, &request).map(|(head, body)| (head, Content { body, _open: open }));
        let _ = sender.send(answer);
        drop(sender);
        stand_by(&client, &watch, &closed);
    })?;
    Ok(answers)
}

/// Shut the connections if the install is stopped; return once the content is dropped.
fn stand_by(client: &Client, watch: &CancelWatch, closed: &Receiver<Infallible>) {
    while closed.recv_timeout(POLL) == Err(RecvTimeoutError::Timeout) {
        if watch.check().is_err() {
            return client.shutdown();
        }
    }
}

/// Make a client for all requests of one install.
pub(crate) fn client(patience: &Patience, trust: &TlsTrust) -> Client {
    let Patience { connect, answer, stall: idle, lowest, .. } = *patience;
    Client::new(&HttpClientSettings {
        bounds: HttpLimits { connect, answer, idle, lowest },
        environment: &|name| std::env::var(name).ok(),
        trust,
        buffer_bytes: Some(CHUNK_BYTES),
        idle_connections: 3,
    })
}

fn call(client: &Client, request: &TransferRequest) -> Result<(ResponseHead, Body), HttpError> {
    let url = Url::parse(&request.origin.url).map_err(|error| HttpError::Address(error.to_string()))?;
    let mut headers = vec![(ACCEPT_ENCODING, "identity".to_owned())];
    if request.from > 0 {
        headers.push((RANGE, format!("bytes={}-", request.from)));
        headers.extend(request.etag.clone().map(|etag| (IF_RANGE, etag)));
    }
    let own = |hop: &Url| request.origin.authorization_for(hop);
    let (method, headers) = (Method::Get, headers.as_slice());
    let answer = client.send(&vx_http::Request { method, url: &url, headers, authorization: &own, within: None })?;
    Ok((ResponseHead::from_response(&answer), answer.body))
}

impl ResponseHead {
    fn from_response(answer: &HttpResponse) -> Self {
        let text = |name: HeaderName| answer.text(name).map(str::trim);
        Self {
            status: answer.status.as_u16(),
            length: text(CONTENT_LENGTH).and_then(|length| length.parse().ok()),
            range: text(CONTENT_RANGE).map(ContentRange::parse),
            etag: text(ETAG).filter(|etag| is_strong_etag(etag)).map(str::to_owned),
            html: text(CONTENT_TYPE).is_some_and(|kind| kind.to_ascii_lowercase().starts_with("text/html")),
            encoding: text(CONTENT_ENCODING)
                .filter(|encoding| !encoding.is_empty() && !encoding.eq_ignore_ascii_case("identity"))
                .map(str::to_owned),
            retry_after: retry_after(&answer.headers),
        }
    }
}

impl ContentRange {
    /// Parse `bytes 100-199/200`, `bytes 100-199/*` or `bytes */200`; a field that can't be parsed is `None`.
    fn parse(text: &str) -> Self {
        let (range, total) = text.strip_prefix("bytes").unwrap_or(text).trim().split_once('/').unwrap_or((text, ""));
        let first = range.split_once('-').and_then(|(first, _)| first.trim().parse().ok());
        Self { first, total: total.trim().parse().ok() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_ranges_are_read_as_far_as_they_say_something() {
        let range = |first, total| ContentRange { first, total };
        assert_eq!(ContentRange::parse("bytes 100-199/200"), range(Some(100), Some(200)));
        assert_eq!(ContentRange::parse("bytes 0-1/*"), range(Some(0), None));
        assert_eq!(ContentRange::parse("bytes */200"), range(None, Some(200)));
        assert_eq!(ContentRange::parse("nonsense"), range(None, None));
    }
}
