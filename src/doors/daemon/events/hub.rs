//! The queue of events: the last known state, the events since, and the clients to wake.
//!
//! The newest events of each kind are kept for clients that come back. Only the last numbers of a slot are kept, so a
//! slow client gets each slot's current numbers once. It gets all other events one by one, or, if too many are missing,
//! a snapshot to begin again from.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use serde_json::Value;

use super::event::{BoardWithWork, Changed, DaemonEvent, EventType, OnBoard, Release, Snapshot};
use super::summary::BoardSummary;
use super::wake::WakeSender;

/// How many events of each kind are kept.
const KEPT: usize = 256;

/// The queue of events of this daemon's life.
#[derive(Debug)]
pub(in crate::doors::daemon) struct Hub {
    generation: String,
    row: Mutex<EventQueue>,
}

/// An event with its number.
#[derive(Debug)]
pub(in crate::doors::daemon) struct Numbered {
    pub seq: u64,
    event: DaemonEvent,
    /// The event as JSON, from the first time it is sent.
    text: OnceLock<String>,
}

impl Numbered {
    fn new(seq: u64, event: DaemonEvent) -> Arc<Self> {
        Arc::new(Self { seq, event, text: OnceLock::new() })
    }

    /// The parameters of `vx/event` for a subscription: [`Told`](super::event::Told), most of which all clients share.
    pub(in crate::doors::daemon) fn told(&self, subscription_id: u64) -> String {
        let event = self.text.get_or_init(|| serde_json::to_string(&self.event).unwrap_or_default());
        let fields = event.strip_prefix('{').unwrap_or(event);
        format!("{{\"subscription_id\":{subscription_id},\"seq\":{},{fields}", self.seq)
    }
}

#[derive(Debug, Default)]
struct EventQueue {
    seq: u64,
    kept: BTreeMap<EventType, RecentEvents>,
    /// The newest numbers of each slot that is not over.
    numbers: BTreeMap<(PathBuf, u64), Arc<Numbered>>,
    seen: EventBaseline,
    ringers: HashMap<u64, (WakeSender, BTreeSet<EventType>)>,
}

/// The newest events of a kind.
#[derive(Debug, Default)]
struct RecentEvents {
    events: VecDeque<Arc<Numbered>>,
    /// The number of the newest event that was dropped.
    gone: u64,
}

/// The state that was seen last.
#[derive(Debug, Default)]
struct EventBaseline {
    runtimes: BTreeSet<Release>,
    boards: BTreeMap<PathBuf, (BoardSummary, BTreeMap<u64, Arc<Value>>)>,
}

/// The events that a client is interested in.
#[derive(Clone, Debug)]
pub(in crate::doors::daemon) struct EventFilter {
    pub types: BTreeSet<EventType>,
    /// The directories whose files it is interested in.
    pub directories: Vec<PathBuf>,
}

impl EventFilter {
    fn takes(&self, event: &DaemonEvent) -> bool {
        match event {
            // A file of a directory above also counts.
            DaemonEvent::ConfigChanged(Changed { path }) => {
                let place = path.parent().unwrap_or(Path::new("/"));
                self.directories.iter().any(|directory| directory.starts_with(place))
            }
            _ => true,
        }
    }
}

/// The next events of a client, or the fact that too many were dropped.
#[derive(Debug)]
pub(in crate::doors::daemon) enum EventBatch {
    Events(Vec<Arc<Numbered>>),
    Missed,
}

impl Hub {
    pub(in crate::doors::daemon) fn new() -> Self {
        let generation = format!("{:016x}", RandomState::new().hash_one(std::process::id()));
        Self { generation, row: Mutex::default() }
    }

    /// The name of this daemon's life.
    pub(in crate::doors::daemon) fn generation(&self) -> &str {
        &self.generation
    }

    /// The number of the last event, and the state after it.
    pub(in crate::doors::daemon) fn snapshot(&self) -> (u64, Snapshot) {
        let row = self.row.lock();
        (row.seq, row.seen.snapshot())
    }

    /// The events after this one.
    pub(in crate::doors::daemon) fn after(&self, seq: u64, interest: &EventFilter) -> EventBatch {
        let row = self.row.lock();
        let mut found = Vec::new();
        for kind in &interest.types {
            let Some(kept) = row.kept.get(kind) else { continue };
            if kept.gone > seq {
                return EventBatch::Missed;
            }
            let new = kept.events.iter().rev().take_while(|event| event.seq > seq);
            found.extend(new.filter(|event| interest.takes(&event.event)).cloned());
        }
        if interest.types.contains(&EventType::Progress) {
            found.extend(row.numbers.values().filter(|event| event.seq > seq).cloned());
        }
        found.sort_by_key(|event| event.seq);
        EventBatch::Events(found)
    }

