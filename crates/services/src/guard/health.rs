//! The health of a service at work: rounds of checks, and what follows from failed ones.

use std::time::{Duration, Instant};

use super::checks::checks;
use crate::declared::order::ServiceOrder;
use crate::probe::{Probe, ProbeResult};

/// The rounds so far.
pub(super) struct Rounds {
    /// The round under way, or the time of the next.
    next: Result<Probe, Instant>,
    /// Rounds in a row that have failed.
    failed: u32,
}

/// The result of a look at the health.
pub(super) enum HealthFinding {
    /// Nothing new; the time until the next look.
    Nothing(Duration),
    /// A round has succeeded after failed ones.
    Well,
    /// A round has failed, for this reason.
    Failing(String),
    /// Too many rounds in a row have failed.
    Ill(String),
}

impl Rounds {
    /// Begin the rounds of a service that is ready from now on; `None` if there is nothing to check.
    pub(super) fn begin(order: &ServiceOrder, now: Instant) -> Option<Self> {
        order.health.as_ref().map(|health| Self { next: Err(now + health.every), failed: 0 })
    }

    /// Look at the round under way, or begin one if it is time.
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
