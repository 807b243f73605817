//! An address that answers: one request without redirects, proxies and certificates, to a program on this machine.
//!
//! It doesn't use `vx_http`, the client for the network: a redirect is an answer here, and loading the platform's
//! certificates would only enlarge a guard of a few megabytes.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};
use url::{Host, Url};
use vx_base::shown_address::shown_address;

use super::tcp::LOOPBACK;

/// Longest time for an answer. A server may build its page at the first request.
const PATIENCE: Duration = Duration::from_secs(10);
/// Pause between an answer that was not accepted and the next request.
const PAUSE: Duration = Duration::from_millis(20);
/// Pause if the host's name can't be resolved.
const PAUSE_WITHOUT_HOST: Duration = Duration::from_secs(1);
/// Longest status line.
const LINE_BYTES: u64 = 1024;
/// Longest pause within the rest of an answer, and the most bytes that are read of the rest.
const PATIENCE_FOR_REST: Duration = Duration::from_millis(500);
const REST_BYTES: u64 = 4 * 1024 * 1024;

/// An address that must answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpCheck {
    url: Url,
    status: Option<u16>,
}

/// Why a text is not an address that can be checked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpCheckError {
    /// It is neither a path nor a URL.
    #[error("`{text}` is neither a path such as `/healthz` nor a URL: {cause}")]
    NoAddress {
        /// The text.
        text: String,
        /// The cause.
        cause: url::ParseError,
    },
    /// It is a path, and the service has no port.
    #[error("`{text}` is a path, and the service has no `port`; add one, or write a whole URL")]
    NoPort {
        /// The text.
        text: String,
    },
    /// It has another scheme.
    #[error("`{text}` is not an http address; for a server with certificates use `tcp` or `command`")]
    Scheme {
        /// The text.
        text: String,
    },
    /// No answer has such a status.
    #[error("{status} is not an HTTP status, which is 100 to 599")]
    Status {
        /// The number.
        status: u16,
    },
}

impl HttpCheck {
    /// Check a URL, or a path at the service's port. Without a `status`, any from 200 to 299 is accepted.
    ///
    /// # Errors
    /// The text is not an HTTP address, or the status is out of range.
    pub fn new(text: &str, port: Option<u16>, status: Option<u16>) -> Result<Self, HttpCheckError> {
        let (whole, text) = (text, || shown_address(text));
        if let Some(status) = status.filter(|status| !(100..600).contains(status)) {
            return Err(HttpCheckError::Status { status });
        }
        let whole = match (whole.starts_with('/'), port) {
            (true, Some(port)) => format!("http://localhost:{port}{whole}"),
            (true, None) => return Err(HttpCheckError::NoPort { text: text() }),
            (false, _) => whole.to_owned(),
        };
        let url = Url::parse(&whole).map_err(|cause| HttpCheckError::NoAddress { text: text(), cause })?;
        if url.scheme() != "http" || url.host().is_none() {
            return Err(HttpCheckError::Scheme { text: text() });
        }
        Ok(Self { url, status })
    }

    /// Write the address as messages show it.
    fn shown(&self) -> String {
        shown_address(self.url.as_str())
    }

    /// Find the addresses to ask: both families for `localhost`.
    fn addresses(&self) -> io::Result<Vec<SocketAddr>> {
        let port = self.url.port_or_known_default().unwrap_or(80);
        match self.url.host() {
            Some(Host::Ipv4(address)) => Ok(vec![(address, port).into()]),
            Some(Host::Ipv6(address)) => Ok(vec![(address, port).into()]),
            Some(Host::Domain("localhost")) => Ok(LOOPBACK.map(|address| (address, port).into()).into()),
            Some(Host::Domain(name)) => Ok((name, port).to_socket_addrs()?.collect()),
            None => Ok(Vec::new()),
        }
    }

    /// Send a request to one address, and pass the answer on once its first line has arrived.
    fn ask(&self, address: SocketAddr, answer: &Sender<HttpCheckOutcome>) {
        let mut stream = None;
        let status = self.connect("GET", address).and_then(|connected| status_of(stream.insert(connected)));
        // A probe that has a good answer no longer listens to the others.
        let _ = answer.send(self.answer(status));
        if let Some(stream) = stream {
            read_out(stream);
        }
    }

    fn answer(&self, status: io::Result<Option<u16>>) -> HttpCheckOutcome {
        let good = |status| self.status.map_or((200..300).contains(&status), |good| status == good);
        match (status, self.status) {
            (Ok(Some(status)), _) if good(status) => HttpCheckOutcome::Good,
            (Ok(Some(status)), Some(good)) => {
                HttpCheckOutcome::Other(format!("{} answers {status}, not {good}", self.shown()))
            }
            (Ok(Some(status)), None) => HttpCheckOutcome::Other(format!("{} answers {status}", self.shown())),
            (Ok(None), _) => HttpCheckOutcome::Other(format!("{} does not answer in HTTP", self.shown())),
            (Err(error), _) => HttpCheckOutcome::None(format!("{} does not answer: {error}", self.shown())),
        }
    }

