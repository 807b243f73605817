//! The bytes of a route cache: what every program of a project comes to in one directory, and what that depends on.
//!
//! Read in place, by this crate and by the launcher that shims are links to, which has no standard library: nothing here
//! allocates, and nothing that is read is trusted. All numbers are little-endian; offsets count from the first byte.
//!
//! ```text
//!   0  magic                   8  length of the whole       16  checksum of all that follows
//!  24  directory    [text]    32  witnesses [offset, count]  40  conditions [offset, count]
//!  48  programs [offset, count]  56  exports [offset, count]
//!  64  witness    56 bytes  path [text], exists (u64), device, inode, size, modified, changed (nanoseconds)
//!      condition  24 bytes  variable [text], is set (u64), hash of its value
//!      program    24 bytes  name [text], file [text], search path [text]
//!      export      8 bytes  NAME=VALUE [text]
//!      text: offset (u32), length (u32); a zero byte follows that is not counted
//! ```

/// What a cache begins with; another layout has another one.
pub const MAGIC: u64 = u64::from_le_bytes(*b"vxroute1");
/// Caches are at most this long.
pub const LONGEST_BYTES: usize = 64 * 1024;
/// Where the records begin.
pub const HEADER_BYTES: usize = 64;
/// From here on the checksum counts.
pub const CHECKED_FROM: usize = 24;
/// Bytes of a witness, a condition, a program, and an export.
pub const RECORD_BYTES: [usize; 4] = [56, 24, 24, 8];

/// What a file was like, as far as a change of it shows: `None` while there is none.
pub type Stamp = Option<[u64; 5]>;

/// A cache whose checksum holds.
#[derive(Clone, Copy)]
pub struct Cache<'a> {
    bytes: &'a [u8],
}

/// A program and what it needs.
#[derive(Clone, Copy)]
pub struct Program<'a> {
    /// The file to run, with the zero byte behind it.
    pub file: &'a [u8],
    /// What goes in front of the search path.
    pub search: &'a [u8],
}

/// A variable that what was found depends on.
#[derive(Clone, Copy)]
pub struct Condition<'a> {
    /// Its name.
    pub name: &'a [u8],
    /// The hash of its value, where it was set.
    pub value: Option<u64>,
}

/// A file that what was found depends on.
#[derive(Clone, Copy)]
pub struct Witness<'a> {
    /// Its path, with the zero byte behind it.
    pub path: &'a [u8],
    /// What it was like.
    pub stamp: Stamp,
}

impl<'a> Cache<'a> {
    /// Believe these bytes if they are a whole cache of this layout.
    pub fn checked(bytes: &'a [u8]) -> Option<Self> {
        let cache = Self { bytes };
        let whole = bytes.len() >= HEADER_BYTES
            && bytes.len() <= LONGEST_BYTES
            && cache.word(0)? == MAGIC
            && cache.word(8)? == bytes.len() as u64
            && cache.word(16)? == hash(bytes.get(CHECKED_FROM..)?);
        whole.then_some(cache)
    }

    /// What tells this state of everything from any other: the checksum.
    pub fn state(self) -> u64 {
        self.word(16).unwrap_or_default()
    }

