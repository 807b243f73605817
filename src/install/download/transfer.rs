//! One request and its response.
//!
//! The look-up of a name and the making of a connection cannot be interrupted, so a separate thread does both, and the
//! waiting thread can leave at any moment. The content is then read by its consumer: passed over from another thread it
//! would arrive cold in the cache, which made a whole install 5 % slower. Meanwhile the thread keeps watch over the
//! connection, and shuts it if the install is stopped.

use std::convert::Infallible;
use std::io::{ErrorKind, Read};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use ureq::http::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, IF_RANGE,
    LOCATION, RANGE, RETRY_AFTER,
};
use ureq::http::{Response as Answer, StatusCode};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Body, BodyReader};
use url::Url;

use crate::archive::Origin;
use crate::redirect::{self, REDIRECTS_MAX, RedirectFault};

use super::super::cancel::{POLL, Watch};
use super::CHUNK_BYTES;
use super::retry::Patience;

/// One request.
#[derive(Clone)]
pub(super) struct Request {
    pub(super) origin: Origin,
    /// The first byte wanted, if the beginning is there already.
    pub(super) from: u64,
    /// The version that the range belongs to; the server sends all of a newer one.
    pub(super) etag: Option<String>,
}

/// The head and the content of a response, or the failure.
pub(super) type Response = Result<(Head, Content), Failure>;

/// The head of a response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) status: u16,
    pub(super) length: Option<u64>,
    pub(super) range: Option<ContentRange>,
    pub(super) etag: Option<String>,
    pub(super) html: bool,
    pub(super) retry_after: Option<Duration>,
}

/// The bytes that a response holds, as far as its header gives them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ContentRange {
    pub(super) first: Option<u64>,
    pub(super) total: Option<u64>,
}

/// A failed request.
#[derive(Debug)]
pub(super) enum Failure {
    /// A failed connection, after which another attempt may succeed.
    Connection(String),
    /// There is no end of redirects.
    Redirects,
    /// A redirect that is not followed.
    Redirect(RedirectFault),
    Tls(String),
    Address(String),
}

/// The content of a response, as it arrives.
pub(super) struct Content {
    body: BodyReader<'static>,
    /// Dropped with the content, which ends the thread that watches the connection.
    _open: Sender<Infallible>,
}

impl Content {
    /// Wait for bytes and read them; zero at the end.
    ///
    /// A stop ends the read at once, with any result.
    pub(super) fn read(&mut self, room: &mut [u8]) -> Result<usize, Failure> {
        loop {
            match self.body.read(room) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::TimedOut => return Err(io_failure(error)),
                result => return result.map_err(|error| failure(error.into())),
            }
        }
    }
}

/// Send a request; the response arrives on the channel.
pub(super) fn ask(agent: &Agent, watch: &Watch, request: Request) -> Receiver<Response> {
    let (sender, answers) = bounded(1);
    let (agent, watch) = (agent.clone(), watch.clone());
    thread::spawn(move || {
        let (open, closed) = bounded(0);
        let answer = call(&agent, &request).map(|(head, body)| (head, Content { body, _open: open }));
        let _ = sender.send(answer);
        drop(sender);
        stand_by(agent, &watch, &closed);
    });
    answers
}

/// Shut the connections if the install is stopped, until the content is dropped.
fn stand_by(agent: Agent, watch: &Watch, closed: &Receiver<Infallible>) {
    while closed.recv_timeout(POLL) == Err(RecvTimeoutError::Timeout) {
        if watch.check().is_err() {
            return agent.shutdown();
        }
    }
}

/// A client for all requests of one install.
pub(in crate::install) fn agent(patience: &Patience) -> Agent {
    let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
    Agent::config_builder()
        .tls_config(tls)
        .http_status_as_error(false)
        // Redirects are followed here, by the rule for all requests.
        .max_redirects(0)
        .user_agent(concat!("vx/", env!("CARGO_PKG_VERSION")))
        .input_buffer_size(CHUNK_BYTES)
        .timeout_resolve(Some(patience.connect))
        .timeout_connect(Some(patience.connect))
        .timeout_recv_response(Some(patience.answer))
        .timeout_per_read(Some(patience.stall))
        .timeout_per_write(Some(patience.stall))
        .build()
        .into()
}

