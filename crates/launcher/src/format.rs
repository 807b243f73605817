//! The bytes of a route file: the programs of a project as one directory sees them, and everything that they depend on.
//!
//! `vx` and the launcher read it in place. Nothing here allocates, since the launcher has no standard library, and no
//! byte is trusted. All numbers are little-endian; offsets count from the first byte.
//!
//! ```text
//!   0  magic                   8  length of the whole       16  checksum of all that follows
//!  24  directory    [text]    32  witnesses [offset, count]  40  conditions [offset, count]
//!  48  programs [offset, count]  56  exports [offset, count]
//!  64  witness    56 bytes  path [text], kind (u64), device, inode, size, modified, changed (nanoseconds)
//!      condition  24 bytes  variable [text], is set (u64), hash of its value
//!      program    24 bytes  name [text], file [text], search path [text]
//!      export      8 bytes  NAME=VALUE [text]
//!                 kind: 0 a missing file, 1 an existing file, 2 a directory, 3 a name that the directory before it lacks
//!      text: offset (u32), length (u32); a zero byte follows that is not counted
//! ```

/// The first eight bytes, which differ for each layout.
pub const MAGIC: u64 = u64::from_le_bytes(*b"vxroute2");
/// Name of the condition that routes hold in one session only; its value is [`session_text`] in place of a variable's.
pub const SESSION: &str = "@session";
/// The longest route file.
pub const LONGEST_BYTES: usize = 64 * 1024;
/// Length of the header; records begin behind it.
pub const HEADER_BYTES: usize = 64;
/// The checksum covers everything from here on.
pub const CHECKED_FROM: usize = 24;
/// Bytes of a witness, a condition, a program, and an export.
pub const RECORD_BYTES: [usize; 4] = [56, 24, 24, 8];

/// Device, inode, size, and the times of the last change of the content (mtime) and of anything (ctime); `None` if
/// there is no file.
pub type WitnessStamp = Option<[u64; 5]>;

/// A route file whose checksum holds.
#[derive(Clone, Copy)]
pub struct RouteFile<'a> {
    bytes: &'a [u8],
}

/// A program and the folders it needs.
#[derive(Clone, Copy)]
pub struct RoutedProgram<'a> {
    /// The file to run, with a zero byte at its end.
    pub file: &'a [u8],
    /// The folders to put in front of the search path.
    pub search: &'a [u8],
}

/// A variable that the routes depend on.
#[derive(Clone, Copy)]
pub struct RouteVariable<'a> {
    /// Its name.
    pub name: &'a [u8],
    /// The hash of its value; `None` if it was not set.
    pub value: Option<u64>,
}

/// What a change of a witness means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WitnessKind {
    /// A file: any change of it invalidates the routes.
    File,
    /// A directory: while it is unchanged, it has no new names, so the [`Name`](WitnessKind::Name)s that follow are
    /// skipped.
    Directory,
    /// A name that the directory before it lacks: its appearance invalidates the routes.
    Name,
}

/// A file that the routes depend on.
#[derive(Clone, Copy)]
pub struct RouteWitness<'a> {
    /// Its path, with a zero byte at its end.
    pub path: &'a [u8],
    /// Its state when the routes were determined.
    pub stamp: WitnessStamp,
}

impl<'a> RouteFile<'a> {
    /// Accept these bytes if they are a whole route file of this layout.
    pub fn checked(bytes: &'a [u8]) -> Option<Self> {
        let cache = Self { bytes };
        let whole = bytes.len() >= HEADER_BYTES
            && bytes.len() <= LONGEST_BYTES
            && cache.word(0)? == MAGIC
            && cache.word(8)? == bytes.len() as u64
            && cache.word(16)? == hash(bytes.get(CHECKED_FROM..)?);
        whole.then_some(cache)
    }

    /// The checksum, which identifies the state of the programs and their dependencies.
    pub fn state(self) -> u64 {
        self.word(16).unwrap_or_default()
    }

