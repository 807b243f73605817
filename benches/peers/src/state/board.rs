//! The board itself: slots with their numbers, and a whole record under the same kind of latch as a slot's text.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Duration;

use vx_shm::{Board, InPairs, Kind, Slot, Snapshot, Step};

use super::timed;
use crate::record::{DOWNLOADING, MESSAGE, TOTAL};
use crate::shared::{RECORD_WORDS, Shared};

fn file(place: &Path) -> PathBuf {
    place.join("peers.board")
}

/// A board and its slots, all claimed by this process.
pub(crate) struct Slots {
    slots: Vec<Slot>,
    _board: Board,
}

impl Slots {
    pub(crate) fn create(place: &Path, slots: usize) -> Self {
        let board = Board::create(&file(place), "peers", slots as u32).expect("a board");
        let slot = |number: usize| {
            let key = format!("tool-{number}");
            let mut slot = Slot::join(board.path(), &key, "1.2.3", Kind::Install).expect("a slot");
            slot.enter(Step::new(DOWNLOADING), Some(TOTAL));
            slot.message(MESSAGE);
            slot
        };
        Self { slots: (0..slots).map(slot).collect(), _board: board }
    }
}

impl super::Writer for Slots {
    fn publish(&mut self, slot: usize, done: u64) {
        self.slots[slot].publish(done);
    }

    fn time(&mut self, count: u64) -> Duration {
        let slot = &mut self.slots[0];
        timed(count, |done| slot.publish(done))
    }
}

/// Numbers only.
pub(crate) struct Poll(vx_shm::Reader);

impl Poll {
    pub(crate) fn open(place: &Path) -> Self {
        Self(vx_shm::Reader::open(&file(place)).expect("a reader"))
    }
}

impl super::Reader for Poll {
    fn look(&mut self) -> u64 {
        self.0.poll();
        self.0.numbers()[0].done()
    }

    fn look_at_all(&mut self) {
        black_box(self.0.poll());
    }
}

/// Texts and liveness too.
pub(crate) struct Refresh {
    reader: vx_shm::Reader,
    snapshot: Snapshot,
}

impl Refresh {
    pub(crate) fn open(place: &Path) -> Self {
        let mut reader = vx_shm::Reader::open(&file(place)).expect("a reader");
        let snapshot = reader.snapshot().expect("a snapshot");
        Self { reader, snapshot }
    }
}

impl super::Reader for Refresh {
    fn look(&mut self) -> u64 {
        self.look_at_all();
        self.snapshot.slots[0].done
    }

    fn look_at_all(&mut self) {
        black_box(self.reader.refresh(&mut self.snapshot).expect("a board that reads"));
    }
}

/// A record of 192 bytes, all of it published each time.
pub(crate) struct Record {
    shared: Shared,
    words: [u64; RECORD_WORDS],
    way: InPairs,
}

impl Record {
    pub(crate) fn create(place: &Path) -> Self {
        Self { shared: Shared::create(&place.join("record")), words: [7; RECORD_WORDS], way: InPairs::here() }
    }
}

impl super::Writer for Record {
    fn publish(&mut self, _: usize, done: u64) {
        self.words[0] = done;
        self.shared.record.write_by(self.way, &self.words);
    }

    fn time(&mut self, count: u64) -> Duration {
        let (latch, words, way) = (&self.shared.record, &mut self.words, self.way);
        timed(count, |done| {
            words[0] = done;
            latch.write_by(way, black_box(words));
        })
    }
}

/// Its reader.
pub(crate) struct RecordReader(Shared);

impl RecordReader {
    pub(crate) fn open(place: &Path) -> Self {
        Self(Shared::open(&place.join("record")))
    }
}

impl super::Reader for RecordReader {
    fn look(&mut self) -> u64 {
        loop {
            if let Some((_, words)) = self.0.record.read() {
                return black_box(words)[0];
            }
        }
    }

    fn look_at_all(&mut self) {
        self.look();
    }
}
