//! The header's facts: their fields, their values for a number of slots, and the checks before they are used.

use std::error::Error;
use std::fmt;

use super::{
    CAUSE_OFFSET, CAUSES_AND_PROJECT, FACT_WORDS, HOT_OFFSET, LOG_STRIDE, LONGEST_BYTES, MAGIC, MAJOR, MAX_SLOTS,
    MINOR, PAGE_BYTES,
};

/// Marks a board as complete.
pub const READY: u64 = u64::from_le_bytes(*b"complete");
/// [`HeaderImage::form`] of a board.
pub const FORM_BOARD: u32 = 0;
/// [`HeaderImage::form`] of a dump: no process writes to it any more, and [`HeaderImage::body_crc`] covers its bytes.
pub const FORM_DUMP: u32 = 1;

/// Incompatible features that this version understands.
const KNOWN_FEATURES: u64 = 0;
const FEATURE_NAMES: [&str; 0] = [];
const HOT_BYTES: u64 = 64;
/// A cold record without its cause: all that boards of minor version 0 have.
const COLD_BYTES: u64 = CAUSE_OFFSET as u64;
/// A cold record with its cause.
const COLD_WITH_CAUSE_BYTES: u64 = COLD_BYTES + 344;
/// From one cold record to the next: each begins a cache line.
const COLD_STRIDE: u64 = COLD_WITH_CAUSE_BYTES.next_multiple_of(64);
const BEAT_BYTES: u64 = 8;

/// A region's first byte, and the distance between its records; both in bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(loom, derive(bytemuck::Pod, bytemuck::Zeroable))]
pub struct Region {
    /// From the start of the file.
    pub offset: u32,
    /// From one slot's record to the next; 0 if the region is left out.
    pub stride: u32,
}

/// All facts of the header as plain bytes: written once; copied and checked once, then used.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(loom, derive(bytemuck::Pod, bytemuck::Zeroable))]
pub struct HeaderImage {
    /// [`MAGIC`].
    pub magic: u64,
    /// [`MAJOR`] when written by this version.
    pub major: u32,
    /// [`MINOR`] when written by this version.
    pub minor: u32,
    /// Features that a reader must know; an unknown bit is refused by name.
    pub incompatible: u64,
    /// Features that a reader may ignore.
    pub compatible: u64,
    /// Whole length in bytes.
    pub length: u64,
    /// Number of slots.
    pub slot_count: u32,
    /// [`FORM_BOARD`] or [`FORM_DUMP`].
    pub form: u32,
    /// The doorbell page.
    pub bell: Region,
    /// The hot lines.
    pub hot: Region,
    /// The beat words.
    pub beats: Region,
    /// The cold records.
    pub cold: Region,
    /// The log rings.
    pub log: Region,
    /// Unique on this machine.
    pub board_id: [u8; 16],
    /// During which boot the board was made: its process ids and monotonic times mean nothing in another.
    pub boot_id: [u8; 16],
    /// The process that made the board.
    pub creator_pid: u32,
    /// User that it ran as.
    pub creator_uid: u32,
    /// When it started, in the system's own unit; 0 where unknown.
    pub creator_start: u64,
    /// Pid namespace in which its pid counts; 0 where there are none.
    pub creator_namespace: u64,
    /// Wall clock at creation: nanoseconds since 1970.
    pub created_unix_ns: i64,
    /// Monotonic clock at creation, in nanoseconds.
    pub created_at_ns: u64,
    /// Of a dump: monotonic clock when it was taken.
    pub taken_at_ns: u64,
    /// Of a dump: CRC-32 of every byte from offset 192 on.
    pub body_crc: u32,
    /// Zero.
    pub unused0: u32,
    /// Time namespace in which the creator's start time counts; 0 where there are none.
    pub creator_time_namespace: u64,
    /// CRC-32 of the 184 bytes before it.
    pub crc: u32,
    /// Zero.
    pub unused2: u32,
}