    /// The directory whose routes these are.
    pub fn directory(self) -> Option<&'a [u8]> {
        self.text(24)
    }

    /// Returns whether every witness is unchanged and every condition holds.
    ///
    /// `stamp` reads the state of a file, whose path ends in a zero byte; `variable` returns the [`hash`] of a
    /// variable's value, or `None` if it is not set.
    pub fn holds(self, mut stamp: impl FnMut(&[u8]) -> WitnessStamp, variable: impl Fn(&[u8]) -> Option<u64>) -> bool {
        let conditions = (0..self.count(40))
            .all(|at| self.condition(at).is_some_and(|condition| variable(condition.name) == condition.value));
        let mut moved = true;
        let mut unchanged = |at| match self.kind(at) {
            // The directory before it is unchanged, so the rest of the record is not even read.
            Some(WitnessKind::Name) if !moved => true,
            Some(kind) => self.witness(at).is_some_and(|known| {
                let same = stamp(known.path) == known.stamp;
                if kind == WitnessKind::Directory {
                    moved = !same;
                }
                same || kind == WitnessKind::Directory
            }),
            None => false,
        };
        conditions && (0..self.count(32)).all(&mut unchanged)
    }

    /// The program with this name.
    pub fn program(self, name: &[u8]) -> Option<RoutedProgram<'a>> {
        (0..self.count(48)).find_map(|at| {
            let record = self.record(48, at, 2)?;
            (self.text(record)? == name)
                .then_some(RoutedProgram { file: self.terminated(record + 8)?, search: self.text(record + 16)? })
        })
    }

    /// The variables to set for programs, each `NAME=VALUE` with a zero byte at its end.
    pub fn exports(self) -> impl Iterator<Item = &'a [u8]> {
        (0..self.count(56)).filter_map(move |at| self.terminated(self.record(56, at, 3)?))
    }

    fn witness(self, at: usize) -> Option<RouteWitness<'a>> {
        let record = self.record(32, at, 0)?;
        let mut stamp = [0; 5];
        for (place, word) in stamp.iter_mut().enumerate() {
            *word = self.word(record + 16 + 8 * place)?;
        }
        let there = matches!(self.word(record + 8)?, 1 | 2);
        Some(RouteWitness { path: self.terminated(record)?, stamp: there.then_some(stamp) })
    }

    fn kind(self, at: usize) -> Option<WitnessKind> {
        match self.word(self.record(32, at, 0)? + 8)? {
            0 | 1 => Some(WitnessKind::File),
            2 => Some(WitnessKind::Directory),
            3 => Some(WitnessKind::Name),
            _ => None,
        }
    }

    fn condition(self, at: usize) -> Option<RouteVariable<'a>> {
        let record = self.record(40, at, 1)?;
        let value = self.word(record + 16)?;
        Some(RouteVariable { name: self.text(record)?, value: (self.word(record + 8)? == 1).then_some(value) })
    }

    /// The offset of a record, in the table that the header names at `table`.
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

    /// A text with a zero byte at its end and no other inside.
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

/// FNV-1a over words of eight bytes, the last filled up with zeros, and the length. It detects damage, not malice.
pub fn hash(bytes: &[u8]) -> u64 {
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let mut state = 0xcbf2_9ce4_8422_2325 ^ bytes.len() as u64;
    let mut mix = |word: u64| {
        state = (state ^ word).wrapping_mul(PRIME);
        // FNV moves bits up only; without this step, high bits of a word would reach no others.
        state ^= state >> 29;
    };
    let (words, rest) = bytes.as_chunks::<8>();
    words.iter().for_each(|word| mix(u64::from_le_bytes(*word)));
    if !rest.is_empty() {
        mix(rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)));
    }
    state
}

/// A session's number as text.
pub fn session_text(session: u32) -> [u8; 8] {
    core::array::from_fn(|at| b"0123456789abcdef"[(session >> (28 - 4 * at)) as usize & 15])
}

/// The name of a directory's route file: the hash of the directory, in hexadecimal.
pub fn file_name(directory: &[u8]) -> [u8; 16] {
    let hash = hash(directory);
    core::array::from_fn(|at| b"0123456789abcdef"[(hash >> (60 - 4 * at)) as usize & 15])
}