    /// The directory that it is about.
    pub fn directory(self) -> Option<&'a [u8]> {
        self.text(24)
    }

    /// Whether every witness is as it was, and every condition holds.
    ///
    /// `stamp` looks at a file whose path ends in a zero byte; `variable` gives the [`hash`] of the value of one that is
    /// set.
    pub fn holds(self, mut stamp: impl FnMut(&[u8]) -> Stamp, variable: impl Fn(&[u8]) -> Option<u64>) -> bool {
        let conditions = (0..self.count(40))
            .all(|at| self.condition(at).is_some_and(|condition| variable(condition.name) == condition.value));
        conditions
            && (0..self.count(32)).all(|at| self.witness(at).is_some_and(|known| stamp(known.path) == known.stamp))
    }

    /// The program of this name.
    pub fn program(self, name: &[u8]) -> Option<Program<'a>> {
        (0..self.count(48)).find_map(|at| {
            let record = self.record(48, at, 2)?;
            (self.text(record)? == name)
                .then_some(Program { file: self.terminated(record + 8)?, search: self.text(record + 16)? })
        })
    }

    /// The variables that programs are given, each `NAME=VALUE` with the zero byte behind it.
    pub fn exports(self) -> impl Iterator<Item = &'a [u8]> {
        (0..self.count(56)).filter_map(move |at| self.terminated(self.record(56, at, 3)?))
    }

    fn witness(self, at: usize) -> Option<Witness<'a>> {
        let record = self.record(32, at, 0)?;
        let mut stamp = [0; 5];
        for (place, word) in stamp.iter_mut().enumerate() {
            *word = self.word(record + 16 + 8 * place)?;
        }
        Some(Witness { path: self.terminated(record)?, stamp: (self.word(record + 8)? == 1).then_some(stamp) })
    }

    fn condition(self, at: usize) -> Option<Condition<'a>> {
        let record = self.record(40, at, 1)?;
        let value = self.word(record + 16)?;
        Some(Condition { name: self.text(record)?, value: (self.word(record + 8)? == 1).then_some(value) })
    }

    /// Where a record of the table that the header names at `table` begins.
    fn record(self, table: usize, at: usize, kind: usize) -> Option<usize> {
        let size = *RECORD_BYTES.get(kind)?;
        (self.half(table)? as usize).checked_add(at.checked_mul(size)?)
    }

    fn count(self, table: usize) -> usize {
        (self.half(table + 4).unwrap_or(0) as usize).min(LONGEST_BYTES)
    }

    fn text(self, at: usize) -> Option<&'a [u8]> {
        let (offset, length) = (self.half(at)? as usize, self.half(at + 4)? as usize);
        self.bytes.get(offset..offset.checked_add(length)?)
    }

    /// A text with its zero byte, and no other inside.
    fn terminated(self, at: usize) -> Option<&'a [u8]> {
        let (offset, length) = (self.half(at)? as usize, self.half(at + 4)? as usize);
        let text = self.bytes.get(offset..offset.checked_add(length)?.checked_add(1)?)?;
        let (last, inner) = text.split_last()?;
        (*last == 0 && !inner.contains(&0)).then_some(text)
    }

    fn word(self, at: usize) -> Option<u64> {
        let bytes = self.bytes.get(at..at.checked_add(8)?)?;
        Some(u64::from_le_bytes(bytes.try_into().ok()?))
    }

    fn half(self, at: usize) -> Option<u32> {
        let bytes = self.bytes.get(at..at.checked_add(4)?)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    }
}

/// FNV-1a over words of eight bytes, the last filled up with zeros, and the length: it tells damage, not malice.
pub fn hash(bytes: &[u8]) -> u64 {
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let mut state = 0xcbf2_9ce4_8422_2325 ^ bytes.len() as u64;
    let mut mix = |word: u64| {
        state = (state ^ word).wrapping_mul(PRIME);
        // A word-wise FNV moves high bits nowhere: bring them down.
        state ^= state >> 29;
    };
    let (words, rest) = bytes.as_chunks::<8>();
    words.iter().for_each(|word| mix(u64::from_le_bytes(*word)));
    if !rest.is_empty() {
        mix(rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)));
    }
    state
}

/// The file name of a directory's cache: its hash, in hexadecimal.
pub fn file_name(directory: &[u8]) -> [u8; 16] {
    let hash = hash(directory);
    core::array::from_fn(|at| b"0123456789abcdef"[(hash >> (60 - 4 * at)) as usize & 15])
}

/// A device's number as one word, from the two that the kernel gives.
pub fn device(major: u32, minor: u32) -> u64 {
    u64::from(major) << 32 | u64::from(minor)
}
