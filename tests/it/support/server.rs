//! A loopback web server for tests: replies by path, and the ways in which real servers misbehave.
//!
//! It uses plain threads: one accepts, and one serves each connection. Dropping the server closes every connection and
//! joins every thread, so a test leaves nothing behind. The faults of a reply are in [`reply`].

mod reply;
mod tls;

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

pub(crate) use reply::Reply;
use reply::{Answer, Fault};
pub(crate) use tls::{Authority, Secured};

/// The interval at which a sleeping thread checks if the server stops.
const STOP_POLL: Duration = Duration::from_millis(5);

/// The most that one reply sends at once.
const CHUNK_BYTES: usize = 64 * 1024;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// `GET`, `HEAD`, …
    pub(crate) method: String,
    /// The path with its query, as sent.
    pub(crate) path: String,
    /// Names in lower case, in the order received.
    pub(crate) headers: Vec<(String, String)>,
}

impl Request {
    /// The first header with this name, whose case does not matter.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// A running server; it stops when dropped.
pub(crate) struct Server {
    address: String,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    stopping: AtomicBool,
    routes: Mutex<HashMap<String, Arc<Reply>>>,
    requests: Mutex<Vec<Request>>,
    connections: Mutex<HashMap<u64, TcpStream>>,
    workers: Mutex<Vec<JoinHandle<()>>>,
    body_bytes: Mutex<u64>,
    rounds: Mutex<Option<Rounds>>,
    accepted: Mutex<usize>,
}

/// Holds answers back until no more requests arrive: a client that sends all its requests at once needs a single round,
/// at any speed.
#[derive(Clone, Copy)]
struct Rounds {
    /// The time without a request after which the waiting requests are answered.
    quiet: Duration,
    /// The last request so far.
    asked_at: Instant,
    /// The number of rounds that were answered.
    answered: usize,
}

impl Server {
    /// Listen on a free loopback port.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free loopback port");
        let address = format!("http://{}", listener.local_addr().expect("a bound address"));
        let shared = Arc::new(Shared::default());
        let acceptor = thread::spawn({
            let shared = Arc::clone(&shared);
            move || accept(&listener, &shared)
        });
        Self { address, shared, acceptor: Some(acceptor) }
    }

    /// `http://127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The address of a path that begins with `/`.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    /// Answer this path with this reply from now on. A path with a query takes precedence over the same without.
    pub(crate) fn serve(&self, path: &str, reply: Reply) {
        held(&self.shared.routes).insert(path.to_owned(), Arc::new(reply));
    }

    /// All requests so far, in order.
    pub(crate) fn requests(&self) -> Vec<Request> {
        held(&self.shared.requests).clone()
    }

    /// All requests for a path so far, in order.
    pub(crate) fn requests_for(&self, path: &str) -> Vec<Request> {
        self.requests().into_iter().filter(|request| request.path == path).collect()
    }

    /// From now on hold every answer until no request has arrived for `quiet`, then send them all at once.
    pub(crate) fn answer_in_rounds(&self, quiet: Duration) {
        let rounds = Rounds { quiet, asked_at: Instant::now(), answered: 0 };
        *held(&self.shared.rounds) = Some(rounds);
    }

    /// The number of rounds that were answered so far.
    pub(crate) fn rounds(&self) -> usize {
        held(&self.shared.rounds).map_or(0, |rounds| rounds.answered)
    }

    /// The number of connections that were made so far.
    pub(crate) fn connections(&self) -> usize {
        *held(&self.shared.accepted)
    }

    /// Bytes of bodies that were handed to the network so far.
    pub(crate) fn body_bytes(&self) -> u64 {
        *held(&self.shared.body_bytes)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::Relaxed);
        let port = self.address.rsplit(':').next().and_then(|port| port.parse::<u16>().ok());
        let _ = TcpStream::connect(("127.0.0.1", port.unwrap_or_default()));
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
        for connection in held(&self.shared.connections).values() {
            let _ = connection.shutdown(Shutdown::Both);
        }
        let workers = std::mem::take(&mut *held(&self.shared.workers));
        for worker in workers {
            let _ = worker.join();
        }
    }
}

