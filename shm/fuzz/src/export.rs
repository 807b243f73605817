//! The exports: JSON, CSV and text of any snapshot, also of one that no board could hold.

use serde_json::Value;
use vx_shm::PhaseEntry;
use vx_shm::{BoardState, BoardView, Creator, Kind, Liveness, Phase, SlotState, SlotView, Snapshot, dump};

/// A snapshot put together from these bytes, exported.
pub fn json(bytes: &[u8]) {
    check(&snapshot_from(&mut Cursor { bytes }));
}

/// What the three exports promise.
pub(crate) fn check(snapshot: &Snapshot) {
    check_json(snapshot);
    check_csv(snapshot);
    let text = dump::to_text(snapshot);
    assert!(text.chars().all(|character| character == '\n' || !character.is_control()), "{text:?}");
    assert!(text.ends_with('\n') && text.lines().count() > snapshot.slots.len());
}

fn check_json(snapshot: &Snapshot) {
    let text = dump::to_json(snapshot).to_string();
    assert!(!text.bytes().any(|byte| byte < 0x20), "{text:?}");
    let tree: Value = serde_json::from_str(&text).expect("JSON is JSON");
    assert_eq!(tree["board"]["title"], snapshot.board.title.as_str());
    let slots = tree["slots"].as_array().expect("an array of slots");
    assert_eq!(slots.len(), snapshot.slots.len());
    for (slot, view) in slots.iter().zip(&snapshot.slots) {
        match &slot["percent"] {
            Value::Null => assert!(view.total.is_none_or(|total| total == 0)),
            percent => assert!((0.0..=100.0).contains(&percent.as_f64().expect("a number")), "{percent}"),
        }
        assert_eq!((&slot["key"], slot["done"].as_u64()), (&Value::from(&*view.key), Some(view.done)));
        assert_eq!(slot["phases"].as_array().map(Vec::len), Some(view.phases.len()));
        for time in slot["phases"].as_array().into_iter().flatten().map(|entry| &entry["entered_at"]) {
            assert!(time.is_null() || time.as_str().is_some_and(|time| time.ends_with('Z')), "{time}");
        }
    }
}

/// As many lines as slots and one more, each of as many fields; nothing in a field can move a cursor.
fn check_csv(snapshot: &Snapshot) {
    let csv = dump::to_csv(snapshot);
    let plain = |character: char| matches!(character, '\r' | '\n' | '\t') || !character.is_control();
    assert!(csv.chars().all(plain), "{csv:?}");
    let (mut quoted, mut fields, mut lines) = (false, 1, 0);
    let mut characters = csv.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' => quoted = !quoted, // A doubled one opens and closes.
            ',' if !quoted => fields += 1,
            '\r' if !quoted => {
                assert_eq!((characters.next(), fields), (Some('\n'), 16), "{csv:?}");
                (fields, lines) = (1, lines + 1);
            }
            '\n' if !quoted => panic!("a bare line feed outside of quotes: {csv:?}"),
            _ => {}
        }
    }
    assert_eq!((quoted, lines), (false, snapshot.slots.len() + 1), "{csv:?}");
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

fn snapshot_from(cursor: &mut Cursor<'_>) -> Snapshot {
    let board = BoardView {
        id: format!("{:032x}", cursor.number()),
        state: BoardState::from_number(cursor.byte()).unwrap_or(BoardState::Running),
        title: cursor.text(),
        created_unix_ns: cursor.number().cast_signed(),
        created_at_ns: cursor.number(),
        creator: Creator { pid: cursor.number() as u32, alive: cursor.optional(|cursor| cursor.byte() % 2 == 0) },
        epoch: cursor.number() as u32,
        capacity: cursor.number() as u32,
    };
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
    let phase = |cursor: &mut Cursor<'_>| Phase::from_number(cursor.byte() % 8).unwrap_or(Phase::Queued);
    SlotView {
        index: cursor.number() as u32,
        generation: cursor.number() as u32,
        key: cursor.text(),
        version: cursor.text(),
        kind: Kind::from_number(cursor.byte()).unwrap_or(Kind::Task),
        state: SlotState::from_number(cursor.byte() % 12).unwrap_or(SlotState::Live),
        phase: phase(cursor),
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
        install_path: cursor.optional(Cursor::text),
        phases: (0..cursor.byte() % 4)
            .map(|_| PhaseEntry { phase: phase(cursor), entered_at_ns: cursor.number(), done: cursor.number() })
            .collect(),
        ended_at_ns: cursor.optional(Cursor::number),
        last_beat_at_ns: None,
    }
}
