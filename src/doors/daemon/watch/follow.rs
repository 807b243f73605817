//! One board, from the moment at which it is seen to the end of its run.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use vx_shm::{BoardState, BoardView, Reader, SlotView, Snapshot, Step};

use crate::boards::control::slot_document;
use crate::boards::find;
use crate::doors::daemon::events::hub::Hub;
use crate::doors::daemon::events::summary::BoardSummary;

/// The longest sleep: a change of the interest in numbers wakes nobody, nor does the end of the last subscription.
const LOOK: Duration = Duration::from_secs(5);
/// The time between two words about the numbers of a slot.
const BETWEEN_NUMBERS: Duration = Duration::from_millis(100);

/// A slot as it was told last.
struct Told {
    generation: u32,
    state: vx_shm::SlotState,
    step: Step,
    document: Arc<Value>,
    at: Instant,
}

/// Tell the hub of this board until its run is over, or everything is.
pub(super) fn follow(hub: &Hub, path: &Path, board: &BoardSummary, first: bool, over: &AtomicBool) {
    let Ok(mut reader) = find::open_file(path) else { return hub.closed(board.clone()) };
    let (mut snapshot, mut told, mut first) = (Snapshot::default(), HashMap::new(), first);
    loop {
        let read = reader.refresh(&mut snapshot);
        if over.load(Ordering::Relaxed) {
            return;
        }
        let mut held_back = false;
        for slot in &snapshot.slots {
            held_back |= !tell(hub, board, slot, &mut told, first);
        }
        first = false;
        if read.is_err() || is_over(&snapshot.board) {
            return hub.closed(BoardSummary::of(path, &snapshot.board));
        }
        rest(hub, &reader, &snapshot, held_back);
    }
}

fn is_over(board: &BoardView) -> bool {
    board.state != BoardState::Running || board.creator.alive == Some(false)
}

/// Wait for the next thing to tell.
fn rest(hub: &Hub, reader: &Reader, snapshot: &Snapshot, held_back: bool) {
    let live = snapshot.slots.iter().any(|slot| slot.state == vx_shm::SlotState::Live);
    let numbers = held_back || live && hub.wants_numbers();
    reader.wait_change(if numbers { BETWEEN_NUMBERS } else { LOOK });
}

/// Tell what is new about a slot; false if its numbers have to wait.
fn tell(hub: &Hub, board: &BoardSummary, slot: &SlotView, told: &mut HashMap<u32, Told>, first: bool) -> bool {
    let document = Arc::new(slot_document(slot));
    let known = told.get_mut(&slot.index);
    let is_same = |known: &Told| {
        let is_same_life = known.generation == slot.generation && known.state == slot.state;
        is_same_life && known.step == slot.step && known.document["standing"] == document["standing"]
    };
    let now = Instant::now();
    let numbers = known.as_ref().is_some_and(|known| is_same(known));
    if let Some(known) = known.filter(|_| numbers) {
        if known.document == document {
            return true;
        }
        if now.duration_since(known.at) < BETWEEN_NUMBERS {
            return false;
        }
    }
    hub.work(board, u64::from(slot.index), Arc::clone(&document), numbers, first);
    let (generation, state, step) = (slot.generation, slot.state, slot.step);
    told.insert(slot.index, Told { generation, state, step, document, at: now });
    true
}
