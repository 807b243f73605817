//! HTTP requests for documents: bounded in time and size, repeated if that can help, and with credentials for their own
//! host only.

mod gate;
mod hosts;
mod proxy;
mod retry;

use std::io::{self, BufReader, Read};

use ureq::http::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_MODIFIED_SINCE,
    IF_NONE_MATCH, LAST_MODIFIED, LOCATION, RETRY_AFTER,
};
use ureq::http::{Response, StatusCode};
use ureq::{Agent, Body};
use url::Url;

use super::error::{SourceError, SourceErrorKind};
use super::options::{Limits, SourceOptions};
use crate::inflate::gunzip;
use crate::redirect::{self, REDIRECTS_MAX};
use gate::Gate;
use proxy::Routes;
use retry::{Failure, classify};

/// The most requests at once, enough for a dozen tools on all platforms in one go. Registries throttle clients with
/// more, and refused requests are repeated later.
const AT_ONCE_MAX: usize = 96;

/// One request.
pub(super) struct Query<'a> {
    /// The requested thing, for errors.
    pub(super) what: &'a str,
    pub(super) url: &'a Url,
    /// The accepted types of document.
    pub(super) accept: &'a str,
    /// The ETag of the cached copy.
    pub(super) etag: Option<&'a str>,
    /// The `Last-Modified` of the cached copy.
    pub(super) changed: Option<&'a str>,
    /// The `Authorization` header for an address; called for every redirect, so that each host gets only its own.
    pub(super) authorization: &'a dyn Fn(&Url) -> Option<String>,
}

impl Query<'_> {
    /// True if there is a cached copy to revalidate.
    fn has_copy(&self) -> bool {
        self.etag.is_some() || self.changed.is_some()
    }
}

/// A document.
pub(super) struct Document {
    /// Its address, after redirects.
    pub(super) url: Url,
    pub(super) content_type: String,
    pub(super) etag: Option<String>,
    pub(super) changed: Option<String>,
    pub(super) bytes: Vec<u8>,
}

/// The result of a request with a cached copy.
pub(super) enum Revalidation {
    /// The cached copy is current.
    Unchanged,
    Changed(Document),
}

/// The HTTP client, shared by all threads; connections stay open between requests.
pub(super) struct Client {
    routes: Routes,
    limits: Limits,
    gate: Gate,
}

impl Client {
    pub(super) fn new(options: &SourceOptions) -> Self {
        Self { routes: Routes::new(options), limits: options.limits, gate: Gate::new(AT_ONCE_MAX) }
    }

    /// Request a document.
    pub(super) fn get(&self, query: &Query<'_>) -> Result<Revalidation, SourceError> {
        self.with_retries(query, |url| {
            let (response, url) = self.follow("GET", query, url)?;
            if response.status() == StatusCode::NOT_MODIFIED && query.has_copy() {
                return Ok(Revalidation::Unchanged);
            }
            self.read(response, url).map(Revalidation::Changed)
        })
    }

    /// The size in bytes of the content at an address; `None` if the server does not give it.
    ///
    /// There is no retry: the size is only for a progress bar, and the download itself is retried.
    pub(super) fn size(&self, query: &Query<'_>) -> Option<u64> {
        let response = self.gate.pass(|| self.follow("HEAD", query, query.url)).ok()?.0;
        // A web page is not the archive.
        if header(&response, CONTENT_TYPE).is_some_and(|kind| kind.to_ascii_lowercase().contains("html")) {
            return None;
        }
        header(&response, CONTENT_LENGTH).and_then(|length| length.parse().ok()).filter(|size| *size > 0)
    }

    /// Check that the server at an address responds without an error.
    pub(super) fn probe(&self, query: &Query<'_>) -> Result<(), SourceError> {
        self.with_retries(query, |url| self.follow("HEAD", query, url)).map(drop)
    }

