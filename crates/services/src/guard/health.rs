//! The health of a service that is at work: rounds of checks, and what follows from those that fail.

use std::time::{Duration, Instant};

use super::checks::checks;
use crate::declared::order::Order;
use crate::probe::{Look, Probe};

/// The rounds so far.
pub(super) struct Rounds {
    /// The time of the next round, or the round that is under way.
    next: Result<Probe, Instant>,
    /// The rounds in a row that have failed.
    failed: u32,
}

/// The finding of a look at the health.
pub(super) enum Found {
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
    pub(super) fn begin(order: &Order, now: Instant) -> Option<Self> {
        order.health.as_ref().map(|health| Self { next: Err(now + health.every), failed: 0 })
    }

    /// Look, and begin a round if it is time for one.
    pub(super) fn look(&mut self, order: &Order, now: Instant) -> Found {
        let Some(health) = &order.health else { return Found::Nothing(Duration::MAX) };
        let probe = match &mut self.next {
            Ok(probe) => probe,
            Err(at) if *at > now => return Found::Nothing(at.saturating_duration_since(now)),
            next @ Err(_) => {
                *next = Ok(Probe::new(checks(&health.checks, order), health.checks.timeout, now));
                return Found::Nothing(Duration::ZERO);
            }
        };
        let look = probe.look(now);
        if let Look::NotYet { again, .. } = look {
            return Found::Nothing(again);
        }
        self.next = Err(now + health.every);
        match look {
            Look::Late { why } => {
                self.failed += 1;
                if self.failed >= health.failures { Found::Ill(why) } else { Found::Failing(why) }
            }
            _ if std::mem::take(&mut self.failed) > 0 => Found::Well,
            _ => Found::Nothing(health.every),
        }
    }
}
