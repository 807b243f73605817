//! A block's codes as tables, to be looked up by the bits that come next.
//!
//! A table is chosen from by as many bits as most codes have at most; longer codes go by way of a second table, behind
//! the first. Sizes and entries are arranged as in Eric Biggers' libdeflate.

use super::Damage;
use super::entry::{DISTANCES, Entry, LENGTHS, SYMBOLS};

/// No code is longer.
pub(super) const LONGEST_CODE: u32 = 15;

/// The codes of a block.
///
/// At most 2,342 and 592 entries are used with the second tables: `enough 288 11 15` and `enough 30 9 15` of zlib.
pub(super) struct Codes {
    pub(super) symbols: Table<11, 4096>,
    pub(super) distances: Table<9, 1024>,
    /// Of lengths; without second tables.
    pub(super) lengths: Table<7, 128>,
    fixed: bool,
}

/// A table of `ENTRIES`, a power of two, the first of which is chosen from by so many bits.
pub(super) struct Table<const BITS: u32, const ENTRIES: usize>([Entry; ENTRIES]);

/// Whether a code may have gaps: bits that stand for nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gaps {
    None,
    /// Where there is only one code, of one bit, or none at all.
    AroundOne,
}

impl Codes {
    pub(super) fn new() -> Box<Self> {
        Box::new(Self {
            symbols: Table([Entry::INVALID; _]),
            distances: Table([Entry::INVALID; _]),
            lengths: Table([Entry::INVALID; _]),
            fixed: false,
        })
    }

    /// Take the codes that the format itself defines.
    pub(super) fn set_fixed(&mut self) -> Result<(), Damage> {
        if !self.fixed {
            let mut lengths = [8; 288];
            lengths[144..256].fill(9);
            lengths[256..280].fill(7);
            self.symbols.set(&lengths, &SYMBOLS, Gaps::None)?;
            self.distances.set(&[5; 32], &DISTANCES, Gaps::None)?;
            self.fixed = true;
        }
        Ok(())
    }

    /// Take the codes that lengths are written in.
    pub(super) fn set_lengths(&mut self, lengths: &[u8]) -> Result<(), Damage> {
        self.lengths.set(lengths, &LENGTHS, Gaps::None)
    }

    /// Take the codes of a block.
    pub(super) fn set(&mut self, symbols: &[u8], distances: &[u8]) -> Result<(), Damage> {
        self.fixed = false;
        self.symbols.set(symbols, &SYMBOLS, Gaps::AroundOne)?;
        self.distances.set(distances, &DISTANCES, Gaps::AroundOne)
    }
}

impl<const BITS: u32, const ENTRIES: usize> Table<BITS, ENTRIES> {
    /// What the code that comes next stands for, all of it in one entry.
    pub(super) fn find(&self, bits: u64) -> Entry {
        match self.first(bits) {
            link if link.is_link() => self.linked(link, bits >> BITS).lengthened(BITS),
            entry => entry,
        }
    }

    /// The same, or a link that [`Table::linked`] follows.
    #[inline(always)]
    pub(super) fn first(&self, bits: u64) -> Entry {
        self.0[bits as usize % (1 << BITS)]
    }

    /// Where a link leads to, by the bits behind those that chose it.
    #[inline(always)]
    pub(super) fn linked(&self, link: Entry, bits: u64) -> Entry {
        let choice = bits as usize & ((1 << link.choosing_bits()) - 1);
        self.0[(link.base() + choice) % ENTRIES]
    }

