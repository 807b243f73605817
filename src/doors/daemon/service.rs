//! The answers to one client, and the events that it has subscribed to.

use std::collections::BTreeMap;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

use serde_json::json;
use vx_base::trouble::{Trouble, TroubleKind};
use vx_rpc::{Notification, Params, RpcError, RpcService, RpcServices};

use super::begin;
use super::forward::pass;
use super::protocol::{DaemonResponse, Introduced, Subscribed, VersionRange};
use super::state::{DaemonState, summaries, work_is_live};
use crate::doors::daemon::events::event::{DaemonEvent, EVENT, Told};
use crate::doors::daemon::events::hub::{EventBatch, EventFilter};
use crate::doors::daemon::events::wake::{WakeReceiver, WakeSender};
use crate::doors::daemon::protocol::fault::{fault_from_trouble, in_directory};
use crate::doors::daemon::protocol::request::{DaemonRequest, Subscribe};

/// The largest request: a client may send all of its variables.
const REQUEST_BYTES: usize = 256 * 1024;
/// The most subscriptions of a client.
const SUBSCRIPTIONS: usize = 32;
/// The most bytes of events that are sent before the client has taken some.
const AT_ONCE_BYTES: usize = 8 * 1024;

/// Makes the service of each client.
pub(super) struct DaemonServices(pub Arc<DaemonState>);

impl RpcServices for DaemonServices {
    fn serve(&self) -> Box<dyn RpcService> {
        let (hall, client) = (Arc::clone(&self.0), self.0.come());
        Box::new(DaemonClientSession {
            hall,
            client,
            introduced: false,
            subscriptions: BTreeMap::new(),
            ever: 0,
            bell: None,
        })
    }

    fn request_bytes(&self) -> usize {
        REQUEST_BYTES
    }
}

/// One client.
struct DaemonClientSession {
    hall: Arc<DaemonState>,
    client: u64,
    introduced: bool,
    subscriptions: BTreeMap<u64, Subscription>,
    /// The number of subscriptions so far.
    ever: u64,
    /// Set from the first subscription on.
    bell: Option<(WakeReceiver, WakeSender)>,
}

/// A subscription, and the last event that was sent for it.
struct Subscription {
    interest: EventFilter,
    seq: u64,
}

impl Drop for DaemonClientSession {
    fn drop(&mut self) {
        self.subscriptions.clear();
        // Without subscriptions nothing is started that could fail.
        let _ = self.attend();
        self.hall.gone();
    }
}

impl DaemonClientSession {
    /// Introduce the daemon to a client. If the client speaks other versions and nobody else needs the daemon, it ends,
    /// so that
    /// the client can start its own.
    fn introduce(&mut self, asked: VersionRange) -> Result<Introduced, RpcError> {
        let Some(protocol) = asked.common(VersionRange::OWN) else {
            let own = VersionRange::OWN;
            let text = format!("this daemon speaks versions {} to {} of the protocol", own.min, own.max);
            if self.hall.clients() == 1 && !work_is_live() {
                self.hall.end("a client of another version came, and nobody else was there");
                let hint = "it ends now: start one of your version with `vx daemon start`";
                return Err(RpcError::work(TroubleKind::Usage.name(), text, Some(hint.into())));
            }
            let hint = "it has other clients or work: go on without it, or run `vx daemon restart`";
            return Err(RpcError::work(TroubleKind::Usage.name(), text, Some(hint.into())));
        };
        self.introduced = true;
        Ok(Introduced {
            protocol,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            process: std::process::id(),
            methods: DaemonRequest::METHODS.map(str::to_owned).to_vec(),
            boards: summaries(),
        })
    }

    fn answer(&mut self, request: DaemonRequest) -> Result<DaemonResponse, RpcError> {
        let (answers, home) = (&self.hall.answers, self.hall.home());
        Ok(match request {
            DaemonRequest::Initialize(asked) => DaemonResponse::Introduced(self.introduce(asked.protocol)?),
            DaemonRequest::Resolve(asked) => DaemonResponse::Resolved(answers.resolve(asked)?),
            DaemonRequest::Environment(asked) => DaemonResponse::Environment(answers.environment(asked)?),
            DaemonRequest::ListVersions(asked) => DaemonResponse::Versions(answers.versions(&asked)?),
            DaemonRequest::Project(asked) => DaemonResponse::Project(answers.project(&asked)?),
            DaemonRequest::Sync(asked) => DaemonResponse::Begun(begin::sync(home, &asked)?),
            DaemonRequest::Install(asked) => DaemonResponse::Begun(begin::install(home, &asked)?),
            DaemonRequest::Uninstall(asked) => DaemonResponse::Begun(begin::uninstall(home, &asked)?),
            DaemonRequest::Use(asked) => DaemonResponse::Begun(begin::declare(home, &asked)?),
            DaemonRequest::Up(asked) => DaemonResponse::Begun(begin::up(home, &asked)?),
            DaemonRequest::Subscribe(asked) => DaemonResponse::Subscribed(self.subscribe(asked)?),
            DaemonRequest::Unsubscribe(asked) => {
                self.unsubscribe(asked.subscription_id)?;
                DaemonResponse::Done
            }
            DaemonRequest::Ping => DaemonResponse::Pong(self.hall.pong()?),
            DaemonRequest::Status => DaemonResponse::Status(self.hall.status()?),
            DaemonRequest::Shutdown => {
                self.hall.end("a client asked for it");
                DaemonResponse::Done
            }
        })
    }