/// A device's number in one word, from the kernel's two.
pub fn device(major: u32, minor: u32) -> u64 {
    u64::from(major) << 32 | u64::from(minor)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Text that is referred to from the records, each with the zero byte at its end.
    const TEXTS: &[u8] = b"/project\0/project/vx.toml\0VX_HOME\0node\0/store/node\0/store\0MODE=test\0";

    /// A route file with one record of each kind, written out as the drawing has it.
    fn drawn() -> Vec<u8> {
        let text = |wanted: &str| {
            let at = TEXTS.windows(wanted.len() + 1).position(|bytes| bytes == [wanted.as_bytes(), b"\0"].concat());
            let at = at.expect("the text is there");
            pair(176 + at, wanted.len())
        };
        let header = [pair(64, 1), pair(120, 1), pair(144, 1), pair(168, 1)];
        let witness = [text("/project/vx.toml"), word(1), word(10), word(20), word(30), word(40), word(50)];
        let condition = [text("VX_HOME"), word(1), word(hash(b"/home"))];
        let program = [text("node"), text("/store/node"), text("/store")];
        let records = [&header[..], &witness, &condition, &program, &[text("MODE=test")]].concat();
        let checked = [&text("/project")[..], &records.concat(), TEXTS].concat();
        let head = [*b"vxroute2", word(24 + checked.len() as u64), word(hash(&checked))];
        [head.concat(), checked].concat()
    }

    fn word(number: u64) -> [u8; 8] {
        number.to_le_bytes()
    }

    fn pair(first: usize, second: usize) -> [u8; 8] {
        word(first as u64 | (second as u64) << 32)
    }

    #[test]
    fn a_file_laid_out_as_drawn_is_read() {
        let bytes = drawn();
        let cache = RouteFile::checked(&bytes).expect("a whole file");
        assert_eq!(cache.directory(), Some(&b"/project"[..]));
        let program = cache.program(b"node").expect("it is there");
        assert_eq!((program.file, program.search), (&b"/store/node\0"[..], &b"/store"[..]));
        assert!(cache.program(b"nod").is_none() && cache.program(b"/store/node").is_none());
        assert_eq!(cache.exports().collect::<Vec<_>>(), [b"MODE=test\0"]);
        assert_eq!(cache.state(), hash(&bytes[CHECKED_FROM..]));
    }

    #[test]
    fn routes_hold_while_files_and_variables_are_the_same() {
        let bytes = drawn();
        let cache = RouteFile::checked(&bytes).expect("a whole file");
        let stamp = |path: &[u8]| (path == b"/project/vx.toml\0").then_some([10, 20, 30, 40, 50]);
        let variable = |name: &[u8]| (name == b"VX_HOME").then(|| hash(b"/home"));
        assert!(cache.holds(stamp, variable));
        assert!(!cache.holds(|_| Some([10, 20, 30, 40, 51]), variable));
        assert!(!cache.holds(|_| None, variable));
        assert!(!cache.holds(stamp, |_| Some(hash(b"/root"))));
        assert!(!cache.holds(stamp, |_| None));
    }

    #[test]
    fn names_are_looked_at_only_if_their_directory_moved() {
        let text = |wanted: &[u8]| {
            let at = b"/a\0/a/vx.toml\0".windows(wanted.len()).position(|bytes| bytes == wanted);
            pair(176 + at.expect("the text is there"), wanted.len() - 1)
        };
        let header = [pair(64, 2), pair(176, 0), pair(176, 0), pair(176, 0)];
        let directory = [text(b"/a\0"), word(2), word(1), word(2), word(3), word(4), word(5)];
        let name = [text(b"/a/vx.toml\0"), word(3), word(0), word(0), word(0), word(0), word(0)];
        let records = [&header[..], &directory, &name].concat();
        let checked = [&text(b"/a\0")[..], &records.concat(), b"/a\0/a/vx.toml\0"].concat();
        let head = [MAGIC.to_le_bytes(), word(24 + checked.len() as u64), word(hash(&checked))];
        let bytes = [head.concat(), checked].concat();
        let cache = RouteFile::checked(&bytes).expect("a whole file");
        let still = Some([1, 2, 3, 4, 5]);
        let asked = |directory: WitnessStamp, name: WitnessStamp| {
            let mut looks = 0;
            let stamp = |path: &[u8]| {
                looks += 1;
                if path == b"/a\0" { directory } else { name }
            };
            (cache.holds(stamp, |_| None), looks)
        };
        assert_eq!(asked(still, None), (true, 1));
        assert_eq!(asked(Some([1, 2, 3, 9, 5]), None), (true, 2), "another name came or went");
        assert_eq!(asked(Some([1, 2, 3, 9, 5]), still), (false, 2));
        assert_eq!(asked(None, None), (true, 2));
    }

    #[test]
    fn a_file_that_is_cut_or_changed_is_refused() {
        let bytes = drawn();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(RouteFile::checked(&changed).is_none(), "byte {at}");
            assert!(RouteFile::checked(&bytes[..at]).is_none(), "cut at {at}");
        }
    }

    #[test]
    fn names_of_files_stay_the_same_from_one_version_to_the_next() {
        assert_eq!(&file_name(b"/home/user/project"), b"fcfd3d3a39ffc90a");
        assert_eq!(&file_name(b""), b"cbf29ce484222325");
        assert_eq!(device(8, 1), 0x8_0000_0001);
        assert_eq!(&session_text(0x1234), b"00001234");
    }
}