/// Why these bytes are not a board that this version can read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LayoutFault {
    /// It does not begin like a board.
    NotABoard,
    /// The file ends before the header does, or before the end that the header gives.
    Length {
        /// Actual length, in bytes.
        found: u64,
        /// Length by the header, in bytes.
        expected: u64,
    },
    /// It is longer than any board.
    TooLong {
        /// Length by the header, or of the file if that cannot be mapped; in bytes.
        found: u64,
    },
    /// Another major version of the layout.
    OtherLayout {
        /// Major version of the board.
        found: u32,
        /// This crate's.
        known: u32,
    },
    /// It needs a feature that this version does not know.
    Feature {
        /// These features, by name or number.
        names: String,
    },
    /// Its header contradicts itself.
    Damaged {
        /// Which fact does not hold.
        what: &'static str,
    },
    /// Its creator has not finished making it.
    NotReady,
}

impl fmt::Display for LayoutFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotABoard => f.write_str("is not a board: it does not begin with the board's mark"),
            Self::Length { found, expected } => write!(f, "is {found} bytes long, but its header gives {expected}"),
            Self::TooLong { found } => {
                write!(f, "is {found} bytes long, and a board has at most {LONGEST_BYTES}")
            }
            Self::OtherLayout { found, known } => write!(f, "{}", other_layout(*found, *known)),
            Self::Feature { names } => write!(f, "needs {names}, which this vx does not know"),
            Self::Damaged { what } => write!(f, "is damaged: {what}"),
            Self::NotReady => f.write_str("is not complete yet"),
        }
    }
}

impl Error for LayoutFault {}

impl HeaderImage {
    /// Facts of a new board with `slot_count` slots; the caller fills in the creator and the creation times.
    ///
    /// `slot_count` must be between 1 and [`MAX_SLOTS`].
    pub fn for_slots(slot_count: u32) -> Self {
        let count = u64::from(slot_count.clamp(1, MAX_SLOTS));
        let page = PAGE_BYTES as u64;
        let hot = HOT_OFFSET as u64;
        let beats = hot + (count * HOT_BYTES).next_multiple_of(page);
        let cold = beats + (count * BEAT_BYTES).next_multiple_of(page);
        let log = (cold + count * COLD_STRIDE).next_multiple_of(page);
        let region = |offset: u64, stride: u64| Region { offset: offset as u32, stride: stride as u32 };
        Self {
            magic: MAGIC,
            major: MAJOR,
            minor: MINOR,
            compatible: CAUSES_AND_PROJECT,
            length: log + count * LOG_STRIDE as u64,
            slot_count: count as u32,
            form: FORM_BOARD,
            bell: region(page, 0),
            hot: region(hot, HOT_BYTES),
            beats: region(beats, BEAT_BYTES),
            cold: region(cold, COLD_STRIDE),
            log: region(log, LOG_STRIDE as u64),
            ..Self::default()
        }
    }

    /// Add the checksum.
    #[must_use]
    pub fn sealed(mut self) -> Self {
        self.crc = self.checksum();
        self
    }

    /// Encode the facts as the words they are stored in.
    pub fn words(&self) -> [u64; FACT_WORDS] {
        bytemuck::cast(*self)
    }

    /// Decode these words, unchecked.
    pub fn from_words(words: [u64; FACT_WORDS]) -> Self {
        bytemuck::cast(words)
    }

    /// Check that these facts fit a board of `found` bytes.
    ///
    /// After this, every record of every slot lies within the length and on a multiple of 8 bytes.
    pub fn check(&self, found: u64) -> Result<(), LayoutFault> {
        if self.magic != MAGIC {
            return Err(LayoutFault::NotABoard);
        }
        if self.major != MAJOR {
            return Err(LayoutFault::OtherLayout { found: self.major, known: MAJOR });
        }
        if self.crc != self.checksum() {
            return Err(LayoutFault::Damaged { what: "the header's checksum does not match" });
        }
        if self.incompatible & !KNOWN_FEATURES != 0 {
            return Err(LayoutFault::Feature { names: feature_names(self.incompatible & !KNOWN_FEATURES) });
        }
        if self.length > found || self.length < (2 * PAGE_BYTES) as u64 {
            return Err(LayoutFault::Length { found, expected: self.length });
        }
        if self.length > LONGEST_BYTES {
            return Err(LayoutFault::TooLong { found: self.length });
        }
        if !self.length.is_multiple_of(8) {
            return Err(LayoutFault::Damaged { what: "its length is not a whole number of words" });
        }
        if self.slot_count == 0 || self.slot_count > MAX_SLOTS {
            return Err(LayoutFault::Damaged { what: "the number of slots is out of range" });
        }
        if self.form > FORM_DUMP {
            return Err(LayoutFault::Damaged { what: "it is neither a board nor a dump" });
        }
        self.check_regions()
    }

