//! The answers to one client, and what all clients share.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;
use parking_lot::Mutex;
use vx_shm::{BoardState, BoardView};

use super::protocol::{BoardSummary, DaemonRequest, DaemonResponse, DaemonStatus, Introduced, Pong, Versions};
use crate::install::Store;
use crate::paths::Home;
use crate::rpc::{Fault, Notification, Params, Service, Services};
use crate::trouble::{Explain, Trouble, TroubleKind};
use crate::work::boards;

/// The most boards that are named to a new client.
const BOARDS: usize = 100;

/// What all clients share.
#[derive(Debug)]
pub(super) struct Hall {
    home: Home,
    started: Instant,
    presence: Mutex<Presence>,
    /// Takes the reason for which the daemon is to end.
    ends: Sender<&'static str>,
}

/// The clients that are connected.
#[derive(Debug)]
struct Presence {
    clients: u32,
    /// The last time at which one came or went.
    changed: Instant,
}

impl Hall {
    pub(super) fn new(home: Home, ends: Sender<&'static str>) -> Arc<Self> {
        let started = Instant::now();
        Arc::new(Self { home, started, presence: Mutex::new(Presence { clients: 0, changed: started }), ends })
    }

    /// The time for which no client has been there; `None` if one is.
    pub(super) fn deserted_for(&self) -> Option<Duration> {
        let presence = self.presence.lock();
        (presence.clients == 0).then(|| presence.changed.elapsed())
    }

    fn clients(&self) -> u32 {
        self.presence.lock().clients
    }

    fn end(&self, reason: &'static str) {
        // The first reason counts; the others find no room.
        let _ = self.ends.try_send(reason);
    }

    fn pong(&self) -> Result<Pong, Fault> {
        let releases = Store::new(self.home.clone()).list().map_err(|error| fault(&error))?;
        Ok(Pong { uptime_secs: self.started.elapsed().as_secs(), cached_runtimes: releases.len() as u64 })
    }

    fn status(&self) -> Result<DaemonStatus, Fault> {
        Ok(DaemonStatus {
            pong: self.pong()?,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            protocol: Versions::OWN,
            process: std::process::id(),
            clients: self.clients(),
            rss_bytes: own_memory(),
        })
    }
}

/// Makes the service of each client.
pub(super) struct Desks(pub Arc<Hall>);

impl Services for Desks {
    fn serve(&self) -> Box<dyn Service> {
        let mut presence = self.0.presence.lock();
        presence.clients += 1;
        presence.changed = Instant::now();
        drop(presence);
        Box::new(Desk { hall: Arc::clone(&self.0), introduced: false })
    }
}

/// One client.
struct Desk {
    hall: Arc<Hall>,
    introduced: bool,
}

impl Drop for Desk {
    fn drop(&mut self) {
        let mut presence = self.hall.presence.lock();
        presence.clients -= 1;
        presence.changed = Instant::now();
    }
}

impl Desk {
    /// A client of another version takes the place of a daemon that nobody else needs.
    fn introduce(&mut self, asked: Versions) -> Result<Introduced, Fault> {
        let Some(protocol) = asked.common(Versions::OWN) else {
            let own = Versions::OWN;
            let text = format!("this daemon speaks versions {} to {} of the protocol", own.min, own.max);
            if self.hall.clients() == 1 && !work_is_live() {
                self.hall.end("a client of another version came, and nobody else was there");
                let hint = "it ends now: start one of your version with `vx daemon start`";
                return Err(Fault::work(TroubleKind::Usage.name(), text, Some(hint.into())));
            }
            let hint = "it has other clients or work: go on without it, or `vx daemon restart`";
            return Err(Fault::work(TroubleKind::Busy.name(), text, Some(hint.into())));
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

    fn answer(&mut self, request: DaemonRequest) -> Result<DaemonResponse, Fault> {
        if !self.introduced && !matches!(request, DaemonRequest::Initialize { .. }) {
            return Err(Fault::not_initialized());
        }
        Ok(match request {
            DaemonRequest::Initialize { protocol, .. } => DaemonResponse::Introduced(self.introduce(protocol)?),
            DaemonRequest::Ping => DaemonResponse::Pong(self.hall.pong()?),
            DaemonRequest::Status => DaemonResponse::Status(self.hall.status()?),
            DaemonRequest::Shutdown => {
                self.hall.end("a client asked for it");
                DaemonResponse::Done
            }
        })
    }
}

impl Service for Desk {
    fn call(&mut self, method: &str, params: Params<'_>) -> Result<String, Fault> {
        let answer = self.answer(DaemonRequest::read(method, params)?)?;
        serde_json::to_string(&answer)
            .map_err(|error| Fault::work(TroubleKind::Internal.name(), error.to_string(), None))
    }

    fn introduced(&self) -> bool {
        self.introduced
    }

    fn follows(&self) -> bool {
        false
    }

    fn due(&mut self, _: bool, _: bool) -> Vec<Notification> {
        Vec::new()
    }
}

fn fault(error: &(impl std::fmt::Display + Explain)) -> Fault {
    let trouble = Trouble::of(error);
    Fault::work(trouble.kind.name(), trouble.text, trouble.hint)
}

/// The boards that can be read, the newest first. A board that cannot be is no client's concern.
fn summaries() -> Vec<BoardSummary> {
    let listed = boards::list().unwrap_or_default();
    let readable = listed.into_iter().filter_map(|listed| {
        let board = listed.reading.ok()?.board;
        let state = board.state.name().to_owned();
        Some(BoardSummary { path: listed.path, id: board.id, title: board.title, state })
    });
    readable.take(BOARDS).collect()
}

/// True if the runner of any board is at work.
pub(super) fn work_is_live() -> bool {
    let is_live = |board: &BoardView| board.creator.alive == Some(true) && board.state == BoardState::Running;
    boards::list()
        .is_ok_and(|all| all.iter().any(|listed| listed.reading.as_ref().is_ok_and(|seen| is_live(&seen.board))))
}

/// The memory that this process has, in bytes.
#[cfg(target_os = "linux")]
fn own_memory() -> Option<u64> {
    let sizes = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = sizes.split_ascii_whitespace().nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}

#[cfg(not(target_os = "linux"))]
fn own_memory() -> Option<u64> {
    None
}
