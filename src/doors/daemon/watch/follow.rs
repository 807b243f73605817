//! Follows one board, from when it is first seen to the end of its run.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use vx_shm::{BoardState, BoardView, Reader, Snapshot};
use vx_status::slot_document::SlotDocument;

use crate::boards::find;
use crate::doors::daemon::events::hub::Hub;
use crate::doors::daemon::events::summary::BoardSummary;

/// The longest sleep. Neither a change of the interest in numbers nor the end of the last subscription wakes this
/// thread.
const LOOK: Duration = Duration::from_secs(5);
/// The least time between two events with the numbers of a slot.
const BETWEEN_NUMBERS: Duration = Duration::from_millis(100);

/// A slot as it was last reported.
struct ReportedSlot {
    document: SlotDocument,
    at: Instant,
}

/// Report this board to the hub until its run, or all watching, is over.
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
            let document = SlotDocument::new(&snapshot.board, slot);
            held_back |= !tell(hub, board, document, &mut told, first);
        }
        first = false;
        if read.is_err() || is_over(&snapshot.board) {
            return hub.closed(BoardSummary::from_view(path, &snapshot.board));
        }
        rest(hub, &reader, &snapshot, held_back);
    }
}

fn is_over(board: &BoardView) -> bool {
    board.state != BoardState::Running || board.creator.alive == Some(false)
}

/// Wait for the next change to report.
fn rest(hub: &Hub, reader: &Reader, snapshot: &Snapshot, held_back: bool) {
    let live = snapshot.slots.iter().any(|slot| slot.state == vx_shm::SlotState::Live);
    let numbers = held_back || live && hub.wants_numbers();
    reader.wait_change(if numbers { BETWEEN_NUMBERS } else { LOOK });
}

/// Report what is new about a slot; false if its numbers have to wait.
fn tell(
    hub: &Hub,
    board: &BoardSummary,
    work: SlotDocument,
    told: &mut HashMap<u32, ReportedSlot>,
    first: bool,
) -> bool {
    let place = |work: &SlotDocument| (work.generation, work.state, work.standing);
    let known = told.get(&work.slot);
    let now = Instant::now();
    let is_same = |known: &&ReportedSlot| place(&known.document) == place(&work) && known.document.step == work.step;
    let known = known.filter(is_same);
    let numbers = known.is_some();
    if let Some(known) = known {
        if known.document.says_same(&work) {
            return true;
        }
        if now.duration_since(known.at) < BETWEEN_NUMBERS {
            return false;
        }
    }
    hub.work(board, u64::from(work.slot), Arc::new(json!(work)), numbers, first);
    told.insert(work.slot, ReportedSlot { document: work, at: now });
    true
}
