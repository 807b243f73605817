//! Questions over HTTP: bounded in time and size, asked again when that can help, and never telling a host what is for
//! another.

mod gate;
mod hosts;
mod proxy;
mod retry;

use std::io::Read;

use ureq::http::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH,
    LAST_MODIFIED, LOCATION, RETRY_AFTER,
};
use ureq::http::{Response, StatusCode};
use ureq::{Agent, Body};
use url::Url;

use super::error::{SourceError, SourceErrorKind};
use super::options::{Limits, SourceOptions};
use gate::Gate;
use proxy::Routes;
use retry::{Failure, classify};

/// Hops that a question may take.
const REDIRECTS_MAX: u32 = 10;

/// Questions at once, so that a dozen tools on all platforms are asked about in one go. Registries slow down or refuse
/// those who ask for more in one moment; what they refuse is asked again later.
const AT_ONCE_MAX: usize = 96;

/// One question.
pub(super) struct Question<'a> {
    /// What it is about, for errors.
    pub(super) what: &'a str,
    pub(super) url: &'a Url,
    /// The kinds of document that can be read.
    pub(super) accept: &'a str,
    /// The ETag of the copy at hand.
    pub(super) etag: Option<&'a str>,
    /// When the copy at hand was last changed, as its server said.
    pub(super) changed: Option<&'a str>,
    /// The `Authorization` header for an address; asked for every hop, so that each host gets only its own.
    pub(super) authorization: &'a dyn Fn(&Url) -> Option<String>,
}

impl Question<'_> {
    /// Whether there is a copy whose version the server can be told.
    fn has_copy(&self) -> bool {
        self.etag.is_some() || self.changed.is_some()
    }
}

/// A document.
pub(super) struct Document {
    /// Where it came from, after redirects.
    pub(super) url: Url,
    pub(super) content_type: String,
    pub(super) etag: Option<String>,
    pub(super) changed: Option<String>,
    pub(super) bytes: Vec<u8>,
}

/// The answer to a question.
pub(super) enum Answer {
    /// The copy at hand is current.
    Unchanged,
    Changed(Document),
}

/// Asks; shared by all threads, keeping connections open between questions.
pub(super) struct Client {
    routes: Routes,
    limits: Limits,
    gate: Gate,
}

impl Client {
    pub(super) fn new(options: &SourceOptions) -> Self {
        Self { routes: Routes::new(options), limits: options.limits, gate: Gate::new(AT_ONCE_MAX) }
    }

    /// Asks for a document.
    pub(super) fn get(&self, question: &Question<'_>) -> Result<Answer, SourceError> {
        self.persist(question, |url| {
            let (response, url) = self.follow("GET", question, url)?;
            if response.status() == StatusCode::NOT_MODIFIED && question.has_copy() {
                return Ok(Answer::Unchanged);
            }
            self.read(response, url).map(Answer::Changed)
        })
    }

    /// The size in bytes of what is at an address; `None` when the server does not say.
    ///
    /// Asked once: it only makes a bar, and who receives the archive persists.
    pub(super) fn size(&self, question: &Question<'_>) -> Option<u64> {
        let response = self.gate.pass(|| self.follow("HEAD", question, question.url)).ok()?.0;
        // A page for people is not what is wanted there.
        if header(&response, CONTENT_TYPE).is_some_and(|kind| kind.to_ascii_lowercase().contains("html")) {
            return None;
        }
        header(&response, CONTENT_LENGTH).and_then(|length| length.parse().ok()).filter(|size| *size > 0)
    }

    /// Asks whether anybody answers well at an address.
    pub(super) fn probe(&self, question: &Question<'_>) -> Result<(), SourceError> {
        self.persist(question, |url| self.follow("HEAD", question, url)).map(drop)
    }

    /// Asks until there is an answer or no sense in asking again.
    fn persist<T>(&self, question: &Question<'_>, ask: impl Fn(&Url) -> Result<T, Failure>) -> Result<T, SourceError> {
        let mut attempt = 1;
        loop {
            let outcome = self.gate.pass(|| ask(question.url));
            let failure = match outcome {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            attempt += failure.weight;
            if !failure.passing || attempt > self.limits.attempts {
                return Err(SourceError::at(question.what, question.url, failure.kind));
            }
            std::thread::sleep(retry::pause(&self.limits, attempt, failure.retry_after));
        }
    }

    /// Asks, and follows redirects to the document they lead to.
    fn follow(&self, method: &str, question: &Question<'_>, url: &Url) -> Result<(Response<Body>, Url), Failure> {
        let mut url = url.clone();
        for _ in 0..REDIRECTS_MAX {
            let response = self.exchange(method, question, &url)?;
            let status = response.status();
            if !status.is_redirection() || status == StatusCode::NOT_MODIFIED {
                return if status.is_success() || status == StatusCode::NOT_MODIFIED {
                    Ok((response, url))
                } else {
                    Err(Failure::status(status.as_u16(), header(&response, RETRY_AFTER)))
                };
            }
            let target = header(&response, LOCATION).and_then(|location| url.join(&location).ok());
            let Some(target) = target.filter(|target| matches!(target.scheme(), "http" | "https")) else {
                return Err(Failure::lasting(SourceErrorKind::Redirected("to nowhere".into())));
            };
            if url.scheme() == "https" && target.scheme() == "http" {
                return Err(Failure::lasting(SourceErrorKind::Redirected("from https to http".into())));
            }
            url = target;
        }
        Err(Failure::lasting(SourceErrorKind::Redirected(format!("more than {REDIRECTS_MAX} times"))))
    }

    fn exchange(&self, method: &str, question: &Question<'_>, url: &Url) -> Result<Response<Body>, Failure> {
        let agent: &Agent = self.routes.agent(url);
        let mut request = match method {
            "HEAD" => agent.head(url.as_str()),
            _ => agent.get(url.as_str()),
        };
        request = request.header(ACCEPT, question.accept);
        if let Some(authorization) = (question.authorization)(url) {
            request = request.header(AUTHORIZATION, authorization);
        }
        if method == "HEAD" {
            // The size that counts is that of the bytes as they are kept.
            request = request.header(ACCEPT_ENCODING, "identity");
        } else if let Some(etag) = question.etag {
            request = request.header(IF_NONE_MATCH, etag);
        } else if let Some(changed) = question.changed {
            request = request.header(IF_MODIFIED_SINCE, changed);
        }
        request.call().map_err(|error| classify(&error, &self.limits))
    }

    fn read(&self, response: Response<Body>, url: Url) -> Result<Document, Failure> {
        let content_type = header(&response, CONTENT_TYPE).unwrap_or_default().to_ascii_lowercase();
        let etag = header(&response, ETAG);
        let changed = header(&response, LAST_MODIFIED);
        let limit = self.limits.answer_bytes;
        let mut bytes = Vec::new();
        let mut body = response.into_body().into_reader().take(limit + 1);
        body.read_to_end(&mut bytes).map_err(|error| classify(&ureq::Error::from(error), &self.limits))?;
        if bytes.len() as u64 > limit {
            return Err(Failure::lasting(SourceErrorKind::TooLarge(limit)));
        }
        Ok(Document { url, content_type, etag, changed, bytes })
    }
}

impl Document {
    /// Whether this is a page for people.
    pub(super) fn is_html(&self) -> bool {
        let text = self.bytes.trim_ascii_start();
        self.content_type.contains("html") || text.starts_with(b"<")
    }
}

fn header(response: &Response<Body>, name: ureq::http::HeaderName) -> Option<String> {
    response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}