/// Lock, even if poisoned: a test that fails while it holds a lock must not hide its own message behind another panic.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for number in 0.. {
        let Ok((stream, _)) = listener.accept() else { return };
        if shared.stopping.load(Ordering::Relaxed) {
            return;
        }
        *held(&shared.accepted) += 1;
        let _ = stream.set_nodelay(true);
        if let Ok(copy) = stream.try_clone() {
            held(&shared.connections).insert(number, copy);
        }
        let worker = thread::spawn({
            let shared = Arc::clone(shared);
            move || {
                let _ = converse(&stream, &shared);
                // Drop the last handle here, which ends or resets the connection.
                held(&shared.connections).remove(&number);
            }
        });
        held(&shared.workers).push(worker);
    }
}

/// Serve one connection until either side ends it.
fn converse(stream: &TcpStream, shared: &Shared) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    while let Some(request) = read_request(&mut reader)? {
        held(&shared.requests).push(request.clone());
        let bare = request.path.split('?').next().unwrap_or_default().to_owned();
        let reply = {
            let routes = held(&shared.routes);
            routes.get(&request.path).or_else(|| routes.get(&bare)).cloned()
        };
        await_round(shared);
        let answer = match reply {
            Some(reply) => reply.answer(&request),
            None => Reply::status(404).body("nothing here\n").answer(&request),
        };
        let keep = request.header("connection").is_none_or(|value| !value.eq_ignore_ascii_case("close"));
        if !send(stream, shared, &request, &answer)? || !keep {
            break;
        }
    }
    Ok(())
}

fn read_request(reader: &mut impl BufRead) -> io::Result<Option<Request>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace();
    let method = words.next().unwrap_or_default().to_owned();
    let path = words.next().unwrap_or_default().to_owned();
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let request = Request { method, path, headers };
    let body_bytes = request.header("content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
    io::copy(&mut reader.take(body_bytes), &mut io::sink())?;
    Ok(Some(request))
}

/// Send an answer with its faults; false when the connection must end after it.
fn send(mut stream: &TcpStream, shared: &Shared, request: &Request, answer: &Answer) -> io::Result<bool> {
    let mut head = format!("HTTP/1.1 {} Reply\r\n", answer.status);
    for (name, value) in &answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    match answer.content_length {
        Some(length) => head.push_str(&format!("Content-Length: {length}\r\n\r\n")),
        None => head.push_str("Connection: close\r\n\r\n"),
    }
    if let Some(gate) = answer.gate.as_ref().filter(|_| request.method != "HEAD") {
        while !gate.load(Ordering::Relaxed) && !shared.stopping.load(Ordering::Relaxed) {
            thread::sleep(STOP_POLL);
        }
    }
    stream.write_all(head.as_bytes())?;
    if request.method == "HEAD" {
        return Ok(true);
    }
    sleep_until_stopped(shared, answer.late);
    let (cut, fault) = match answer.fault {
        Some(Fault::Silent(after)) => (after, answer.fault),
        Some(Fault::Reset(after)) => (after, answer.fault),
        None => (usize::MAX, None),
    };
    let body = &answer.body[..answer.body.len().min(cut)];
    send_body(stream, shared, body, answer.bytes_per_second)?;
    match fault {
        Some(Fault::Silent(_)) => sleep_until_stopped(shared, Duration::MAX),
        Some(Fault::Reset(_)) => reset(stream),
        None => {}
    }
    Ok(fault.is_none() && answer.content_length == Some(answer.body.len() as u64))
}

fn send_body(mut stream: &TcpStream, shared: &Shared, body: &[u8], bytes_per_second: Option<u64>) -> io::Result<()> {
    let step = match bytes_per_second {
        Some(rate) => usize::try_from(rate / 50).unwrap_or(CHUNK_BYTES).clamp(1, CHUNK_BYTES),
        None => CHUNK_BYTES,
    };
    for chunk in body.chunks(step) {
        stream.write_all(chunk)?;
        *held(&shared.body_bytes) += chunk.len() as u64;
        if let Some(rate) = bytes_per_second {
            sleep_until_stopped(shared, Duration::from_secs_f64(chunk.len() as f64 / rate as f64));
        }
        if shared.stopping.load(Ordering::Relaxed) {
            break;
        }
    }
    Ok(())
}

/// If answers come in rounds, wait until this request's round is answered, or the server stops.
fn await_round(shared: &Shared) {
    let own = match held(&shared.rounds).as_mut() {
        None => return,
        Some(rounds) => {
            rounds.asked_at = Instant::now();
            rounds.answered + 1
        }
    };
    while !shared.stopping.load(Ordering::Relaxed) {
        match held(&shared.rounds).as_mut() {
            Some(rounds) if rounds.answered < own => {
                if rounds.asked_at.elapsed() >= rounds.quiet {
                    rounds.answered = own;
                }
            }
            _ => return,
        }
        thread::sleep(STOP_POLL);
    }
}

