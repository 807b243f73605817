//! The differences between two readings, as bytes, and their application to the earlier reading.
//!
//! The board's fields in their order: state · title · epoch · whether its creator lives · kind and project. The fields
//! of a slot are in [`fields`](super::fields).

use super::bytes::{RecordingByteReader, put_number, put_optional, put_text};
use super::fields::{LIFE, WEIGHTY, differences, put_slot, take_slot, when};
use crate::progress::{BoardState, Kind};
use crate::view::{BoardView, Liveness, ProjectKey, SlotView, Snapshot};

const BOARD_STATE: u8 = 1;
const BOARD_TITLE: u8 = 1 << 1;
const BOARD_EPOCH: u8 = 1 << 2;
const BOARD_CREATOR: u8 = 1 << 3;
/// Since minor version 1, and present only if a kind or a project is known.
const BOARD_SUBJECT: u8 = 1 << 4;

/// A reading in the form that a recording keeps: durations, which grow from one reading to the next, are kept as the
/// moments at which they began.
#[derive(Clone, Debug, Default)]
pub(super) struct RecordingState {
    pub(super) snapshot: Snapshot,
    /// For each slot, the moment since which it is stalled or silent.
    quiet_since_ns: Vec<u64>,
    /// Indices of the slots in the last applied changes.
    changed_slots: Vec<u32>,
}

/// What differs between two readings.
#[derive(Debug, Default)]
pub(super) struct RecordingChange {
    pub(super) payload: Vec<u8>,
    /// Whether anything differs.
    pub(super) any: bool,
    /// Whether more than numbers differs: a state, an error, the set of slots.
    pub(super) weighty: bool,
}

impl RecordingState {
    /// Start with the state before the first reading of this board.
    pub(super) fn new(board: &BoardView) -> Self {
        Self { snapshot: Snapshot { board: board.clone(), ..Snapshot::default() }, ..Self::default() }
    }

    /// The indices of the slots in the last applied changes.
    pub(super) fn changed_slots(&self) -> &[u32] {
        &self.changed_slots
    }

    /// Forget everything except the board's identity and the time of the last reading.
    pub(super) fn start_over(&mut self, board: &BoardView, taken_at_ns: u64) {
        self.snapshot.board.clone_from(board);
        self.snapshot.slots.clear();
        self.quiet_since_ns.clear();
        self.snapshot.taken_at_ns = taken_at_ns;
    }

    /// Whether the reading `now` can be written as changes to this state: all its new slots come after the known ones.
    pub(super) fn is_prefix_of(&self, now: &Snapshot) -> bool {
        let known = &self.snapshot.slots;
        now.slots.len() >= known.len() && known.iter().zip(&now.slots).all(|(one, other)| one.index == other.index)
    }

    /// Encode the changes from this state to the later reading `now`, without the byte for the kind of frame.
    pub(super) fn change_to(&self, now: &Snapshot) -> RecordingChange {
        let mut change = RecordingChange::default();
        // Times never go back, even if the clock does, on a system without a monotonic one.
        let created_at_ns = self.snapshot.board.created_at_ns;
        let taken_at_ns = now.taken_at_ns.max(self.snapshot.taken_at_ns).max(created_at_ns);
        put_number(&mut change.payload, taken_at_ns - created_at_ns);
        put_board(&mut change, &self.snapshot.board, &now.board);
        let fresh = SlotView::default();
        let before = |place: usize| match self.snapshot.slots.get(place) {
            Some(slot) => (slot, self.quiet_since_ns[place]),
            None => (&fresh, 0),
        };
        let fields = |(place, slot): (usize, &SlotView)| match place < self.snapshot.slots.len() {
            true => differences(before(place), slot, taken_at_ns),
            false => differences(before(place), slot, taken_at_ns) | LIFE,
        };
        let masks: Vec<u64> = now.slots.iter().enumerate().map(fields).collect();
        let changed = masks.iter().filter(|mask| **mask != 0).count();
        put_number(&mut change.payload, changed as u64);
        let mut next = 0;
        for (place, mask) in masks.into_iter().enumerate().filter(|(_, mask)| *mask != 0) {
            let slot = &now.slots[place];
            put_number(&mut change.payload, u64::from(slot.index - next));
            put_number(&mut change.payload, mask);
            put_slot(&mut change.payload, mask, before(place).0, slot, taken_at_ns);
            next = slot.index + 1;
            change.any = true;
            change.weighty |= mask & WEIGHTY != 0;
        }
        change
    }

