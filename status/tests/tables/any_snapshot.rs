//! A snapshot made from any bytes, which may be one that no board could hold.

use vx_shm::{
    BoardState, BoardView, Creator, Health, Kind, Liveness, ProjectKey, SlotState, SlotView, Snapshot, Step,
    Transition, Unit, WaitsFor,
};

/// A snapshot put together from these bytes.
pub(crate) fn snapshot_from(bytes: &[u8]) -> Snapshot {
    let cursor = &mut Cursor { bytes };
    let mut board = BoardView {
        id: format!("{:032x}", cursor.number()),
        state: BoardState::from_number(cursor.byte()).unwrap_or(BoardState::Running),
        title: cursor.text(),
        created_unix_ns: cursor.number().cast_signed(),
        created_at_ns: cursor.number(),
        creator: Creator { pid: cursor.number() as u32, alive: cursor.optional(|cursor| cursor.byte() % 2 == 0) },
        epoch: cursor.number() as u32,
        capacity: cursor.number() as u32,
        ..BoardView::default()
    };
    // Derived from other fields, so that the bytes of kept cases keep their meaning.
    board.kind = Kind::from_number(board.epoch as u8);
    board.project = Some(ProjectKey { hash: board.created_at_ns, text: board.title.clone() });
    let taken_at_ns = cursor.number();
    let mut slots = Vec::new();
    while !cursor.bytes.is_empty() && slots.len() < 8 {
        slots.push(slot_from(cursor));
    }
    Snapshot { board, slots, taken_at_ns }
}

fn slot_from(cursor: &mut Cursor<'_>) -> SlotView {
    let liveness = match cursor.byte() % 5 {
        0 => Liveness::Unknown,
        1 => Liveness::Alive,
        2 => Liveness::Stalled(cursor.number()),
        3 => Liveness::Silent(cursor.number()),
        _ => Liveness::Lost,
    };
    let step = |cursor: &mut Cursor<'_>| Step::new(cursor.byte());
    let small = |cursor: &mut Cursor<'_>| cursor.number() as u32;
    let mut slot = SlotView {
        index: cursor.number() as u32,
        generation: cursor.number() as u32,
        key: cursor.text(),
        version: cursor.text(),
        kind: Kind::from_number(cursor.byte()).unwrap_or(Kind::Task),
        state: SlotState::from_number(cursor.byte() % 12).unwrap_or(SlotState::Live),
        step: step(cursor),
        done: cursor.number(),
        total: cursor.optional(Cursor::number),
        attempt: cursor.byte(),
        pid: cursor.optional(|cursor| cursor.number() as u32),
        liveness,
        message: cursor.text(),
        details: cursor.text(),
        error: cursor.optional(Cursor::text),
        exit_code: cursor.optional(|cursor| cursor.number() as i32),
        signal: cursor.optional(|cursor| cursor.number() as i32),
        result: cursor.optional(Cursor::text),
        transitions: (0..cursor.byte() % 4)
            .map(|_| Transition { step: step(cursor), entered_at_ns: cursor.number(), done: cursor.number() })
            .collect(),
        ended_at_ns: cursor.optional(Cursor::number),
        last_beat_at_ns: None,
        key_hash: cursor.number(),
        step_name: cursor.optional(Cursor::text),
        unit: Unit::from_number(cursor.byte() % 6).unwrap_or(Unit::Unknown),
        health: Health::from_number(cursor.byte() % 7).unwrap_or(Health::Unknown),
        parent: cursor.optional(small),
        waits_for: cursor.optional(|cursor| WaitsFor {
            board_id: cursor.text(),
            slot: small(cursor),
            generation: small(cursor),
        }),
        runner: cursor.optional(small),
        log_writer: cursor.optional(small),
        process_group: cursor.optional(small),
        address: cursor.optional(Cursor::text),
        port: cursor.optional(|cursor| cursor.number() as u16),
        ..SlotView::default()
    };
    slot.cause = slot.address.clone();
    slot
}

/// Bytes taken from the front; zeros behind the end.
struct Cursor<'a> {
    bytes: &'a [u8],
}

impl Cursor<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.bytes.split_first() else { return 0 };
        self.bytes = rest;
        *first
    }

    fn number(&mut self) -> u64 {
        // Mostly small or at the ends of the range, where the mistakes are.
        match self.byte() {
            255 => u64::MAX,
            254 => u64::from_le_bytes(std::array::from_fn(|_| self.byte())),
            small => u64::from(small),
        }
    }

    fn text(&mut self) -> String {
        let length = usize::from(self.byte() % 64).min(self.bytes.len());
        let (text, rest) = self.bytes.split_at(length);
        self.bytes = rest;
        String::from_utf8_lossy(text).into_owned()
    }

    fn optional<T>(&mut self, value: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.byte() % 2 == 1).then(|| value(self))
    }
}
