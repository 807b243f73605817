//! HTTP requests, for documents and for archives alike: the route to a host, redirects with each host's own
//! credentials, and the cause of a failure.
//!
//! Retries, caches and the interpretation of answers are up to the callers.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

mod client_certificate;
mod fault;
mod hosts;
mod lowest_rate;
mod proxy;
mod redirect;
mod retry_after;
mod trust;

use std::sync::Arc;
use std::time::Duration;

pub use ureq::http::{HeaderMap, HeaderName, StatusCode, Uri, header};
use url::Url;

pub use client_certificate::{ClientCertificate, Pem};
pub use fault::{HttpError, Misdirection, TlsFault};
pub use lowest_rate::{Body, LowestRate};
use proxy::ProxyRoutes;
pub use retry_after::retry_after;
pub use trust::{CertificateFile, TlsTrust, authority};

/// The most redirects of one request.
pub const REDIRECTS_MAX: u32 = 10;

/// The longest of all waits, whatever is requested: a clock could not count a much longer time.
const LONGEST: Duration = Duration::from_secs(365 * 86_400);

/// Time limits for the waits in one exchange.
#[derive(Clone, Copy, Debug)]
pub struct HttpLimits {
    /// The longest time to look a name up, and to connect.
    pub connect: Duration,
    /// The longest time from a request to the head of its answer.
    pub answer: Duration,
    /// The longest time without a byte.
    pub idle: Duration,
    /// The lowest rate at which content has to arrive.
    pub lowest: LowestRate,
}

/// The settings of a client.
pub struct HttpClientSettings<'a> {
    /// Time limits for all waits.
    pub bounds: HttpLimits,
    /// Reads an environment variable; some name proxies.
    pub environment: &'a dyn Fn(&str) -> Option<String>,
    /// Certificates that are trusted beside those of the platform.
    pub trust: &'a TlsTrust,
    /// The size of each connection's buffer; `None` for the default.
    pub buffer_bytes: Option<usize>,
    /// The most connections to one host that are kept open between requests.
    pub idle_connections: usize,
}

/// The client; its clones share connections.
#[derive(Clone)]
pub struct Client {
    routes: Arc<ProxyRoutes>,
    lowest: LowestRate,
}

/// The method of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// The head and the content.
    Get,
    /// The head alone.
    Head,
}

/// A request.
pub struct Request<'a> {
    /// The method.
    pub method: Method,
    /// The address.
    pub url: &'a Url,
    /// Headers, which are sent to every host that the request is redirected to.
    pub headers: &'a [(HeaderName, String)],
    /// The `Authorization` header for an address; called for every redirect, so that each host gets only its own.
    pub authorization: &'a dyn Fn(&Url) -> Option<String>,
    /// Time limit for the whole exchange with its content; `None` if only the waits are bounded.
    pub within: Option<Duration>,
}

/// The answer to a request: any status but a redirect.
pub struct HttpResponse {
    /// The address that answered, after redirects.
    pub url: Url,
    /// Status code.
    pub status: StatusCode,
    /// Headers of the answer.
    pub headers: HeaderMap,
    /// The body, read as it arrives. [`HttpError::of_read`] explains a read that fails.
    pub body: Body,
}

impl Client {
    /// A client; no connection is made yet.
    pub fn new(settings: &HttpClientSettings<'_>) -> Self {
        Self { routes: Arc::new(ProxyRoutes::new(settings)), lowest: settings.bounds.lowest }
    }

    /// Send a request, and follow redirects.
    pub fn send(&self, request: &Request<'_>) -> Result<HttpResponse, HttpError> {
        let mut url = request.url.clone();
        for _ in 0..=REDIRECTS_MAX {
            let answer = self.exchange(request, &url)?;
            if !answer.status.is_redirection() || answer.status == StatusCode::NOT_MODIFIED {
                return Ok(answer);
            }
            url = redirect::target(&url, answer.text(header::LOCATION)).map_err(HttpError::Misdirected)?;
        }
        Err(HttpError::Misdirected(Misdirection::Endless))
    }

    /// Close all connections, so that every running exchange fails at once.
    pub fn shutdown(&self) {
        self.routes.shutdown();
    }

    fn exchange(&self, request: &Request<'_>, url: &Url) -> Result<HttpResponse, HttpError> {
        let route = self.routes.to(url)?;
        let agent = route.agent;
        let mut call = match request.method {
            Method::Get => agent.get(url.as_str()),
            Method::Head => agent.head(url.as_str()),
        };
        for (name, value) in request.headers {
            call = call.header(name, value);
        }
        if let Some(authorization) = (request.authorization)(url) {
            call = call.header(header::AUTHORIZATION, authorization);
        }
        if let Some(within) = request.within {
            call = call.config().timeout_global(Some(within.min(LONGEST))).build();
        }
        let (head, body) = call.call().map_err(|error| route.explain(HttpError::of_call(error)))?.into_parts();
        let body = Body::new(body.into_reader(), self.lowest);
        Ok(HttpResponse { url: url.clone(), status: head.status, headers: head.headers, body })
    }
}

impl HttpResponse {
    /// The text of a header; `None` if it is missing or not ASCII.
    pub fn text(&self, name: HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}
