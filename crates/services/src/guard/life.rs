//! One life of a service: from the start of its process until no process of it is left.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use vx_process::{Exit, GuardedProgram, GuardedTree};
use vx_project::services::Restart;
use vx_shm::Health;
use vx_status::vocabulary::service::{READY, RUNNING};

use super::checks::checks;
use super::health::{HealthFinding, Rounds};
use super::{Keeper, ServiceProcessEnd};
use crate::declared::order::changed_file;
use crate::output::Drained;
use crate::probe::{Probe, ProbeResult};

/// A service without checks counts as running once it has lived for this long: a service that can't work mostly ends
/// sooner.
const SETTLED: Duration = Duration::from_secs(1);
/// Longest pause between two looks at the processes that a program left behind.
const GLANCE: Duration = Duration::from_millis(200);

impl Keeper<'_> {
    /// Start the service, and wait for its end.
    pub(super) fn live(&mut self) -> ServiceProcessEnd {
        if let Some(trouble) = changed_file(&self.order.agreed) {
            return ServiceProcessEnd::Changed(trouble);
        }
        let program = GuardedProgram {
            program: PathBuf::from(self.order.command.first().map(String::as_str).unwrap_or_default()),
            arguments: self.order.command.iter().skip(1).map(Into::into).collect(),
            environment: self.order.environment.clone(),
            directory: self.order.directory.clone(),
            holds_input: true,
        };
        let (mut guarded, reader) = match self.guard.start(&program) {
            Ok(started) => started,
            Err(error) => return ServiceProcessEnd::NotStarted(error),
        };
        match self.output.drain(reader, self.probe()) {
            Ok(drained) => self.watch(guarded, drained),
            Err(error) => {
                let end = self.end(&mut guarded, ServiceProcessEnd::NotStarted(error));
                guarded.collect();
                end
            }
        }
    }

    /// Make the probe of a service that starts now.
    fn probe(&self) -> Probe {
        match &self.order.ready {
            Some(ready) => Probe::new(checks(ready, &self.order), ready.timeout, Instant::now()),
            None => Probe::new([], Duration::MAX, Instant::now()),
        }
    }

    fn watch(&mut self, mut guarded: GuardedTree, drained: Drained) -> ServiceProcessEnd {
        let (begun, mut rounds) = (Instant::now(), None);
        let end = loop {
            let mut patience = match self.poll_checks(begun, &mut rounds) {
                Ok(patience) => patience,
                Err(end) => break self.end(&mut guarded, end),
            };
            if let Some(exit) = guarded.exit() {
                if let Some(end) = self.end_after(&mut guarded, exit) {
                    break end;
                }
                patience = Some(patience.unwrap_or(GLANCE).min(GLANCE));
            }
            if self.guard.wait(Some(&guarded), &self.wake, patience).is_some() {
                self.stopping();
                break self.end(&mut guarded, ServiceProcessEnd::Stopped);
            }
            self.output.woken(&self.wake);
        };
        self.output.forget_probe();
        drained.finish();
        guarded.collect();
        end
    }

    /// Check whether the service is ready, and then whether it is well. Returns how long to wait for the next look, or
    /// `None` to wait for an event; the error is the end to give a service that is late or ill.
    fn poll_checks(
        &mut self,
        begun: Instant,
        rounds: &mut Option<Rounds>,
    ) -> Result<Option<Duration>, ServiceProcessEnd> {
        let now = Instant::now();
        if self.order.ready.is_none() && now < begun + SETTLED {
            return Ok(Some((begun + SETTLED).saturating_duration_since(now)));
        }
        match self.output.poll_readiness(now) {
            Some(ProbeResult::NotYet { again, .. }) => return Ok(Some(again)),
            Some(ProbeResult::Late { why }) => return Err(ServiceProcessEnd::NotReady(why)),
            Some(ProbeResult::Ready) => {
                self.is_ready();
                *rounds = Rounds::begin(&self.order, now);
            }
            None => {}
        }
        let Some(rounds) = rounds else { return Ok(None) };
        match rounds.poll(&self.order, now) {
            HealthFinding::Nothing(again) => return Ok(Some(again)),
            HealthFinding::Ill(why) => return Err(ServiceProcessEnd::Ill(why)),
            HealthFinding::Failing(why) => self.is_unhealthy(&why),
            HealthFinding::Well => self.is_ready(),
        }
        // Look again at once: that tells the time of the next round.
        Ok(Some(Duration::ZERO))
    }

    fn is_unhealthy(&self, why: &str) {
        self.output.on_slot(|slot| {
            slot.message(why);
            slot.set_health(Health::Unhealthy);
        });
    }

    fn is_ready(&self) {
        let checked = self.order.ready.is_some();
        let port = self.order.port;
        self.output.on_slot(|slot| {
            if let Some(port) = port {
                slot.set_address(&format!("http://localhost:{port}"), Some(port));
            }
            slot.enter(if checked { READY } else { RUNNING }, None);
            slot.message("");
            slot.set_health(Health::Ready);
        });
    }

    /// Decide the service's end, if it ends with its program. A program that ends well and leaves processes behind
    /// lives on in them, as a daemon does, unless its policy is never to restart. In any other case they are ended with
    /// it.
    fn end_after(&mut self, guarded: &mut GuardedTree, exit: Exit) -> Option<ServiceProcessEnd> {
        if guarded.is_empty() {
            return Some(ServiceProcessEnd::Ended(exit));
        }
        if exit.success() && self.order.restart != Restart::Never {
            return None;
        }
        Some(self.end(guarded, ServiceProcessEnd::Ended(exit)))
    }

    /// End all processes that are left. `end` is the service's end if none survives.
    fn end(&mut self, guarded: &mut GuardedTree, end: ServiceProcessEnd) -> ServiceProcessEnd {
        let grace = Duration::from_millis(self.order.stop_timeout_ms);
        let left = self.guard.end(guarded, self.order.stop_signal, grace);
        if left.is_none() { end } else { ServiceProcessEnd::Left(left) }
    }
}