/// Sleep for `time`, or until the server stops.
fn sleep_until_stopped(shared: &Shared, time: Duration) {
    let start = Instant::now();
    while !shared.stopping.load(Ordering::Relaxed) {
        let left = time.saturating_sub(start.elapsed());
        if left.is_zero() {
            return;
        }
        thread::sleep(left.min(STOP_POLL));
    }
}

/// Reset the connection, so that the client sees an error instead of an end.
fn reset(stream: &TcpStream) {
    // Let the sent bytes arrive first: a reset drops any that the client has not read yet.
    thread::sleep(Duration::from_millis(30));
    let _ = rustix::net::sockopt::set_socket_linger(stream, Some(Duration::ZERO));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(url: &str, headers: &[(&str, &str)]) -> (u16, Vec<u8>) {
        let config = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(3).proxy(None);
        let agent: ureq::Agent = config.build().into();
        let mut request = agent.get(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut response = request.call().expect("an answer");
        (response.status().as_u16(), response.body_mut().read_to_vec().unwrap_or_default())
    }

    #[test]
    fn a_range_is_served_while_the_etag_matches_and_the_whole_when_it_does_not() {
        let server = Server::start();
        server.serve("/a", Reply::ok("0123456789").etag("\"one\""));
        let url = server.url("/a");
        assert_eq!(get(&url, &[("Range", "bytes=4-"), ("If-Range", "\"one\"")]), (206, b"456789".to_vec()));
        assert_eq!(get(&url, &[("Range", "bytes=4-"), ("If-Range", "\"two\"")]), (200, b"0123456789".to_vec()));
        assert_eq!(get(&url, &[("Range", "bytes=2-3")]), (206, b"23".to_vec()));
        assert_eq!(get(&url, &[("Range", "bytes=10-")]).0, 416);
        assert_eq!(get(&url, &[("If-None-Match", "\"one\"")]), (304, Vec::new()));
        assert_eq!(server.requests_for("/a")[0].header("range"), Some("bytes=4-"));
    }

    #[test]
    fn replies_follow_their_sequence_and_the_last_one_stays() {
        let server = Server::start();
        server.serve("/a", Reply::sequence([Reply::status(503), Reply::ok("well")]));
        let statuses: Vec<u16> = (0..3).map(|_| get(&server.url("/a"), &[]).0).collect();
        assert_eq!(statuses, [503, 200, 200]);
    }

    #[test]
    fn a_reply_can_depend_on_the_request() {
        let server = Server::start();
        server.serve(
            "/simple/",
            Reply::choose(|request| match request.header("accept") {
                Some(accept) if accept.contains("json") => Reply::json("{}"),
                _ => Reply::html("<p>no</p>"),
            }),
        );
        assert_eq!(get(&server.url("/simple/?x=1"), &[("Accept", "application/json")]).1, b"{}");
        assert_eq!(get(&server.url("/simple/"), &[("Accept", "text/html")]).1, b"<p>no</p>");
    }

    #[test]
    fn a_dropped_server_ends_replies_that_hang() {
        let server = Server::start();
        server.serve("/silent", Reply::ok("0123456789").silent_after(3));
        let mut stream = TcpStream::connect(server.address().trim_start_matches("http://")).expect("a connection");
        stream.write_all(b"GET /silent HTTP/1.1\r\n\r\n").expect("a request goes out");
        while server.body_bytes() < 3 {
            thread::sleep(STOP_POLL);
        }
        let start = Instant::now();
        drop(server);
        assert!(start.elapsed() < Duration::from_secs(2));
    }

    #[test]
    fn a_reset_reaches_the_client_after_the_bytes_before_it() {
        let server = Server::start();
        server.serve("/reset", Reply::ok(vec![7; 1000]).reset_after(100));
        let mut stream = TcpStream::connect(server.address().trim_start_matches("http://")).expect("a connection");
        stream.write_all(b"GET /reset HTTP/1.1\r\n\r\n").expect("a request goes out");
        let mut seen = Vec::new();
        let end = stream.read_to_end(&mut seen);
        assert_eq!(end.map_err(|error| error.kind()), Err(io::ErrorKind::ConnectionReset));
        assert_eq!(seen.iter().filter(|byte| **byte == 7).count(), 100);
    }
}
