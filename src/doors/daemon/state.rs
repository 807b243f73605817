//! The state of a daemon that all its clients share.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;
use parking_lot::Mutex;
use vx_base::paths::Home;
use vx_project::lineage::LineageBounds;
use vx_rpc::RpcError;
use vx_shm::{BoardState, BoardView};

use super::answers::Answers;
use super::protocol::{DaemonStatus, Pong, VersionRange};
use super::watch::DaemonWatcher;
use crate::boards::find;
use crate::doors::daemon::events::hub::Hub;
use crate::doors::daemon::events::summary::BoardSummary;
use crate::doors::daemon::process::daemon_place::DaemonPlace;
use crate::doors::daemon::process::own_log::{is_end, last_lines};

/// The most boards that a new client is told about.
const BOARDS: usize = 100;
/// How many lines of the log are searched for ends, and how many ends are shown.
const LOG_LINES: usize = 100;
const ENDS: usize = 5;

/// The state that all clients share.
#[derive(Debug)]
pub(super) struct DaemonState {
    place: DaemonPlace,
    started: Instant,
    presence: Mutex<ConnectedClients>,
    /// Receives the reason why the daemon is to end.
    ends: Sender<&'static str>,
    pub answers: Answers,
    pub hub: Arc<Hub>,
    attention: Mutex<Attention>,
}

/// The clients that are connected.
#[derive(Debug)]
struct ConnectedClients {
    clients: u32,
    /// The number of clients so far.
    ever: u64,
    /// When a client last came or went.
    changed: Instant,
}

/// The watcher, as long as any client is subscribed.
#[derive(Debug, Default)]
struct Attention {
    watch: Option<DaemonWatcher>,
    /// The subscriptions of each client that has any, and the directories that it named.
    wants: BTreeMap<u64, (u32, BTreeSet<PathBuf>)>,
}

impl DaemonState {
    pub(super) fn new(place: DaemonPlace, ends: Sender<&'static str>) -> Arc<Self> {
        let started = Instant::now();
        let presence = Mutex::new(ConnectedClients { clients: 0, ever: 0, changed: started });
        let answers = Answers::for_home(place.home().clone());
        let (hub, attention) = (Arc::new(Hub::new()), Mutex::default());
        Arc::new(Self { place, started, presence, ends, answers, hub, attention })
    }

    /// The home that this daemon is for.
    pub(super) fn home(&self) -> &Home {
        self.place.home()
    }

    /// For how long there has been no client; `None` if there is one.
    pub(super) fn deserted_for(&self) -> Option<Duration> {
        let presence = self.presence.lock();
        (presence.clients == 0).then(|| presence.changed.elapsed())
    }

    /// The number of clients.
    pub(super) fn clients(&self) -> u32 {
        self.presence.lock().clients
    }

    /// Count a new client, and return its number.
    pub(super) fn come(&self) -> u64 {
        let mut presence = self.presence.lock();
        presence.clients += 1;
        presence.ever += 1;
        presence.changed = Instant::now();
        presence.ever
    }

    /// Count a client that has gone.
    pub(super) fn gone(&self) {
        let mut presence = self.presence.lock();
        presence.clients -= 1;
        presence.changed = Instant::now();
    }

    /// Have the daemon end.
    pub(super) fn end(&self, reason: &'static str) {
        // Only the first reason counts; the channel has no room for others.
        let _ = self.ends.try_send(reason);
    }

    /// Take over the number of this client's subscriptions and the directories that they name. Returns once the state
    /// before any event is known.
    ///
    /// # Errors
    /// No thread can be started for watching.
    pub(super) fn attend(&self, client: u64, subscriptions: u32, directories: &[PathBuf]) -> io::Result<()> {
        let mut attention = self.attention.lock();
        match subscriptions {
            0 => drop(attention.wants.remove(&client)),
            _ => drop(attention.wants.insert(client, (subscriptions, with_those_above(directories)))),
        }
        if attention.wants.is_empty() {
            if attention.watch.take().is_some() {
                self.hub.rest();
            }
            return Ok(());
        }
        if attention.watch.is_none() {
            attention.watch = Some(DaemonWatcher::begin(Arc::clone(&self.hub), self.home().clone())?);
        }
        let all = attention.wants.values().flat_map(|(_, directories)| directories.iter().cloned()).collect();
        attention.watch.iter().for_each(|watch| watch.name(BTreeSet::clone(&all)));
        Ok(())
    }

    /// The answer to `vx/ping`.
    pub(super) fn pong(&self) -> Result<Pong, RpcError> {
        Ok(Pong { uptime_secs: self.started.elapsed().as_secs(), cached_runtimes: self.answers.releases()? })
    }

    /// The answer to `vx/status`.
    pub(super) fn status(&self) -> Result<DaemonStatus, RpcError> {
        let attention = self.attention.lock();
        Ok(DaemonStatus {
            pong: self.pong()?,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            protocol: VersionRange::OWN,
            process: std::process::id(),
            clients: self.clients(),
            subscriptions: attention.wants.values().map(|(subscriptions, _)| subscriptions).sum(),
            watched: attention.watch.as_ref().map_or(0, DaemonWatcher::watched),
            ends: self.last_ends(),
            rss_bytes: own_memory(),
        })
    }

    /// The last ends of daemons of this home, with their reasons. If a daemon was killed, the next one logs its end.
    fn last_ends(&self) -> Vec<String> {
        let mut lines = last_lines(&self.place.log(), LOG_LINES).unwrap_or_default();
        lines.retain(|line| is_end(line));
        let surplus = lines.len().saturating_sub(ENDS);
        lines.split_off(surplus)
    }
}

/// The directories, and those above whose files apply to them.
fn with_those_above(directories: &[PathBuf]) -> BTreeSet<PathBuf> {
    let bounds = LineageBounds::of_machine();
    let counts = |directory: &Path| {
        directory.parent().is_some() && !bounds.above_home(directory) && !bounds.is_temporary(directory)
    };
    let mut all: BTreeSet<PathBuf> = directories.iter().cloned().collect();
    let above =
        directories.iter().flat_map(|directory| directory.ancestors().skip(1).take_while(|above| counts(above)));
    all.extend(above.map(Path::to_owned));
    all
}

/// The readable boards, the newest first; clients need not know about the others.
pub(super) fn summaries() -> Vec<BoardSummary> {
    let listed = find::list().unwrap_or_default();
    let readable = listed
        .into_iter()
        .filter_map(|listed| Some(BoardSummary::from_view(&listed.path, &listed.reading.ok()?.board)));
    readable.take(BOARDS).collect()
}

/// Whether the runner of any board is at work.
pub(super) fn work_is_live() -> bool {
    let is_live = |board: &BoardView| board.creator.alive == Some(true) && board.state == BoardState::Running;
    find::list()
        .is_ok_and(|all| all.iter().any(|listed| listed.reading.as_ref().is_ok_and(|seen| is_live(&seen.board))))
}

/// The resident memory of this process, in bytes.
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
