//! HTTP requests for documents: bounded in time and size, repeated if that can help. Credentials go to their own host
//! only.

mod gate;
mod pending_requests;
mod retry;

use std::io::{self, BufReader, Read};
use std::thread::ThreadId;
use std::time::{Duration, Instant};

use url::Url;
use vx_http::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH,
    LAST_MODIFIED,
};
use vx_http::{
    HttpClientSettings, HttpError, HttpLimits, HttpResponse, Method, Request, StatusCode, TlsTrust, retry_after,
};
use vx_inflate::gunzip;

use crate::error::{SourceError, SourceErrorKind};
use crate::options::{RequestLimits, SourceOptions};
use gate::Gate;
use pending_requests::PendingRequests;
use retry::AttemptFailure;

/// Most requests at once: enough for a dozen tools on all platforms in one go. Registries throttle clients that send
/// more, and refused requests are repeated later.
const AT_ONCE_MAX: usize = 96;

/// Parse an address in a registry's document.
pub(crate) fn web_address(text: &str) -> Result<Url, SourceErrorKind> {
    let url = Url::parse(text).map_err(|error| SourceErrorKind::Garbage(error.to_string()))?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        _ => Err(SourceErrorKind::Garbage("an address in it is not a web address".into())),
    }
}

/// One request.
pub(crate) struct Query<'a> {
    /// What is requested, for error texts.
    pub(crate) what: &'a str,
    pub(crate) url: &'a Url,
    /// Document types to accept.
    pub(crate) accept: &'a str,
    /// ETag of the cached copy.
    pub(crate) etag: Option<&'a str>,
    /// `Last-Modified` of the cached copy.
    pub(crate) changed: Option<&'a str>,
    /// Makes the `Authorization` header for an address; called for every redirect, so that each host gets only its own.
    pub(crate) authorization: &'a dyn Fn(&Url) -> Option<String>,
}

impl<'a> Query<'a> {
    /// A request for a document that isn't cached.
    pub(crate) fn new(
        what: &'a str,
        url: &'a Url,
        accept: &'a str,
        authorization: &'a dyn Fn(&Url) -> Option<String>,
    ) -> Self {
        Self { what, url, accept, etag: None, changed: None, authorization }
    }

    /// The same, for a document in JSON.
    pub(crate) fn json(what: &'a str, url: &'a Url, authorization: &'a dyn Fn(&Url) -> Option<String>) -> Self {
        Self::new(what, url, "application/json", authorization)
    }

    /// Whether there is a cached copy to revalidate.
    fn has_copy(&self) -> bool {
        self.etag.is_some() || self.changed.is_some()
    }
}

/// A document.
pub(crate) struct FetchedDocument {
    /// Its address, after redirects.
    pub(crate) url: Url,
    pub(crate) content_type: String,
    pub(crate) etag: Option<String>,
    pub(crate) changed: Option<String>,
    pub(crate) bytes: Vec<u8>,
}

/// The result of a request with a cached copy.
pub(crate) enum Revalidation {
    /// The cached copy is current.
    Unchanged,
    Changed(FetchedDocument),
}

/// The client for documents, shared by all threads; connections stay open between requests.
pub(crate) struct DocumentClient {
    client: vx_http::Client,
    limits: RequestLimits,
    gate: Gate,
    waits: PendingRequests,
}

impl DocumentClient {
    pub(crate) fn new(options: &SourceOptions, trust: &TlsTrust) -> Self {
        let limits = options.limits;
        let settings = HttpClientSettings {
            bounds: HttpLimits {
                connect: limits.connect,
                answer: limits.idle,
                idle: limits.idle,
                lowest: limits.lowest,
            },
            environment: &*options.environment,
            trust,
            buffer_bytes: None,
            // Keep as many as can be in use at once, so that none is opened twice.
            idle_connections: AT_ONCE_MAX,
        };
        Self {
            client: vx_http::Client::new(&settings),
            limits,
            gate: Gate::new(AT_ONCE_MAX),
            waits: PendingRequests::default(),
        }
    }

    /// Return the server of the oldest request under way, if it is at least this old.
    pub(crate) fn awaited(&self, age: Duration) -> Option<String> {
        self.waits.oldest(age)
    }

    /// Return the server that this thread waits for, if its request is at least this old.
    pub(crate) fn awaited_by(&self, thread: ThreadId, age: Duration) -> Option<String> {
        self.waits.of_thread(thread, age)
    }

    /// Request a document.
    pub(crate) fn get(&self, query: &Query<'_>) -> Result<Revalidation, SourceError> {
        self.with_retries(query, |begun| {
            let answer = self.exchange(Method::Get, query, begun)?;
            if answer.status == StatusCode::NOT_MODIFIED && query.has_copy() {
                return Ok(Revalidation::Unchanged);
            }
            self.read(answer).map(Revalidation::Changed)
        })
    }