    /// Whether this is a dump, which no process writes to any more.
    pub fn is_dump(&self) -> bool {
        self.form == FORM_DUMP
    }

    /// Whether the header page has the kind of the board's work, and its project.
    pub fn names_project(&self) -> bool {
        self.compatible & CAUSES_AND_PROJECT != 0
    }

    /// Whether the cold records have causes. If they are too short for them, they have none, whatever the board claims.
    pub fn has_causes(&self) -> bool {
        self.compatible & CAUSES_AND_PROJECT != 0 && u64::from(self.cold.stride) >= COLD_WITH_CAUSE_BYTES
    }

    fn check_regions(&self) -> Result<(), LayoutFault> {
        let records = [
            (self.hot, HOT_BYTES, "the hot lines lie outside"),
            (self.beats, BEAT_BYTES, "the beats lie outside"),
            (self.cold, COLD_BYTES, "the cold records lie outside"),
        ];
        for (region, least, what) in records {
            if !self.holds(region, least) {
                return Err(LayoutFault::Damaged { what });
            }
        }
        if self.log.stride != 0 && !self.holds(self.log, 128) || u64::from(self.log.offset) > self.length {
            return Err(LayoutFault::Damaged { what: "the log rings lie outside" });
        }
        let bell_end = u64::from(self.bell.offset) + PAGE_BYTES as u64;
        if (self.bell.offset as usize) < PAGE_BYTES || !self.bell.offset.is_multiple_of(8) || bell_end > self.length {
            return Err(LayoutFault::Damaged { what: "the doorbell lies outside" });
        }
        if self.regions_overlap() {
            return Err(LayoutFault::Damaged { what: "its regions overlap" });
        }
        Ok(())
    }

    /// Whether any word would belong to two regions.
    fn regions_overlap(&self) -> bool {
        let records = [self.hot, self.beats, self.cold, self.log].map(|region| {
            let begin = u64::from(region.offset);
            (begin, begin + u64::from(region.stride) * u64::from(self.slot_count))
        });
        let bell = u64::from(self.bell.offset);
        let mut regions = [records[0], records[1], records[2], records[3], (bell, bell + PAGE_BYTES as u64)];
        regions.sort_unstable();
        // A board without logs has a region of no length for them, which may lie anywhere.
        let taken = regions.iter().filter(|(begin, end)| begin < end);
        !taken.is_sorted_by(|(_, end), (begin, _)| end <= begin)
    }

    fn holds(&self, region: Region, least: u64) -> bool {
        let (offset, stride) = (u64::from(region.offset), u64::from(region.stride));
        // At most 2^32 + 2^12 * 2^32: no overflow.
        let end = offset + stride * u64::from(self.slot_count);
        offset >= PAGE_BYTES as u64
            && offset.is_multiple_of(8)
            && stride.is_multiple_of(8)
            && stride >= least
            && end <= self.length
    }

    fn checksum(&self) -> u32 {
        crc32fast::hash(&bytemuck::bytes_of(self)[..8 * (FACT_WORDS - 1)])
    }
}

fn other_layout(found: u32, known: u32) -> String {
    let age = if found < known { "an earlier" } else { "a later" };
    format!("was made by {age} vx: layout {found}, this vx reads layout {known}")
}

fn feature_names(bits: u64) -> String {
    let name = |bit: u32| FEATURE_NAMES.get(bit as usize).map_or_else(|| format!("feature {bit}"), ToString::to_string);
    (0..u64::BITS).filter(|bit| bits >> bit & 1 == 1).map(name).collect::<Vec<_>>().join(", ")
}

