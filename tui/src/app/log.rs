//! Reading and searching the log in view, a bounded piece at a time, so that no log holds up the view.

use std::time::{Duration, Instant};

use crate::message::Message;
use crate::model::{Model, SlotId};
use crate::source::{LogPlace, Logs};
use crate::text::said_last;
use crate::update::update;

/// Between two looks at what is new in a log.
const BETWEEN_LOOKS: Duration = Duration::from_millis(300);
/// How many pieces are read in a row where somebody waits for them.
const READS: usize = 8;
/// How many pieces are searched in a row.
const SEARCHES: usize = 16;

/// Remembers when it looked last.
#[derive(Debug, Default)]
pub(super) struct LogReader {
    looked_at: Option<Instant>,
}

impl LogReader {
    /// Give the model what it wants of a log. Returns whether something visible changed.
    pub(super) fn step(&mut self, model: &mut Model, logs: &mut dyn Logs) -> bool {
        let mut redraw = false;
        for _ in 0..READS {
            let Some((slot, place, waited_for)) = model.wanted_log() else { break };
            let now = Instant::now();
            if !waited_for && self.looked_at.is_some_and(|at| now - at < BETWEEN_LOOKS) {
                break;
            }
            let (of, key) = (SlotId::of(slot), slot.key.clone());
            let (part, location) = (logs.read(&key, place), logs.location(&key));
            self.looked_at = Some(now);
            redraw |= update(model, Message::Log { of, place, part, location }).redraw;
        }
        redraw | search(model, logs)
    }
}

/// Get on with the search through the log in view.
fn search(model: &mut Model, logs: &mut dyn Logs) -> bool {
    let Some((slot, mut scanned)) = model.wanted_search() else { return false };
    let (of, key, text) = (SlotId::of(slot), slot.key.clone(), model.log.search.text.clone());
    let wanted = text.to_lowercase();
    let (mut hits, mut whole) = (Vec::new(), false);
    for _ in 0..SEARCHES {
        let part = logs.read(&key, LogPlace::From(scanned));
        let (from, to) = (scanned, part.to.max(scanned));
        let complete = part.lines.iter().filter(|line| (from..to).contains(&line.at));
        let says = complete.filter(|line| said_last(&line.text).to_lowercase().contains(&wanted));
        hits.extend(says.map(|line| line.at));
        whole = to == scanned || part.last;
        scanned = to;
        if whole {
            break;
        }
    }
    update(model, Message::Found { of, text, hits, scanned, whole }).redraw
}