    /// Apply changes to this state. `None` if they are not a payload that [`change_to`](Self::change_to) makes; the
    /// state is then half changed and must not be used.
    pub(super) fn apply(&mut self, payload: &mut RecordingByteReader<'_>) -> Option<()> {
        let board = &mut self.snapshot.board;
        let taken_at_ns = board.created_at_ns.checked_add(payload.number()?)?;
        if taken_at_ns < self.snapshot.taken_at_ns {
            return None;
        }
        self.snapshot.taken_at_ns = taken_at_ns;
        take_board(payload, board)?;
        self.changed_slots.clear();
        let mut next = 0u32;
        for _ in 0..payload.number()? {
            let index = next.checked_add(payload.small()?).filter(|index| *index < board.capacity)?;
            let mask = payload.number()?;
            let place = match self.snapshot.slots.binary_search_by_key(&index, |slot| slot.index) {
                Ok(place) => place,
                Err(place) if place == self.snapshot.slots.len() && mask & LIFE != 0 => {
                    self.snapshot.slots.push(SlotView { index, ..SlotView::default() });
                    self.quiet_since_ns.push(0);
                    place
                }
                Err(_) => return None,
            };
            take_slot(payload, mask, &mut self.snapshot.slots[place], &mut self.quiet_since_ns[place], taken_at_ns)?;
            self.changed_slots.push(place as u32);
            next = index + 1;
        }
        payload.is_empty().then_some(())
    }

    /// This reading as it would be if it had been taken later, at `at_ns`: durations are counted up to then.
    pub(super) fn show_at(&self, at_ns: u64, into: &mut Snapshot) {
        into.clone_from(&self.snapshot);
        into.taken_at_ns = at_ns.max(self.snapshot.taken_at_ns);
        for (slot, since_ns) in into.slots.iter_mut().zip(&self.quiet_since_ns) {
            let for_ms = into.taken_at_ns.saturating_sub(*since_ns) / 1_000_000;
            slot.liveness = match slot.liveness {
                Liveness::Stalled(_) => Liveness::Stalled(for_ms),
                Liveness::Silent(_) => Liveness::Silent(for_ms),
                other => other,
            };
        }
    }
}

fn put_board(change: &mut RecordingChange, before: &BoardView, now: &BoardView) {
    let (alive_before, alive) = (before.creator.alive, now.creator.alive);
    let mask = when(before.state != now.state, BOARD_STATE)
        | when(before.title != now.title, BOARD_TITLE)
        | when(before.epoch != now.epoch, BOARD_EPOCH)
        | when(alive_before != alive, BOARD_CREATOR)
        | when((before.kind, &before.project) != (now.kind, &now.project), BOARD_SUBJECT);
    change.any |= mask != 0;
    change.weighty |= mask & !BOARD_EPOCH != 0;
    let payload = &mut change.payload;
    payload.push(mask);
    if mask & BOARD_STATE != 0 {
        payload.push(now.state.number());
    }
    if mask & BOARD_TITLE != 0 {
        put_text(payload, &now.title);
    }
    if mask & BOARD_EPOCH != 0 {
        put_number(payload, u64::from(now.epoch));
    }
    if mask & BOARD_CREATOR != 0 {
        put_optional(payload, alive.map(u64::from));
    }
    if mask & BOARD_SUBJECT != 0 {
        put_optional(payload, now.kind.map(|kind| u64::from(kind.number())));
        put_optional(payload, now.project.as_ref().map(|project| project.hash));
        put_text(payload, now.project.as_ref().map_or("", |project| &project.text));
    }
}

fn take_board(payload: &mut RecordingByteReader<'_>, board: &mut BoardView) -> Option<()> {
    let mask = payload.byte().filter(|mask| *mask < BOARD_SUBJECT << 1)?;
    if mask & BOARD_STATE != 0 {
        board.state = BoardState::from_number(payload.byte()?).unwrap_or(board.state);
    }
    if mask & BOARD_TITLE != 0 {
        payload.text()?.clone_into(&mut board.title);
    }
    if mask & BOARD_EPOCH != 0 {
        board.epoch = payload.small()?;
    }
    if mask & BOARD_CREATOR != 0 {
        board.creator.alive = payload.optional()?.map(|alive| alive != 0);
    }
    if mask & BOARD_SUBJECT != 0 {
        let kind = payload.optional()?;
        board.kind = kind.and_then(|number| u8::try_from(number).ok()).and_then(Kind::from_number);
        let (hash, text) = (payload.optional()?, payload.text()?);
        board.project = hash.map(|hash| ProjectKey { hash, text: text.to_owned() });
    }
    Some(())
}