/// Send a request, and follow redirects. Credentials go to the first address alone.
fn call(agent: &Agent, request: &Request) -> Result<(Head, BodyReader<'static>), Failure> {
    let mut address = request.origin.url.clone();
    let mut authorization = request.origin.authorization.as_deref();
    for _ in 0..=REDIRECTS_MAX {
        let answer = exchange(agent, request, &address, authorization.take())?;
        if !is_redirect(answer.status()) {
            let (parts, body) = answer.into_parts();
            return Ok((Head::of(parts.status.as_u16(), &parts.headers), body.into_reader()));
        }
        let from = Url::parse(&address).map_err(|error| Failure::Address(error.to_string()))?;
        let location = answer.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        address = redirect::target(&from, location).map_err(Failure::Redirect)?.into();
    }
    Err(Failure::Redirects)
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

fn exchange(
    agent: &Agent,
    request: &Request,
    address: &str,
    authorization: Option<&str>,
) -> Result<Answer<Body>, Failure> {
    let mut call = agent.get(address).header(ACCEPT_ENCODING, "identity");
    if let Some(authorization) = authorization {
        call = call.header(AUTHORIZATION, authorization);
    }
    if request.from > 0 {
        call = call.header(RANGE, format!("bytes={}-", request.from));
        if let Some(etag) = &request.etag {
            call = call.header(IF_RANGE, etag);
        }
    }
    call.call().map_err(failure)
}

impl Head {
    fn of(status: u16, headers: &HeaderMap) -> Self {
        let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        Self {
            status,
            length: text(CONTENT_LENGTH).and_then(|length| length.parse().ok()),
            range: text(CONTENT_RANGE).map(ContentRange::parse),
            // A weak ETag does not guarantee the same bytes.
            etag: text(ETAG).filter(|etag| etag.starts_with('"')).map(str::to_owned),
            html: text(CONTENT_TYPE).is_some_and(|kind| kind.to_ascii_lowercase().starts_with("text/html")),
            retry_after: text(RETRY_AFTER).and_then(retry_after),
        }
    }
}

impl ContentRange {
    /// `bytes 100-199/200`, `bytes 100-199/*`, `bytes */200`; a field that cannot be parsed is `None`.
    fn parse(text: &str) -> Self {
        let (range, total) = text.strip_prefix("bytes").unwrap_or(text).trim().split_once('/').unwrap_or((text, ""));
        let first = range.split_once('-').and_then(|(first, _)| first.trim().parse().ok());
        Self { first, total: total.trim().parse().ok() }
    }
}

/// Seconds, or a date.
fn retry_after(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    Some(date.duration_since(jiff::Timestamp::now()).try_into().unwrap_or(Duration::ZERO))
}

fn failure(error: ureq::Error) -> Failure {
    use ureq::Error;
    match error {
        Error::Tls(reason) => Failure::Tls(reason.to_owned()),
        Error::Rustls(error) => Failure::Tls(error.to_string()),
        Error::BadUri(_) | Error::Http(_) | Error::InvalidProxyUrl => Failure::Address(error.to_string()),
        Error::Timeout(_) => Failure::Connection("no answer in time".to_owned()),
        Error::HostNotFound => Failure::Connection("host not found".to_owned()),
        Error::Io(error) => io_failure(error),
        other => Failure::Connection(other.to_string()),
    }
}

/// A refused certificate arrives wrapped in an I/O error.
fn io_failure(error: std::io::Error) -> Failure {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    if tls.is_some_and(is_about_certificates) {
        Failure::Tls(error.to_string())
    } else {
        Failure::Connection(text_of(error))
    }
}

/// True if a TLS error is about certificates, so that another attempt cannot help. Any other may be damage on the way.
fn is_about_certificates(error: &rustls::Error) -> bool {
    use rustls::{AlertDescription as Alert, Error};
    match error {
        // The platform's verifier reports a missing or unreadable store of certificates as a general error.
        Error::InvalidCertificate(_)
        | Error::InvalidCertRevocationList(_)
        | Error::NoCertificatesPresented
        | Error::General(_) => true,
        Error::AlertReceived(alert) => matches!(
            alert,
            Alert::NoCertificate
                | Alert::BadCertificate
                | Alert::UnsupportedCertificate
                | Alert::CertificateRevoked
                | Alert::CertificateExpired
                | Alert::CertificateUnknown
                | Alert::CertificateUnobtainable
                | Alert::CertificateRequired
        ),
        _ => false,
    }
}

fn text_of(error: std::io::Error) -> String {
    match error.kind() {
        ErrorKind::ConnectionReset => "connection reset".to_owned(),
        ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        ErrorKind::TimedOut | ErrorKind::WouldBlock => "no more bytes in time".to_owned(),
        ErrorKind::UnexpectedEof => "connection closed before the end".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_certificate_is_told_from_a_broken_connection_by_its_type() {
        let wrapped = |error: rustls::Error| io_failure(std::io::Error::new(ErrorKind::InvalidData, error));
        let refused = rustls::Error::InvalidCertificate(rustls::CertificateError::Expired);
        assert!(matches!(wrapped(refused), Failure::Tls(_)));
        let alert = rustls::Error::AlertReceived(rustls::AlertDescription::CertificateRequired);
        assert!(matches!(wrapped(alert), Failure::Tls(_)));
        assert!(matches!(wrapped(rustls::Error::DecryptError), Failure::Connection(_)));
        assert!(matches!(io_failure(std::io::Error::other("no certificate of merit")), Failure::Connection(_)));
    }

    #[test]
    fn content_ranges_are_read_as_far_as_they_say_something() {
        let range = |first, total| ContentRange { first, total };
        assert_eq!(ContentRange::parse("bytes 100-199/200"), range(Some(100), Some(200)));
        assert_eq!(ContentRange::parse("bytes 0-1/*"), range(Some(0), None));
        assert_eq!(ContentRange::parse("bytes */200"), range(None, Some(200)));
        assert_eq!(ContentRange::parse("nonsense"), range(None, None));
    }

    #[test]
    fn a_server_may_say_how_long_to_wait_in_seconds_or_by_date() {
        assert_eq!(retry_after("3"), Some(Duration::from_secs(3)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::ZERO));
        assert_eq!(retry_after("soon"), None);
    }
}