    /// Fill it, and the second tables behind it, with the codes of these lengths.
    fn set(&mut self, lengths: &[u8], meanings: &[Entry], gaps: Gaps) -> Result<(), Damage> {
        let (table, bits, size) = (&mut self.0, BITS, 1 << BITS);
        let sorted = Sorted::of(lengths, gaps)?;
        if sorted.used < 2 {
            // One code, of a single zero bit, or none.
            table[..size].fill(Entry::INVALID);
            if sorted.used == 1 {
                let entry = meanings[usize::from(sorted.symbols[0])].lengthened(1);
                table[..size].iter_mut().step_by(2).for_each(|place| *place = entry);
            }
            return Ok(());
        }
        let mut symbols = sorted.symbols[..sorted.used].iter().map(|symbol| meanings[usize::from(*symbol)]);
        let mut code = Code::default();
        // A table for codes up to some length is twice that for shorter ones, with the longer ones in place of what stands
        // for none.
        for length in 1..=bits {
            table.copy_within(..1 << (length - 1), 1 << (length - 1));
            for symbol in symbols.by_ref().take(sorted.counts[length as usize]) {
                table[code.next(length)] = symbol.lengthened(length);
            }
        }
        let (mut link, mut start, mut end) = (None, 0, size);
        for length in bits + 1..=LONGEST_CODE {
            for nth in 0..sorted.counts[length as usize] {
                let code = code.next(length);
                if link != Some(code % size) {
                    link = Some(code % size);
                    start = end;
                    let choosing = second_bits(&sorted, length - bits, nth, bits);
                    end = start + (1 << choosing);
                    table[code % size] = Entry::link(start, bits, choosing);
                }
                let entry = symbols.next().map_or(Entry::INVALID, |symbol| symbol.lengthened(length - bits));
                let step = 1 << (length - bits);
                table[start + (code >> bits)..end].iter_mut().step_by(step).for_each(|place| *place = entry);
            }
        }
        Ok(())
    }
}

/// The codes of these lengths, in order of their lengths.
struct Sorted {
    /// How many codes have each length.
    counts: [usize; LONGEST_CODE as usize + 1],
    /// Their symbols, shorter codes first.
    symbols: [u16; SYMBOLS.len()],
    /// How many symbols have codes.
    used: usize,
}

impl Sorted {
    fn of(lengths: &[u8], gaps: Gaps) -> Result<Self, Damage> {
        let mut counts = [0; LONGEST_CODE as usize + 1];
        for length in lengths {
            counts[usize::from(*length)] += 1;
        }
        let used = lengths.len() - counts[0];
        counts[0] = 0;
        // How many codes of each length would still be free.
        let mut free = 1_usize;
        let mut starts = [0; LONGEST_CODE as usize + 1];
        for length in 1..counts.len() {
            free = (2 * free).checked_sub(counts[length]).ok_or(Damage::Codes)?;
            starts[length] = starts[length - 1] + counts[length - 1];
        }
        let lonely = used == 0 || used == 1 && counts[1] == 1;
        if free > 0 && !(gaps == Gaps::AroundOne && lonely) {
            return Err(Damage::Codes);
        }
        let mut symbols = [0; SYMBOLS.len()];
        for (symbol, length) in lengths.iter().enumerate().filter(|(_, length)| **length > 0) {
            let start = &mut starts[usize::from(*length)];
            symbols[*start] = symbol as u16;
            *start += 1;
        }
        Ok(Self { counts, symbols, used })
    }
}

/// How many bits choose from a second table whose first code is the nth of its length: as many as its longest code has
/// there, and since codes have no gaps, that is where those that follow have filled it.
fn second_bits(sorted: &Sorted, least: u32, nth: usize, bits: u32) -> u32 {
    let mut choosing = least;
    let mut filled = sorted.counts[(bits + choosing) as usize] - nth;
    while filled < 1 << choosing && bits + choosing < LONGEST_CODE {
        choosing += 1;
        filled = 2 * filled + sorted.counts[(bits + choosing) as usize];
    }
    choosing
}

/// Canonical codes one after the other, their first bit lowest.
#[derive(Default)]
struct Code {
    next: usize,
}

impl Code {
    /// The next code, which has this length, no less than the one before.
    fn next(&mut self, length: u32) -> usize {
        // A longer code begins with the bits of the shorter one, and zeros follow: nothing changes.
        let code = self.next;
        // One more, counted from the other end: the ones there become zeros, and the zero before them a one.
        let ones = (code << (usize::BITS - length)).leading_ones().min(length);
        self.next = match length - ones {
            0 => 0,
            rest => code & ((1 << (rest - 1)) - 1) | 1 << (rest - 1),
        };
        code
    }
}