    /// Ask for the size in bytes of the content at an address; `None` if the server doesn't give it.
    ///
    /// There's no retry: the size is only for a progress bar, and the download itself is retried.
    pub(crate) fn size(&self, query: &Query<'_>) -> Option<u64> {
        let _wait = self.waits.begin(query.url);
        let answer = self.gate.pass(|| self.exchange(Method::Head, query, Instant::now())).ok()?;
        // A web page is not the archive.
        if answer.text(CONTENT_TYPE).is_some_and(|kind| kind.to_ascii_lowercase().contains("html")) {
            return None;
        }
        answer.text(CONTENT_LENGTH).and_then(|length| length.parse().ok()).filter(|size| *size > 0)
    }

    /// Check that the server at an address responds without an error.
    pub(crate) fn probe(&self, query: &Query<'_>) -> Result<(), SourceError> {
        self.with_retries(query, |begun| self.exchange(Method::Head, query, begun)).map(drop)
    }

    /// Repeat a request until it succeeds or a retry is useless. `ask` gets the time of the first attempt.
    fn with_retries<T>(
        &self,
        query: &Query<'_>,
        ask: impl Fn(Instant) -> Result<T, AttemptFailure>,
    ) -> Result<T, SourceError> {
        let (begun, _wait) = (Instant::now(), self.waits.begin(query.url));
        let mut attempt = 1;
        loop {
            let failure = match self.gate.pass(|| ask(begun)) {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            attempt += failure.weight;
            let pause = retry::pause(&self.limits, attempt, failure.retry_after);
            let in_time = self.limits.whole.is_none_or(|whole| begun.elapsed() + pause < whole);
            if !failure.transient || attempt > self.limits.attempts || !in_time {
                return Err(SourceError::for_url(query.what, query.url, failure.kind));
            }
            std::thread::sleep(pause);
        }
    }

    /// Send a request that was first sent at `begun`. A status other than success is a failure.
    fn exchange(&self, method: Method, query: &Query<'_>, begun: Instant) -> Result<HttpResponse, AttemptFailure> {
        // A HEAD must give the size of the bytes as stored, not as encoded for transfer.
        let encoding = if method == Method::Head { "identity" } else { "gzip" };
        let mut headers = vec![(ACCEPT, query.accept.to_owned()), (ACCEPT_ENCODING, encoding.to_owned())];
        match (query.etag, query.changed) {
            _ if method == Method::Head => {}
            (Some(etag), _) => headers.push((IF_NONE_MATCH, etag.to_owned())),
            (None, Some(changed)) => headers.push((IF_MODIFIED_SINCE, changed.to_owned())),
            (None, None) => {}
        }
        let within = self.limits.whole.map(|whole| whole.saturating_sub(begun.elapsed()));
        if within.is_some_and(|within| within.is_zero()) {
            return Err(AttemptFailure::from_http_error(HttpError::Overdue, &self.limits));
        }
        let request = Request { method, url: query.url, headers: &headers, authorization: query.authorization, within };
        let answer =
            self.client.send(&request).map_err(|fault| AttemptFailure::from_http_error(fault, &self.limits))?;
        if answer.status.is_success() || answer.status == StatusCode::NOT_MODIFIED {
            Ok(answer)
        } else {
            Err(AttemptFailure::status(answer.status.as_u16(), retry_after(&answer.headers), &self.limits))
        }
    }

    fn read(&self, answer: HttpResponse) -> Result<FetchedDocument, AttemptFailure> {
        let text = |name| answer.text(name).map(str::to_owned);
        let content_type = text(CONTENT_TYPE).unwrap_or_default().to_ascii_lowercase();
        let (etag, changed) = (text(ETAG), text(LAST_MODIFIED));
        let limit = self.limits.answer_bytes;
        let (url, mut bytes) = (answer.url.clone(), Vec::new());
        let read = content(answer).take(limit + 1).read_to_end(&mut bytes);
        read.map_err(|error| self.unreadable(error))?;
        if bytes.len() as u64 > limit {
            return Err(AttemptFailure::lasting(SourceErrorKind::TooLarge(limit)));
        }
        Ok(FetchedDocument { url, content_type, etag, changed, bytes })
    }

    fn unreadable(&self, error: io::Error) -> AttemptFailure {
        match error.kind() {
            io::ErrorKind::InvalidData => AttemptFailure::lasting(SourceErrorKind::Garbage(error.to_string())),
            _ => AttemptFailure::from_http_error(HttpError::of_read(error), &self.limits),
        }
    }
}

/// Read an answer's content, decoded if the server has compressed it.
fn content(answer: HttpResponse) -> Box<dyn Read> {
    let compressed = answer.text(CONTENT_ENCODING).is_some_and(|encoding| encoding.eq_ignore_ascii_case("gzip"));
    if compressed { Box::new(gunzip(BufReader::new(answer.body))) } else { Box::new(answer.body) }
}

impl FetchedDocument {
    /// Whether it is a web page.
    pub(crate) fn is_html(&self) -> bool {
        let text = self.bytes.trim_ascii_start();
        self.content_type.contains("html") || text.starts_with(b"<")
    }
}