    /// Repeat a request until it succeeds, or until a retry is useless.
    fn with_retries<T>(&self, query: &Query<'_>, ask: impl Fn(&Url) -> Result<T, Failure>) -> Result<T, SourceError> {
        let mut attempt = 1;
        loop {
            let outcome = self.gate.pass(|| ask(query.url));
            let failure = match outcome {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            attempt += failure.weight;
            if !failure.transient || attempt > self.limits.attempts {
                return Err(SourceError::at(query.what, query.url, failure.kind));
            }
            std::thread::sleep(retry::pause(&self.limits, attempt, failure.retry_after));
        }
    }

    /// Send a request, and follow redirects.
    fn follow(&self, method: &str, query: &Query<'_>, url: &Url) -> Result<(Response<Body>, Url), Failure> {
        let mut url = url.clone();
        for _ in 0..REDIRECTS_MAX {
            let response = self.exchange(method, query, &url)?;
            let status = response.status();
            if !status.is_redirection() || status == StatusCode::NOT_MODIFIED {
                return if status.is_success() || status == StatusCode::NOT_MODIFIED {
                    Ok((response, url))
                } else {
                    Err(Failure::status(status.as_u16(), header(&response, RETRY_AFTER)))
                };
            }
            let target = redirect::target(&url, header(&response, LOCATION).as_deref());
            url = target.map_err(|fault| Failure::lasting(SourceErrorKind::Redirected(fault.to_string())))?;
        }
        Err(Failure::lasting(SourceErrorKind::Redirected(format!("more than {REDIRECTS_MAX} times"))))
    }

    fn exchange(&self, method: &str, query: &Query<'_>, url: &Url) -> Result<Response<Body>, Failure> {
        let agent: &Agent = self.routes.agent(url);
        let mut request = match method {
            "HEAD" => agent.head(url.as_str()),
            _ => agent.get(url.as_str()),
        };
        request = request.header(ACCEPT, query.accept);
        if let Some(authorization) = (query.authorization)(url) {
            request = request.header(AUTHORIZATION, authorization);
        }
        // The wanted size of a HEAD is that of the bytes as stored, not as encoded for transfer.
        request = request.header(ACCEPT_ENCODING, if method == "HEAD" { "identity" } else { "gzip" });
        match (query.etag, query.changed) {
            _ if method == "HEAD" => {}
            (Some(etag), _) => request = request.header(IF_NONE_MATCH, etag),
            (None, Some(changed)) => request = request.header(IF_MODIFIED_SINCE, changed),
            (None, None) => {}
        }
        request.call().map_err(|error| classify(&error, &self.limits))
    }

    fn read(&self, response: Response<Body>, url: Url) -> Result<Document, Failure> {
        let content_type = header(&response, CONTENT_TYPE).unwrap_or_default().to_ascii_lowercase();
        let etag = header(&response, ETAG);
        let changed = header(&response, LAST_MODIFIED);
        let limit = self.limits.answer_bytes;
        let mut bytes = Vec::new();
        let read = content(response).take(limit + 1).read_to_end(&mut bytes);
        read.map_err(|error| self.unreadable(error))?;
        if bytes.len() as u64 > limit {
            return Err(Failure::lasting(SourceErrorKind::TooLarge(limit)));
        }
        Ok(Document { url, content_type, etag, changed, bytes })
    }

    fn unreadable(&self, error: io::Error) -> Failure {
        match error.kind() {
            io::ErrorKind::InvalidData => Failure::lasting(SourceErrorKind::Garbage(error.to_string())),
            _ => classify(&ureq::Error::from(error), &self.limits),
        }
    }
}

/// The content of a response, decoded if the server has compressed it.
fn content(response: Response<Body>) -> Box<dyn Read> {
    let compressed = header(&response, CONTENT_ENCODING).is_some_and(|encoding| encoding.eq_ignore_ascii_case("gzip"));
    let body = response.into_body().into_reader();
    if compressed { Box::new(gunzip(BufReader::new(body))) } else { Box::new(body) }
}

impl Document {
    /// True for a web page.
    pub(super) fn is_html(&self) -> bool {
        let text = self.bytes.trim_ascii_start();
        self.content_type.contains("html") || text.starts_with(b"<")
    }
}

fn header(response: &Response<Body>, name: ureq::http::HeaderName) -> Option<String> {
    response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}