/// An id as people and file names see it: 32 hexadecimal digits.
pub fn hexadecimal(id: [u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> HeaderImage {
        HeaderImage::for_slots(64).sealed()
    }

    #[test]
    fn a_new_header_is_believed_at_its_own_length_and_not_below() {
        let header = good();
        assert_eq!(header.check(header.length), Ok(()));
        assert_eq!(header.hot, Region { offset: 8192, stride: 64 });
        let short = header.length - 1;
        assert_eq!(header.check(short), Err(LayoutFault::Length { found: short, expected: header.length }));
    }

    #[test]
    fn every_count_of_slots_gives_a_believable_header() {
        for count in [1, 2, 63, 64, 65, 1000, MAX_SLOTS] {
            let header = HeaderImage::for_slots(count).sealed();
            assert_eq!(header.check(header.length), Ok(()), "{count} slots");
        }
    }

    #[test]
    fn an_unknown_feature_is_refused_by_name_and_an_optional_one_is_not() {
        let needed = HeaderImage { incompatible: 1 << 5, ..good() }.sealed();
        assert_eq!(needed.check(needed.length), Err(LayoutFault::Feature { names: "feature 5".into() }));
        let optional = HeaderImage { compatible: u64::MAX, minor: 9, ..good() }.sealed();
        assert_eq!(optional.check(optional.length), Ok(()));
    }

    #[test]
    fn causes_are_there_only_where_the_records_have_room_for_them() {
        assert!(good().has_causes() && good().names_project());
        let cold = Region { stride: 2560, ..good().cold };
        let minor_0 = HeaderImage { minor: 0, compatible: 0, cold, ..good() }.sealed();
        assert_eq!(minor_0.check(minor_0.length), Ok(()));
        assert!(!minor_0.has_causes() && !minor_0.names_project());
        let boasting = HeaderImage { cold, ..good() }.sealed();
        assert_eq!(boasting.check(boasting.length), Ok(()));
        assert!(!boasting.has_causes());
    }

    #[test]
    fn another_layout_and_a_flipped_bit_are_different_faults() {
        for (major, made_by) in [(1, "was made by an earlier vx: layout 1,"), (3, "was made by a later vx: layout 3,")]
        {
            let other = HeaderImage { major, ..good() };
            let fault = other.check(other.length).unwrap_err();
            assert_eq!(fault, LayoutFault::OtherLayout { found: major, known: 2 });
            assert!(fault.to_string().starts_with(made_by), "{fault}");
        }
        let flipped = HeaderImage { slot_count: 65, ..good() };
        assert!(matches!(flipped.check(flipped.length), Err(LayoutFault::Damaged { .. })));
    }

    #[test]
    fn a_header_of_more_than_any_board_has_is_refused() {
        let longest = HeaderImage { length: LONGEST_BYTES, ..good() }.sealed();
        assert_eq!(longest.check(u64::MAX), Ok(()));
        let endless = HeaderImage { length: 1 << 40, ..good() }.sealed();
        assert_eq!(endless.check(u64::MAX), Err(LayoutFault::TooLong { found: 1 << 40 }));
        assert!(HeaderImage::for_slots(MAX_SLOTS).length <= LONGEST_BYTES / 2);
    }

    #[test]
    fn regions_that_overlap_are_refused_even_under_a_right_checksum() {
        let Region { offset, stride } = good().cold;
        for header in [
            HeaderImage { hot: good().cold, ..good() },
            HeaderImage { beats: good().hot, ..good() },
            HeaderImage { log: Region { offset: offset + 63 * stride, ..good().log }, ..good() },
            HeaderImage { bell: Region { offset, stride: 0 }, ..good() },
        ] {
            let header = header.sealed();
            let overlap = LayoutFault::Damaged { what: "its regions overlap" };
            assert_eq!(header.check(u64::MAX), Err(overlap), "{header:?}");
        }
        let without_logs = HeaderImage { log: Region { offset, stride: 0 }, ..good() }.sealed();
        assert_eq!(without_logs.check(without_logs.length), Ok(()));
    }

    #[test]
    fn regions_outside_the_file_are_refused_even_under_a_right_checksum() {
        let huge = Region { offset: u32::MAX - 7, stride: u32::MAX - 7 };
        for header in [
            HeaderImage { hot: huge, ..good() },
            HeaderImage { cold: huge, ..good() },
            HeaderImage { beats: Region { offset: 8193, stride: 8 }, ..good() },
            HeaderImage { log: huge, ..good() },
            HeaderImage { log: Region { offset: huge.offset, stride: 0 }, ..good() },
            HeaderImage { bell: huge, ..good() },
            HeaderImage { hot: Region { offset: 8192, stride: 0 }, ..good() },
        ] {
            let header = header.sealed();
            assert!(matches!(header.check(header.length), Err(LayoutFault::Damaged { .. })), "{header:?}");
        }
    }
}
