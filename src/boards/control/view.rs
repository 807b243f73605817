//! The board as the clients of one runner see it: read once for all of them, with each slot as the text that is sent.
//!
//! A change gives its slot the next version, so the session of a client only remembers the last version it has sent,
//! and a slot that changed several times in between is sent once. If new work takes the slot of ended work, the end is
//! kept aside so that no client misses it.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use serde_json::json;
use vx_shm::{Reader, SlotView, Snapshot};
use vx_status::slot_document::SlotDocument;

use super::hand::Hand;
use crate::boards::find::slot_of;

/// A reading that is not older than this serves the followers of the board as well.
const FRESH: Duration = Duration::from_millis(50);
/// The most ends that are kept aside.
const ENDS: usize = 256;
/// The most text that one message holds.
const MESSAGE_BYTES: usize = 128 * 1024;

/// Which reading of the board an answer stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReadingAge {
    /// Made for this answer: whoever asks has seen what happened up to now, such as the end of a stop.
    New,
    /// Made for anyone within the last [`FRESH`]: many followers cost one reading.
    Shared,
}

/// One board, as the clients of this process see it.
pub(super) struct ControlView {
    board: PathBuf,
    hand: Arc<dyn Hand>,
    runner: u32,
    state: Mutex<ControlViewState>,
}

#[derive(Default)]
struct ControlViewState {
    reader: Option<Reader>,
    snapshot: Snapshot,
    read_at: Option<Instant>,
    version: u64,
    entries: Vec<SlotLifeEntry>,
    ends: VecDeque<SlotLifeEntry>,
}

/// One life of a slot.
struct SlotLifeEntry {
    document: SlotDocument,
    version: u64,
    /// The document as it is sent.
    text: String,
}

/// Slots in the order of their changes.
pub(super) struct SlotChanges {
    /// Each as JSON, separated by commas.
    pub texts: String,
    /// The version of the last one.
    pub version: u64,
    /// The state of the board.
    pub board: &'static str,
    /// Whether there is more than one message holds.
    pub more: bool,
}

impl ControlView {
    pub(super) fn new(board: &Path, hand: Arc<dyn Hand>) -> Self {
        Self { board: board.to_owned(), hand, runner: std::process::id(), state: Mutex::default() }
    }

    /// The board's file.
    pub(super) fn board(&self) -> &Path {
        &self.board
    }

    /// The number of this process.
    pub(super) fn runner(&self) -> u32 {
        self.runner
    }

    /// The slot with this key, freshly read: one that has not ended, else the one that ended last.
    pub(super) fn slot(&self, key: &str) -> Option<SlotView> {
        let mut state = self.state.lock();
        self.read(&mut state, ReadingAge::New);
        slot_of(&state.snapshot, key).cloned()
    }

    /// The newest lines of a slot's log on the board itself.
    pub(super) fn log_tail(&self, slot: u32, lines: usize) -> Vec<String> {
        self.state.lock().reader.as_ref().map(|reader| reader.log_tail(slot, lines)).unwrap_or_default()
    }

    /// Read the board again, so that no end is overlooked.
    pub(super) fn refresh(&self, age: ReadingAge) {
        self.read(&mut self.state.lock(), age);
    }

    /// The slots that changed after this version; all slots after version 0.
    pub(super) fn changes(&self, after: u64, age: ReadingAge) -> SlotChanges {
        let mut state = self.state.lock();
        self.read(&mut state, age);
        let state = &*state;
        let mut changed: Vec<&SlotLifeEntry> =
            state.ends.iter().chain(&state.entries).filter(|entry| entry.version > after).collect();
        changed.sort_by_key(|entry| entry.version);
        let mut found =
            SlotChanges { texts: String::new(), version: after, board: state.snapshot.board.state.name(), more: false };
        for entry in changed {
            if !found.texts.is_empty() && found.texts.len() + entry.text.len() > MESSAGE_BYTES {
                found.more = true;
                break;
            }
            if !found.texts.is_empty() {
                found.texts.push(',');
            }
            found.texts.push_str(&entry.text);
            found.version = entry.version;
        }
        found
    }

    /// The slot; if this process is its runner, with the requests that it accepts.
    fn document(&self, snapshot: &Snapshot, slot: &SlotView) -> SlotDocument {
        let mut document = SlotDocument::new(&snapshot.board, slot);
        if slot.runner == Some(self.runner) {
            document.can = self.hand.verbs(slot).into_iter().map(|verb| verb.name()).collect();
        }
        document
    }

    /// Read the board, unless a reading of this age is there. If the board cannot be read, the last reading stays.
    fn read(&self, state: &mut ControlViewState, age: ReadingAge) {
        if age == ReadingAge::Shared && state.read_at.is_some_and(|at| at.elapsed() < FRESH) {
            return;
        }
        if state.reader.is_none() {
            state.reader = Reader::open(&self.board).ok();
        }
        let ControlViewState { reader: Some(reader), snapshot, .. } = state else { return };
        if reader.refresh(snapshot).is_ok_and(|changed| changed) {
            let slots = std::mem::take(&mut snapshot.slots);
            for slot in &slots {
                let document = self.document(&state.snapshot, slot);
                state.update_slot(document);
            }
            state.snapshot.slots = slots;
        }
        state.read_at = Some(Instant::now());
    }
}

impl ControlViewState {
    /// Give the slot the next version if it has changed.
    fn update_slot(&mut self, document: SlotDocument) {
        let known = self.entries.iter().position(|entry| entry.document.slot == document.slot);
        let same = known.map(|at| &mut self.entries[at]).filter(|entry| entry.document.says_same(&document));
        let text = json!(document).to_string();
        if let Some(entry) = same {
            (entry.document, entry.text) = (document, text);
            return;
        }
        self.version += 1;
        let life = (document.slot, document.generation);
        let entry = SlotLifeEntry { document, version: self.version, text };
        match known {
            Some(at) => {
                let before = std::mem::replace(&mut self.entries[at], entry);
                if (before.document.slot, before.document.generation) != life {
                    self.ends.push_back(before);
                    if self.ends.len() > ENDS {
                        self.ends.pop_front();
                    }
                }
            }
            None => self.entries.push(entry),
        }
    }
}
