//! Requests under way, so that a caller can show which server it waits for.

use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use url::Url;

/// Requests that have begun and not ended, retries included.
#[derive(Default)]
pub(super) struct PendingRequests {
    begun: Mutex<Vec<RequestStart>>,
}

struct RequestStart {
    number: u64,
    at: Instant,
    host: String,
    /// The waiting thread.
    by: ThreadId,
}

/// A request under way; it is over when dropped.
pub(super) struct PendingRequest<'w> {
    waits: &'w PendingRequests,
    number: u64,
}

impl PendingRequests {
    /// Record that a request to the server of this address begins.
    pub(super) fn begin(&self, url: &Url) -> PendingRequest<'_> {
        let host = url.host_str().unwrap_or("the server").to_owned();
        let mut begun = self.begun.lock();
        let number = begun.last().map_or(0, |last| last.number + 1);
        begun.push(RequestStart { number, at: Instant::now(), host, by: thread::current().id() });
        PendingRequest { waits: self, number }
    }

    /// Return the server of the oldest request, if it is at least this old.
    pub(super) fn oldest(&self, age: Duration) -> Option<String> {
        let begun = self.begun.lock();
        begun.first().filter(|request| request.at.elapsed() >= age).map(|request| request.host.clone())
    }

    /// Return the server that this thread waits for, if its request is at least this old.
    pub(super) fn of_thread(&self, thread: ThreadId, age: Duration) -> Option<String> {
        let begun = self.begun.lock();
        let mut old = begun.iter().filter(|request| request.by == thread && request.at.elapsed() >= age);
        old.next().map(|request| request.host.clone())
    }
}

impl Drop for PendingRequest<'_> {
    fn drop(&mut self) {
        self.waits.begun.lock().retain(|request| request.number != self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_request_is_the_one_that_is_waited_for() {
        let waits = PendingRequests::default();
        let url = |host: &str| Url::parse(&format!("https://{host}/x")).expect("an address");
        let first = waits.begin(&url("one.example"));
        let second = waits.begin(&url("two.example"));
        let oldest = || waits.oldest(Duration::ZERO);
        assert_eq!((oldest().as_deref(), waits.oldest(Duration::from_secs(3600))), (Some("one.example"), None));
        drop(first);
        let _third = waits.begin(&url("three.example"));
        assert_eq!(oldest().as_deref(), Some("two.example"));
        drop(second);
        assert_eq!(oldest().as_deref(), Some("three.example"));
    }

    #[test]
    fn a_thread_waits_for_its_own_request() {
        let waits = PendingRequests::default();
        let url = |host: &str| Url::parse(&format!("https://{host}/x")).expect("an address");
        let _own = waits.begin(&url("one.example"));
        let awaited = |thread| waits.of_thread(thread, Duration::ZERO);
        assert_eq!(awaited(thread::current().id()).as_deref(), Some("one.example"));
        assert_eq!(waits.of_thread(thread::current().id(), Duration::from_secs(3600)), None);
        let other = thread::spawn(|| ()).thread().id();
        assert_eq!(awaited(other), None);
    }
}