    fn subscribe(&mut self, asked: Subscribe) -> Result<Subscribed, RpcError> {
        if self.subscriptions.len() >= SUBSCRIPTIONS {
            let text = format!("a client has at most {SUBSCRIPTIONS} subscriptions");
            return Err(fault_from_trouble(
                Trouble::new(TroubleKind::Usage, text).hinted("end one with `vx/unsubscribe`"),
            ));
        }
        asked.directories.iter().try_for_each(|directory| in_directory(directory))?;
        let failed =
            |error| fault_from_trouble(Trouble::new(TroubleKind::Internal, format!("cannot watch events: {error}")));
        if self.bell.is_none() {
            self.bell = Some(WakeReceiver::new().map_err(failed)?);
        }
        let real =
            asked.directories.iter().map(|directory| directory.canonicalize().unwrap_or_else(|_| directory.clone()));
        let interest = EventFilter { types: asked.event_types.into_iter().collect(), directories: real.collect() };
        self.ever += 1;
        self.subscriptions.insert(self.ever, Subscription { interest: interest.clone(), seq: u64::MAX });
        if let Err(error) = self.attend() {
            self.subscriptions.remove(&self.ever);
            return Err(failed(error));
        }
        let (now, all) = self.hall.hub.snapshot();
        let since = asked.since.as_ref();
        let goes_on = since.filter(|since| self.hall.hub.has_all_since(&since.generation, since.seq, &interest));
        let seq = goes_on.map_or(now, |since| since.seq);
        self.subscriptions.insert(self.ever, Subscription { interest, seq });
        if let Some((_, ringer)) = &self.bell {
            // Events that have come meanwhile are sent right after the answer.
            ringer.ring();
        }
        Ok(Subscribed {
            subscription_id: self.ever,
            generation: self.hall.hub.generation().to_owned(),
            seq,
            resync: since.is_some() && goes_on.is_none(),
            snapshot: goes_on.is_none().then_some(all),
        })
    }

    fn unsubscribe(&mut self, id: u64) -> Result<(), RpcError> {
        if self.subscriptions.remove(&id).is_none() {
            let text = format!("there is no subscription {id}");
            return Err(fault_from_trouble(
                Trouble::new(TroubleKind::NotFound, text).hinted("name an id that `vx/subscribe` has answered"),
            ));
        }
        // With fewer subscriptions nothing is started that could fail.
        let _ = self.attend();
        Ok(())
    }

    /// Watch everything that this client's subscriptions are about.
    fn attend(&self) -> std::io::Result<()> {
        let interests = || self.subscriptions.values().map(|subscription| &subscription.interest);
        let types = interests().flat_map(|interest| interest.types.iter().copied()).collect();
        let ringer = self.bell.as_ref().map(|(_, ringer)| ringer.clone());
        self.hall.hub.listen(self.client, ringer, types);
        let directories: Vec<_> = interests().flat_map(|interest| interest.directories.iter().cloned()).collect();
        let count = u32::try_from(self.subscriptions.len()).unwrap_or(u32::MAX);
        self.hall.attend(self.client, count, &directories)
    }

    /// The next events of every subscription, as far as they may be sent at once.
    fn next_events(&mut self) -> Vec<Notification> {
        let (mut found, mut bytes) = (Vec::new(), 0);
        let mut put = |params: String| {
            bytes += params.len();
            found.push(Notification { method: EVENT, params });
            bytes < AT_ONCE_BYTES
        };
        let mut all = true;
        for (id, subscription) in &mut self.subscriptions {
            match self.hall.hub.after(subscription.seq, &subscription.interest) {
                EventBatch::Events(events) => {
                    for event in events {
                        if !all {
                            break;
                        }
                        subscription.seq = event.seq;
                        all = put(event.told(*id));
                    }
                }
                EventBatch::Missed => {
                    let (now, snapshot) = self.hall.hub.snapshot();
                    subscription.seq = now;
                    let told = Told { subscription_id: *id, seq: now, event: DaemonEvent::Resync(snapshot) };
                    all &= put(json!(told).to_string());
                }
            }
        }
        if let Some((_, ringer)) = self.bell.as_ref().filter(|_| !all) {
            ringer.ring();
        }
        found
    }
}

impl RpcService for DaemonClientSession {
    fn call(&mut self, method: &str, params: Params<'_>) -> Result<String, RpcError> {
        let is_first = method == "initialize";
        if let Some(passed) = self.introduced.then(|| pass(self.hall.home(), method, params)).flatten() {
            return passed;
        }
        let request = DaemonRequest::read(method, params)?;
        if !self.introduced && !is_first {
            return Err(RpcError::not_initialized());
        }
        let answer = self.answer(request)?;
        serde_json::to_string(&answer)
            .map_err(|error| RpcError::work(TroubleKind::Internal.name(), error.to_string(), None))
    }

    fn introduced(&self) -> bool {
        self.introduced
    }

    fn follows(&self) -> bool {
        false
    }

    fn bell(&self) -> Option<BorrowedFd<'_>> {
        self.bell.as_ref().map(|(bell, _)| bell.as_fd())
    }

    fn due(&mut self, _: bool, _: bool) -> Vec<Notification> {
        if let Some((bell, _)) = &self.bell {
            bell.quieten();
        }
        self.next_events()
    }
}