    /// Whether this event number is of this daemon's life, and no event of interest after it was dropped.
    pub(in crate::doors::daemon) fn has_all_since(&self, generation: &str, seq: u64, interest: &EventFilter) -> bool {
        let is_past = seq <= self.row.lock().seq;
        generation == self.generation && is_past && matches!(self.after(seq, interest), EventBatch::Events(_))
    }

    /// Wake this client for events of these kinds from now on; with no kinds, stop.
    pub(in crate::doors::daemon) fn listen(
        &self,
        listener: u64,
        ringer: Option<WakeSender>,
        types: BTreeSet<EventType>,
    ) {
        let mut row = self.row.lock();
        match ringer.filter(|_| !types.is_empty()) {
            Some(ringer) => drop(row.ringers.insert(listener, (ringer, types))),
            None => drop(row.ringers.remove(&listener)),
        }
    }

    /// Whether any client is interested in numbers.
    pub(in crate::doors::daemon) fn wants_numbers(&self) -> bool {
        self.row.lock().ringers.values().any(|(_, types)| types.contains(&EventType::Progress))
    }

    /// Nobody watches from here on, so mark all later events as dropped.
    pub(in crate::doors::daemon) fn rest(&self) {
        let mut row = self.row.lock();
        row.seq += 1;
        let gone = row.seq;
        for kind in EventType::ALL {
            row.kept.insert(kind, RecentEvents { events: VecDeque::new(), gone });
        }
        row.numbers.clear();
        row.seen = EventBaseline::default();
    }

    /// Take over the releases in the store. The `first` look causes no events.
    pub(in crate::doors::daemon) fn runtimes(&self, now: BTreeSet<Release>, first: bool) {
        let mut row = self.row.lock();
        let before = std::mem::replace(&mut row.seen.runtimes, now.clone());
        if first {
            return;
        }
        before.difference(&now).for_each(|release| row.add(DaemonEvent::RuntimeRemoved(release.clone())));
        now.difference(&before).for_each(|release| row.add(DaemonEvent::RuntimeInstalled(release.clone())));
    }

    /// This file has changed.
    pub(in crate::doors::daemon) fn changed(&self, path: PathBuf) {
        self.row.lock().add(DaemonEvent::ConfigChanged(Changed { path }));
    }

    /// A run has opened this board.
    pub(in crate::doors::daemon) fn opened(&self, board: BoardSummary, first: bool) {
        let mut row = self.row.lock();
        row.seen.boards.insert(board.path.clone(), (board.clone(), BTreeMap::new()));
        if !first {
            row.add(DaemonEvent::BoardOpened(board));
        }
    }

    /// The run of this board is over.
    pub(in crate::doors::daemon) fn closed(&self, board: BoardSummary) {
        let mut row = self.row.lock();
        row.numbers.retain(|(path, _), _| *path != board.path);
        if row.seen.boards.remove(&board.path).is_some() {
            row.add(DaemonEvent::BoardClosed(board));
        }
    }

    /// A slot of this board has changed. If only `numbers` did, the event is progress; the `first` look causes no
    /// event.
    pub(in crate::doors::daemon) fn work(
        &self,
        board: &BoardSummary,
        slot: u64,
        work: Arc<Value>,
        numbers: bool,
        first: bool,
    ) {
        let mut row = self.row.lock();
        let Some((_, slots)) = row.seen.boards.get_mut(&board.path) else { return };
        slots.insert(slot, Arc::clone(&work));
        if first {
            return;
        }
        let on_board = OnBoard { board: board.path.clone(), id: board.id.clone(), work };
        let place = (board.path.clone(), slot);
        if numbers {
            row.seq += 1;
            let event = Numbered::new(row.seq, DaemonEvent::Progress(on_board));
            row.numbers.insert(place, event);
            row.ring(EventType::Progress);
        } else {
            row.numbers.remove(&place);
            row.add(DaemonEvent::WorkChanged(on_board));
        }
    }
}

impl EventQueue {
    fn add(&mut self, event: DaemonEvent) {
        let Some(kind) = event.kind() else { return };
        self.seq += 1;
        let kept = self.kept.entry(kind).or_default();
        kept.events.push_back(Numbered::new(self.seq, event));
        if kept.events.len() > KEPT {
            kept.gone = kept.events.pop_front().map_or(kept.gone, |oldest| oldest.seq);
        }
        self.ring(kind);
    }

