//! The readiness of a service: a line it printed, a port it opened, an answer it gave, a command, a file.
//!
//! The thread that guards the service polls a [`Probe`], which never blocks it: an answer that may take long is waited
//! for on another thread. The same checks, without the log, show whether a service is well.

mod command;
mod http;
mod log;
mod tcp;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use regex_lite::Regex;

pub use command::CommandCheck;
use command::CommandRun;
use http::HttpAsk;
pub use http::{HttpCheck, HttpCheckError};
use log::LogMatch;

/// Pause between two looks at a port or a file.
const GLANCE: Duration = Duration::from_millis(20);
/// Pause between two looks at an attempt under way.
const IN_FLIGHT: Duration = Duration::from_millis(4);

/// A condition that must hold before a service is ready.
#[derive(Clone, Debug)]
pub enum ServiceCheck {
    /// The service has printed a line that matches this pattern.
    Log(Regex),
    /// This port of this machine accepts connections, by IPv4 or by IPv6.
    Tcp(u16),
    /// An address answers.
    Http(HttpCheck),
    /// A command ends with 0.
    Command(CommandCheck),
    /// A file exists.
    File(PathBuf),
}

/// The checks of one start of a service. Each must have held once.
#[derive(Debug)]
pub struct Probe {
    parts: Vec<PendingCheck>,
    started: Instant,
    patience: Duration,
}

/// A check that is under way, until it has held.
#[derive(Debug)]
enum PendingCheck {
    Log(LogMatch),
    Tcp(u16),
    Http(HttpAsk),
    Command(CommandRun),
    File(PathBuf),
}

/// The result of polling a probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProbeResult {
    /// All checks have held.
    Ready,
    /// Some checks have not held yet.
    NotYet {
        /// The first of them, and what is known of it.
        why: String,
        /// The time until the next look; a line of output is a reason to look at once.
        again: Duration,
    },
    /// The time is over.
    Late {
        /// The first check that has not held, and what is known of it.
        why: String,
    },
}

/// A check that does not hold yet: why, and how long until it is worth another look.
#[derive(Debug)]
struct UnmetCheck {
    why: String,
    again: Duration,
}

impl Probe {
    /// Begin the probe of a service that has started now, and has this long to become ready.
    pub fn new(checks: impl IntoIterator<Item = ServiceCheck>, patience: Duration, now: Instant) -> Self {
        let parts = checks.into_iter().map(PendingCheck::new).collect();
        Self { parts, started: now, patience }
    }

    /// Take the next piece of the service's output.
    pub fn output(&mut self, bytes: &[u8]) {
        for part in &mut self.parts {
            if let PendingCheck::Log(log) = part {
                log.feed(bytes);
            }
        }
    }

    /// Look at all checks that have not held yet.
    pub fn poll(&mut self, now: Instant) -> ProbeResult {
        let (mut first, mut soonest) = (None, Duration::MAX);
        self.parts.retain_mut(|part| match part.poll(now) {
            Ok(()) => false,
            Err(UnmetCheck { why, again }) => {
                first.get_or_insert(why);
                soonest = soonest.min(again);
                true
            }
        });
        let left = self.patience.saturating_sub(now.saturating_duration_since(self.started));
        match first {
            None => ProbeResult::Ready,
            Some(why) if left.is_zero() => ProbeResult::Late { why },
            Some(why) => ProbeResult::NotYet { why, again: soonest.min(left) },
        }
    }
}

impl PendingCheck {
    fn new(check: ServiceCheck) -> Self {
        match check {
            ServiceCheck::Log(pattern) => Self::Log(LogMatch::new(pattern)),
            ServiceCheck::Tcp(port) => Self::Tcp(port),
            ServiceCheck::Http(check) => Self::Http(HttpAsk::new(check)),
            ServiceCheck::Command(check) => Self::Command(CommandRun::new(check)),
            ServiceCheck::File(path) => Self::File(path),
        }
    }

    fn poll(&mut self, now: Instant) -> Result<(), UnmetCheck> {
        match self {
            Self::Log(log) if log.found() => Ok(()),
            // Only output changes this, and its arrival wakes the guard.
            Self::Log(log) => Err(UnmetCheck { why: log.why(), again: Duration::MAX }),
            Self::Tcp(port) => tcp::connect(*port).map_err(|why| UnmetCheck { why, again: GLANCE }),
            Self::Http(ask) => ask.poll(now).map_err(|why| UnmetCheck { why, again: IN_FLIGHT.max(ask.pause(now)) }),
            Self::Command(run) => run.poll(now).map_err(|why| UnmetCheck { why, again: IN_FLIGHT.max(run.pause(now)) }),
            Self::File(path) if path.exists() => Ok(()),
            Self::File(path) => Err(UnmetCheck { why: format!("there is no `{}`", path.display()), again: GLANCE }),
        }
    }
}

#[cfg(all(test, unix))]
mod tests;
