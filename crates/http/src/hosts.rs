//! Looking up hosts: each name is looked up once, however many connections to it start at the same moment.
//!
//! Name servers and home routers drop some of a burst of equal queries, and a dropped query is repeated only after five
//! seconds.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::bounded;
use parking_lot::Mutex;
use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{NextTimeout, time};

/// A failed look-up is shared with waiting threads for this time; a later request looks the name up again.
const FAILURE_LASTS: Duration = Duration::from_millis(100);

/// Looks names up with `R`, and keeps the results.
#[derive(Debug, Default)]
pub(super) struct Hosts<R = InTime> {
    inner: R,
    known: Mutex<HashMap<String, LookupSlot>>,
}

/// The result for one host; locked during the look-up.
type LookupSlot = Arc<Mutex<Option<Lookup>>>;

#[derive(Debug)]
enum Lookup {
    At(Vec<SocketAddr>),
    Nowhere(Instant),
}

impl<R: Resolver> Resolver for Hosts<R> {
    /// A wait for another thread's look-up is bounded like the look-up itself, since each caller waits for at most one.
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let authority = uri.authority().map(ToString::to_string).unwrap_or_default();
        let key = format!("{} {authority}", uri.scheme_str().unwrap_or_default());
        let slot = Arc::clone(self.known.lock().entry(key).or_default());
        let mut held = slot.lock();
        match &*held {
            Some(Lookup::At(addresses)) => {
                let mut found = self.empty();
                addresses.iter().for_each(|address| found.push(*address));
                return Ok(found);
            }
            Some(Lookup::Nowhere(since)) if since.elapsed() < FAILURE_LASTS => return Err(Error::HostNotFound),
            _ => {}
        }
        let found = self.inner.resolve(uri, config, timeout);
        *held = Some(match &found {
            Ok(addresses) => Lookup::At(addresses.iter().copied().collect()),
            Err(_) => Lookup::Nowhere(Instant::now()),
        });
        found
    }
}

/// Asks the system on another thread, so that the wait can time out. If no thread can be started, only the system's own
/// time limit holds.
#[derive(Debug, Default)]
pub(super) struct InTime;

impl Resolver for InTime {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let (asked, settings) = (uri.clone(), config.clone());
        let (sender, found) = bounded(1);
        // Ignore an error: the receiver may have timed out.
        let look_up = move || drop(sender.send(look_up(&asked, &settings)));
        match thread::Builder::new().name("name look-up".into()).spawn(look_up) {
            Ok(_) => found.recv_timeout(*timeout.after).unwrap_or(Err(Error::Timeout(timeout.reason))),
            Err(_) => self::look_up(uri, config),
        }
    }
}

/// Ask the system, without a time limit.
fn look_up(uri: &Uri, config: &Config) -> Result<ResolvedSocketAddrs, Error> {
    let endless = NextTimeout { after: time::Duration::NotHappening, ..NextTimeout::default() };
    DefaultResolver::default().resolve(uri, config, endless)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// A slow resolver that knows one host.
    #[derive(Debug, Default)]
    struct Slow(AtomicUsize);

    impl Resolver for Slow {
        fn resolve(&self, uri: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
            self.0.fetch_add(1, Ordering::SeqCst);
            thread::sleep(Duration::from_millis(20));
            let mut found = self.empty();
            found.push("127.0.0.1:80".parse().expect("an address"));
            if uri.host() == Some("known.invalid") { Ok(found) } else { Err(Error::HostNotFound) }
        }
    }

    #[test]
    fn a_burst_of_connections_looks_its_host_up_once() {
        let hosts = Hosts::<Slow>::default();
        let config = ureq::Agent::config_builder().build();
        let ask = |address: &'static str| {
            let after = Duration::from_secs(1).into();
            let reason = ureq::Timeout::Resolve;
            let timeout = NextTimeout { after, reason, per_read: None, per_write: None };
            hosts.resolve(&Uri::from_static(address), &config, timeout)
        };
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| assert_eq!(ask("http://known.invalid/a").expect("an address").len(), 1));
                scope.spawn(|| assert!(ask("http://unknown.invalid/a").is_err()));
            }
        });
        assert_eq!(hosts.inner.0.load(Ordering::SeqCst), 2);
        thread::sleep(FAILURE_LASTS);
        assert!(ask("http://known.invalid/b").is_ok() && ask("http://unknown.invalid/b").is_err());
        assert_eq!(hosts.inner.0.load(Ordering::SeqCst), 3);
    }
}
