//! The requests under way, so that a caller can show the server that keeps it waiting.

use std::time::{Duration, Instant};

use parking_lot::Mutex;
use url::Url;

/// The requests that have begun and not ended, with their retries.
#[derive(Default)]
pub(super) struct Waits {
    begun: Mutex<Vec<(u64, Instant, String)>>,
}

/// A request under way; it is over when dropped.
pub(super) struct Wait<'w> {
    waits: &'w Waits,
    number: u64,
}

impl Waits {
    /// A request to the server of this address begins.
    pub(super) fn begin(&self, url: &Url) -> Wait<'_> {
        let host = url.host_str().unwrap_or("the server").to_owned();
        let mut begun = self.begun.lock();
        let number = begun.last().map_or(0, |(number, ..)| number + 1);
        begun.push((number, Instant::now(), host));
        Wait { waits: self, number }
    }

    /// The server of the oldest request, if that is at least this old.
    pub(super) fn oldest(&self, age: Duration) -> Option<String> {
        let begun = self.begun.lock();
        begun.first().filter(|(_, at, _)| at.elapsed() >= age).map(|(.., host)| host.clone())
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        self.waits.begun.lock().retain(|(number, ..)| *number != self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_request_is_the_one_that_is_waited_for() {
        let waits = Waits::default();
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
}