    fn ring(&self, kind: EventType) {
        self.ringers.values().filter(|(_, types)| types.contains(&kind)).for_each(|(ringer, _)| ringer.ring());
    }
}

impl EventBaseline {
    fn snapshot(&self) -> Snapshot {
        let board = |(board, slots): &(BoardSummary, BTreeMap<u64, Arc<Value>>)| BoardWithWork {
            board: board.clone(),
            work: slots.values().cloned().collect(),
        };
        Snapshot {
            runtimes: self.runtimes.iter().cloned().collect(),
            boards: self.boards.values().map(board).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::doors::daemon::events::event::Told;

    fn interest(types: &[EventType]) -> EventFilter {
        EventFilter { types: types.iter().copied().collect(), directories: vec!["/p/a".into()] }
    }

    fn release(version: u32) -> Release {
        Release { runtime: "node".into(), version: version.to_string() }
    }

    fn names(next: EventBatch) -> Vec<u64> {
        match next {
            EventBatch::Events(events) => events.iter().map(|event| event.seq).collect(),
            EventBatch::Missed => panic!("some are missing"),
        }
    }

    #[test]
    fn a_client_is_told_what_it_asked_for_and_nothing_else() {
        let hub = Hub::new();
        hub.runtimes(BTreeSet::from([release(1)]), true);
        hub.runtimes(BTreeSet::from([release(2)]), false);
        for path in ["/p/vx.toml", "/p/a/vx.lock", "/p/a/b/vx.toml", "/q/vx.toml"] {
            hub.changed(path.into());
        }
        assert_eq!(names(hub.after(0, &interest(&[EventType::RuntimeInstalled]))), [2]);
        assert_eq!(names(hub.after(0, &interest(&[EventType::RuntimeRemoved, EventType::ConfigChanged]))), [1, 3, 4]);
        assert_eq!(names(hub.after(3, &interest(&EventType::ALL))), [4]);
        assert_eq!(hub.snapshot().1.runtimes, [release(2)]);
    }

    #[test]
    fn an_event_is_told_to_each_subscription_with_its_own_number() {
        let hub = Hub::new();
        hub.runtimes(BTreeSet::from([release(1)]), false);
        let EventBatch::Events(events) = hub.after(0, &interest(&EventType::ALL)) else { panic!("none is missing") };
        for subscription_id in [1, 1 << 40] {
            let told: Told = serde_json::from_str(&events[0].told(subscription_id)).expect("parameters");
            let event = DaemonEvent::RuntimeInstalled(release(1));
            assert_eq!(told, Told { subscription_id, seq: 1, event });
        }
    }

    #[test]
    fn numbers_are_told_once_with_their_last_values_and_ends_one_by_one() {
        let hub = Hub::new();
        let board = BoardSummary { path: "/b".into(), id: "1".into(), title: "t".into(), state: "running".into() };
        hub.opened(board.clone(), false);
        (0..1000).for_each(|done| hub.work(&board, 7, json!({ "done": done }).into(), true, false));
        let all = interest(&EventType::ALL);
        assert_eq!(names(hub.after(0, &all)), [1, 1001]);
        (0..3).for_each(|life| hub.work(&board, 7, json!({ "life": life }).into(), false, false));
        assert_eq!(names(hub.after(1, &all)), [1002, 1003, 1004], "the end has the last numbers");
        hub.closed(board.clone());
        hub.closed(board);
        assert_eq!(names(hub.after(1004, &all)), [1005]);
        assert_eq!(hub.snapshot().1.boards, []);
    }

    #[test]
    fn a_client_that_has_missed_too_much_or_comes_from_another_life_begins_anew() {
        let hub = Hub::new();
        let all = interest(&[EventType::ConfigChanged]);
        (0..=KEPT).for_each(|number| hub.changed(format!("/p/{number}").into()));
        assert!(matches!(hub.after(0, &all), EventBatch::Missed));
        assert!(
            matches!(hub.after(0, &interest(&[EventType::BoardOpened])), EventBatch::Events(none) if none.is_empty())
        );
        let generation = hub.generation().to_owned();
        assert!(hub.has_all_since(&generation, 1, &all) && !hub.has_all_since(&generation, 0, &all));
        assert!(!hub.has_all_since("other", 1, &all) && !hub.has_all_since(&generation, 9999, &all));
        hub.rest();
        assert!(!hub.has_all_since(&generation, 1, &all), "nobody looked in between");
    }
}
