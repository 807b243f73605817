//! One life of a service: from the start of its process until nothing of that is left.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use regex_lite::Regex;
use vx_shm::Health;
use vx_status::vocabulary::service::{READY, RUNNING};

use super::health::{Found, Rounds};
use super::{End, Keeper};
use crate::process::{Exit, Guarded, GuardedProgram};
use crate::project::services::{Ready, Restart};
use crate::service::order::Order;
use crate::service::output::Drained;
use crate::service::probe::{Check, CommandCheck, HttpCheck, Look, Probe};

/// A service without checks runs once it has lived for this long: one that cannot work mostly ends sooner.
const SETTLED: Duration = Duration::from_millis(100);
/// The longest pause between two looks at what a program has left behind.
const GLANCE: Duration = Duration::from_millis(200);

impl Keeper<'_> {
    /// Start the service, and wait for its end.
    pub(super) fn live(&mut self) -> End {
        let program = GuardedProgram {
            program: PathBuf::from(self.order.command.first().map(String::as_str).unwrap_or_default()),
            arguments: self.order.command.iter().skip(1).map(Into::into).collect(),
            environment: self.order.environment.clone(),
            directory: self.order.directory.clone(),
        };
        let started = self.guard.start(&program).and_then(|(guarded, reader)| {
            let probe = self.probe();
            Ok((self.output.drain(reader, probe), guarded))
        });
        let (drained, guarded) = match started {
            Ok(started) => started,
            Err(error) => return End::NotStarted(error),
        };
        self.watch(guarded, drained.ok())
    }

    /// The probe of a start that is now.
    fn probe(&self) -> Probe {
        match &self.order.ready {
            Some(ready) => Probe::new(checks(ready, &self.order), ready.timeout, Instant::now()),
            None => Probe::new([], Duration::MAX, Instant::now()),
        }
    }

    fn watch(&mut self, mut guarded: Guarded, drained: Option<Drained>) -> End {
        let (begun, mut rounds) = (Instant::now(), None);
        let end = loop {
            let now = Instant::now();
            let mut patience = None;
            let settles = self.order.ready.is_none() && now < begun + SETTLED;
            match if settles { None } else { self.output.look(now) } {
                Some(Look::Ready) => {
                    self.is_ready();
                    rounds = Rounds::begin(&self.order, now);
                }
                Some(Look::NotYet { again, .. }) => patience = Some(again),
                Some(Look::Late { why }) => break self.given_up(&mut guarded, End::NotReady(why)),
                None if settles => patience = Some((begun + SETTLED).saturating_duration_since(now)),
                None => {}
            }
            match rounds.as_mut().map(|rounds| rounds.look(&self.order, now)) {
                Some(Found::Nothing(again)) => patience = Some(patience.unwrap_or(again).min(again)),
                Some(Found::Ill(why)) => break self.given_up(&mut guarded, End::Ill(why)),
                Some(found) => {
                    match found {
                        Found::Failing(why) => self.is_unhealthy(&why),
                        _ => self.is_ready(),
                    }
                    // The time of the next round is known by another look.
                    patience = Some(Duration::ZERO);
                }
                None => {}
            }
            if let Some(exit) = guarded.exit() {
                if self.is_over(&mut guarded, exit) {
                    break End::Ended(exit);
                }
                patience = Some(patience.unwrap_or(GLANCE).min(GLANCE));
            }
            if self.guard.wait(Some(&guarded), &self.wake, patience).is_some() {
                self.stopping();
                let left = self.end(&mut guarded);
                break End::Stopped(left);
            }
            self.output.woken(&self.wake);
        };
        self.output.forget_probe();
        if let Some(drained) = drained {
            drained.finish();
        }
        guarded.collect();
        end
    }

    /// End a service that is of no use.
    fn given_up(&mut self, guarded: &mut Guarded, end: End) -> End {
        self.end(guarded);
        end
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

    /// Whether the service is over with the end of its program. A program that ends well and leaves processes behind lives
    /// on in them, as a daemon does, unless it is one that is to end; the others are ended with it.
    fn is_over(&mut self, guarded: &mut Guarded, exit: Exit) -> bool {
        if guarded.seen_empty() || guarded.seen_empty() {
            return true;
        }
        if exit.success() && self.order.restart != Restart::Never {
            return false;
        }
        self.end(guarded);
        true
    }

    /// End what is there of it.
    fn end(&mut self, guarded: &mut Guarded) -> Vec<crate::process::Member> {
        let grace = Duration::from_millis(self.order.stop_timeout_ms);
        self.guard.end(guarded, self.order.stop_signal, grace)
    }
}

/// The checks of this table. Its patterns and addresses were looked at with the project's file.
pub(super) fn checks(table: &Ready, order: &Order) -> Vec<Check> {
    let mut checks = Vec::new();
    checks.extend(table.log.as_ref().and_then(|pattern| Regex::new(pattern).ok()).map(Check::Log));
    checks.extend(order.port.filter(|_| table.tcp).map(Check::Tcp));
    let http = table.http.as_ref().and_then(|text| HttpCheck::new(text, order.port, table.status).ok());
    checks.extend(http.map(Check::Http));
    checks.extend(table.command.as_deref().and_then(<[String]>::split_first).map(|(program, arguments)| {
        Check::Command(CommandCheck {
            program: program.into(),
            arguments: arguments.iter().map(Into::into).collect(),
            environment: order.environment.clone(),
            directory: order.directory.clone(),
        })
    }));
    checks.extend(table.file.as_ref().map(|file| Check::File(order.project.join(file))));
    checks
}
