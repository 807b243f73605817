//! The health of a service that is at work: rounds of checks, and what follows from those that fail.

use std::time::{Duration, Instant};

use super::checks::checks;
use crate::declared::order::ServiceOrder;
use crate::probe::{Probe, ProbeResult};

/// The rounds so far.
pub(super) struct Rounds {
    /// The time of the next round, or the round that is under way.
    next: Result<Probe, Instant>,
    /// The rounds in a row that have failed.
    failed: u32,
}

/// The finding of a look at the health.
pub(super) enum HealthFinding {
    /// Nothing new; the time until the next look.
    Nothing(Duration),
    /// A round has succeeded after others that had not.
    Well,
    /// A round has failed, for this reason.
    Failing(String),
    /// Too many have failed in a row.
    Ill(String),
}

impl Rounds {
    /// The rounds of a service that can be used from now on; none if there is nothing to check.
    pub(super) fn begin(order: &ServiceOrder, now: Instant) -> Option<Self> {
        order.health.as_ref().map(|health| Self { next: Err(now + health.every), failed: 0 })
    }

    /// Look, and begin a round if it is time for one.
    pub(super) fn poll(&mut self, order: &ServiceOrder, now: Instant) -> HealthFinding {
        let Some(health) = &order.health else { return HealthFinding::Nothing(Duration::MAX) };
        let probe = match &mut self.next {
            Ok(probe) => probe,
            Err(at) if *at > now => return HealthFinding::Nothing(at.saturating_duration_since(now)),
            next @ Err(_) => {
                *next = Ok(Probe::new(checks(&health.checks, order), health.checks.timeout, now));
                return HealthFinding::Nothing(Duration::ZERO);
            }
        };
        let look = probe.poll(now);
        if let ProbeResult::NotYet { again, .. } = look {
            return HealthFinding::Nothing(again);
        }
        self.next = Err(now + health.every);
        match look {
            ProbeResult::Late { why } => {
                self.failed += 1;
                if self.failed >= health.failures { HealthFinding::Ill(why) } else { HealthFinding::Failing(why) }
            }
            _ if std::mem::take(&mut self.failed) > 0 => HealthFinding::Well,
            _ => HealthFinding::Nothing(health.every),
        }
    }
}
