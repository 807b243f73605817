//! One slot: its hot line, beat and cold record, under a valid header.

use std::cell::RefCell;
use std::fs::File;
use std::os::unix::fs::FileExt;

use vx_shm::layout::{CAUSES_AND_PROJECT, FORM_BOARD, HeaderImage, MAGIC, MAJOR, READY, Region};
use vx_shm::{Reader, Snapshot};

use super::check;
use super::scratch::{Scratch, choice, with_facts};

const HOT: u32 = 8192;
const BEAT: u32 = HOT + 64;
const COLD: u32 = BEAT + 8;
/// A cold record with its cause.
const RECORD: u32 = 2944;
const LENGTH: usize = (COLD + RECORD) as usize;
/// The length of the hot line, the beat and the cold record together.
pub const SLOT_BYTES: usize = LENGTH - HOT as usize;

/// Read a slot with these bytes. Missing bytes stay as the previous call left them, as on a board that changes while it
/// is read.
pub fn slot(bytes: &[u8]) {
    thread_local!(static CHECK: RefCell<SlotCheck> = RefCell::new(SlotCheck::new()));
    CHECK.with_borrow_mut(|boards| boards.look_at(&bytes[..bytes.len().min(SLOT_BYTES)]));
}

struct SlotCheck {
    boards: [OneSlot; 2],
    _scratch: Scratch,
}

/// A board with one slot, which is overwritten under two readers: one that is new each time, and one that stays.
struct OneSlot {
    file: File,
    fresh: Reader,
    steady: Reader,
    kept: Snapshot,
}

impl SlotCheck {
    fn new() -> Self {
        let scratch = Scratch::new();
        // One board of an earlier boot, and one of this boot, for which readers look at processes and locks.
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let digits: String = boot.chars().filter(char::is_ascii_hexdigit).collect();
        let here = u128::from_str_radix(&digits, 16).unwrap_or(0).to_be_bytes();
        let boards = [("before", [7; 16]), ("here", here)].map(|(name, boot_id)| OneSlot::new(&scratch, name, boot_id));
        Self { boards, _scratch: scratch }
    }

    fn look_at(&mut self, bytes: &[u8]) {
        let choice = choice(bytes);
        let asks_the_system = choice.is_multiple_of(16);
        self.boards[usize::from(asks_the_system)].look_at(bytes, choice % 4 == 1);
    }
}

impl OneSlot {
    fn new(scratch: &Scratch, name: &str, boot_id: [u8; 16]) -> Self {
        let region = |offset, stride| Region { offset, stride };
        let facts = HeaderImage {
            magic: MAGIC,
            major: MAJOR,
            length: LENGTH as u64,
            slot_count: 1,
            form: FORM_BOARD,
            bell: region(4096, 0),
            hot: region(HOT, 64),
            beats: region(BEAT, 8),
            cold: region(COLD, RECORD),
            compatible: CAUSES_AND_PROJECT,
            created_at_ns: 1,
            creator_pid: 1,
            boot_id,
            ..HeaderImage::default()
        };
        let mut bytes = [0; LENGTH];
        with_facts(&mut bytes, &facts);
        bytes[192..200].copy_from_slice(&READY.to_le_bytes());
        bytes[324] = 1; // One slot was used.
        let file = scratch.file(name, 0o600, &bytes);
        let open = || Reader::open(&scratch.path(name)).expect("a board with a right header");
        Self { file, fresh: open(), steady: open(), kept: Snapshot::default() }
    }

    fn look_at(&mut self, bytes: &[u8], twice: bool) {
        self.file.write_all_at(bytes, u64::from(HOT)).expect("room for a slot");
        let anew = self.fresh.snapshot().expect("a board with a right header");
        check(&anew);
        self.steady.refresh(&mut self.kept).expect("a board with a right header");
        if twice {
            check(&self.kept);
        }
        self.steady.poll();
        let polled = self.steady.numbers().to_vec();
        assert_eq!(self.steady.poll(), 0, "nothing moved");
        assert_eq!(self.steady.numbers(), polled);
    }
}