    /// Post an empty body once, to the first address that accepts a connection.
    ///
    /// # Errors
    /// The answer was not accepted, or there was none; the text is the reason as a sentence.
    pub fn post(&self) -> Result<(), String> {
        let mut why = format!("the host of {} was not found", self.shown());
        for address in self.addresses().unwrap_or_default() {
            match self.connect("POST", address) {
                Err(error) => why = format!("{} does not accept connections: {error}", self.shown()),
                Ok(mut stream) => {
                    let answer = self.answer(status_of(&mut stream));
                    read_out(stream);
                    return match answer {
                        HttpCheckOutcome::Good => Ok(()),
                        HttpCheckOutcome::Other(why) | HttpCheckOutcome::None(why) => Err(why),
                    };
                }
            }
        }
        Err(why)
    }

    fn connect(&self, method: &str, address: SocketAddr) -> io::Result<TcpStream> {
        let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(self.request(method).as_bytes())?;
        Ok(stream)
    }

    fn request(&self, method: &str) -> String {
        let path = &self.url[url::Position::BeforePath..url::Position::AfterQuery];
        let host = &self.url[url::Position::BeforeHost..url::Position::AfterPort];
        let body = if method == "POST" { "Content-Length: 0\r\n" } else { "" };
        format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nAccept: */*\r\nUser-Agent: vx\r\n{body}Connection: close\r\n\r\n"
        )
    }
}

/// Read the status of the next answer; `None` if it is not HTTP.
fn status_of(stream: &mut TcpStream) -> io::Result<Option<u16>> {
    let mut line = Vec::new();
    BufReader::new(stream.take(LINE_BYTES)).read_until(b'\n', &mut line)?;
    Ok(status(&line))
}

/// Read the rest of an answer: many servers log an error when a client leaves in the middle of it.
fn read_out(stream: TcpStream) {
    let _ = stream.set_read_timeout(Some(PATIENCE_FOR_REST));
    let _ = io::copy(&mut stream.take(REST_BYTES), &mut io::sink());
}

/// Parse the status in the first line of an answer.
fn status(line: &[u8]) -> Option<u16> {
    let rest = std::str::from_utf8(line).ok()?.strip_prefix("HTTP/1.")?;
    let number = rest.split(' ').nth(1)?.trim_end();
    number.parse().ok().filter(|status| (100..600).contains(status))
}

/// The outcome of a request: accepted, answered otherwise, or not answered. The text is the reason as a sentence.
enum HttpCheckOutcome {
    Good,
    Other(String),
    None(String),
}

/// Requests to all addresses of a check at once.
#[derive(Debug)]
struct Round {
    answers: Receiver<HttpCheckOutcome>,
    /// Requests still under way.
    left: usize,
    /// An answer came.
    heard: bool,
    /// Why an address gave no answer.
    silent: Option<String>,
}

/// Sends rounds of requests until an answer is accepted.
#[derive(Debug)]
pub(super) struct HttpAsk {
    check: HttpCheck,
    round: Option<Round>,
    next: Option<Instant>,
    why: String,
    /// `why` tells of an answer. An answer says more than an address where nothing listens, so it stays until a
    /// whole round got none.
    answered: bool,
}

impl HttpAsk {
    pub(super) fn new(check: HttpCheck) -> Self {
        let why = format!("{} has not answered yet", check.shown());
        Self { check, round: None, next: None, why, answered: false }
    }

    /// The time until the next round.
    pub(super) fn pause(&self, now: Instant) -> Duration {
        self.next.map_or(Duration::ZERO, |next| next.saturating_duration_since(now))
    }

    pub(super) fn poll(&mut self, now: Instant) -> Result<(), String> {
        if self.round.is_none() && self.next.is_none_or(|next| now >= next) {
            self.next = None;
            self.start(now);
        }
        while let Some(round) = &mut self.round {
            let Ok(answer) = round.answers.try_recv() else { break };
            round.left -= 1;
            match answer {
                HttpCheckOutcome::Good => return Ok(()),
                HttpCheckOutcome::Other(why) => (self.why, self.answered, round.heard) = (why, true, true),
                HttpCheckOutcome::None(why) if self.answered => round.silent = Some(why),
                HttpCheckOutcome::None(why) => self.why = why,
            }
            if round.left == 0 {
                if let (false, Some(why)) = (round.heard, round.silent.take()) {
                    (self.why, self.answered) = (why, false);
                }
                (self.round, self.next) = (None, Some(now + PAUSE));
            }
        }
        Err(self.why.clone())
    }

    fn start(&mut self, now: Instant) {
        let addresses = self.check.addresses().unwrap_or_default();
        let (sender, answers) = bounded(addresses.len());
        let left = addresses.into_iter().filter(|address| self.start_one(*address, sender.clone())).count();
        if left == 0 {
            self.why = format!("the host of {} was not found", self.check.shown());
            self.next = Some(now + PAUSE_WITHOUT_HOST);
            return;
        }
        self.round = Some(Round { answers, left, heard: false, silent: None });
    }

    /// Send a request to an address on another thread; false if no thread could be started.
    fn start_one(&self, address: SocketAddr, answer: Sender<HttpCheckOutcome>) -> bool {
        let check = self.check.clone();
        let ask = move || check.ask(address, &answer);
        thread::Builder::new().name("probe".into()).spawn(ask).is_ok()
    }
}
