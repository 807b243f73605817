//! The codes of a block as tables, indexed by the next bits of the input.
//!
//! A table is indexed by enough bits for most codes. Longer codes continue in a second table, stored after the first.
//! Sizes and entries are those of Eric Biggers' libdeflate.

use super::Damage;
use super::entry::{CodeEntry, DISTANCES, LENGTHS, SYMBOLS};

/// The length of the longest code, in bits.
pub(super) const LONGEST_CODE: u32 = 15;

/// The codes of a block.
///
/// With second tables, at most 2,342 and 592 entries are used: `enough 288 11 15` and `enough 30 9 15` of zlib.
pub(super) struct Codes {
    pub(super) symbols: CodeTable<11, 4096>,
    pub(super) distances: CodeTable<9, 1024>,
    /// For code lengths; this table has no second tables.
    pub(super) lengths: CodeTable<7, 128>,
    fixed: bool,
}

/// A table of `ENTRIES` entries, a power of two; the first 2^`BITS` of them are indexed by that many bits.
pub(super) struct CodeTable<const BITS: u32, const ENTRIES: usize>([CodeEntry; ENTRIES]);

/// Permission for a code to have gaps, which are bits without a meaning.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gaps {
    None,
    /// Gaps are allowed only if there is a single code, of one bit, or no code.
    AroundOne,
}

impl Codes {
    pub(super) fn new() -> Box<Self> {
        Box::new(Self {
            symbols: CodeTable([CodeEntry::INVALID; _]),
            distances: CodeTable([CodeEntry::INVALID; _]),
            lengths: CodeTable([CodeEntry::INVALID; _]),
            fixed: false,
        })
    }

    /// Set the codes that the format itself defines.
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

    /// Set the codes for code lengths.
    pub(super) fn set_lengths(&mut self, lengths: &[u8]) -> Result<(), Damage> {
        self.lengths.set(lengths, &LENGTHS, Gaps::None)
    }

    /// Set the codes of a block.
    pub(super) fn set(&mut self, symbols: &[u8], distances: &[u8]) -> Result<(), Damage> {
        self.fixed = false;
        self.symbols.set(symbols, &SYMBOLS, Gaps::AroundOne)?;
        self.distances.set(distances, &DISTANCES, Gaps::AroundOne)
    }
}

impl<const BITS: u32, const ENTRIES: usize> CodeTable<BITS, ENTRIES> {
    /// The entry of the next code, found in the first or second table.
    pub(super) fn find(&self, bits: u64) -> CodeEntry {
        match self.first(bits) {
            link if link.is_link() => self.linked(link, bits >> BITS).lengthened(BITS),
            entry => entry,
        }
    }

    /// The entry in the first table: the meaning of the code, or a link for [`CodeTable::linked`].
    #[inline(always)]
    pub(super) fn first(&self, bits: u64) -> CodeEntry {
        self.0[bits as usize % (1 << BITS)]
    }

    /// The entry behind a link, by the bits after those that led to it.
    #[inline(always)]
    pub(super) fn linked(&self, link: CodeEntry, bits: u64) -> CodeEntry {
        let choice = bits as usize & ((1 << link.choosing_bits()) - 1);
        self.0[(link.base() + choice) % ENTRIES]
    }

    /// Fill the table, and the second tables after it, for codes of these lengths.
    fn set(&mut self, lengths: &[u8], meanings: &[CodeEntry], gaps: Gaps) -> Result<(), Damage> {
        let (table, bits, size) = (&mut self.0, BITS, 1 << BITS);
        let sorted = SortedSymbols::from_lengths(lengths, gaps)?;
        if sorted.used < 2 {
            // There is one code, of a single zero bit, or none.
            table[..size].fill(CodeEntry::INVALID);
            if sorted.used == 1 {
                let entry = meanings[usize::from(sorted.symbols[0])].lengthened(1);
                table[..size].iter_mut().step_by(2).for_each(|place| *place = entry);
            }
            return Ok(());
        }
        let mut symbols = sorted.symbols[..sorted.used].iter().map(|symbol| meanings[usize::from(*symbol)]);
        let mut code = Code::default();
        // The table for codes up to some length is that for shorter codes twice; the longer codes replace the entries
        // without a meaning.
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
                    table[code % size] = CodeEntry::link(start, bits, choosing);
                }
                let entry = symbols.next().map_or(CodeEntry::INVALID, |symbol| symbol.lengthened(length - bits));
                let step = 1 << (length - bits);
                table[start + (code >> bits)..end].iter_mut().step_by(step).for_each(|place| *place = entry);
            }
        }
        Ok(())
    }
}

/// The symbols with codes, sorted by the length of their code.
struct SortedSymbols {
    /// Number of codes of each length.
    counts: [usize; LONGEST_CODE as usize + 1],
    /// The symbols, shortest codes first.
    symbols: [u16; SYMBOLS.len()],
    /// Number of symbols with a code.
    used: usize,
}

impl SortedSymbols {
    fn from_lengths(lengths: &[u8], gaps: Gaps) -> Result<Self, Damage> {
        let mut counts = [0; LONGEST_CODE as usize + 1];
        for length in lengths {
            counts[usize::from(*length)] += 1;
        }
        let used = lengths.len() - counts[0];
        counts[0] = 0;
        // The number of codes still free at each length.
        let mut free = 1_usize;
        let mut starts = [0; LONGEST_CODE as usize + 1];
        for length in 1..counts.len() {
            free = (2 * free).checked_sub(counts[length]).ok_or(Damage::Codes)?;
            starts[length] = starts[length - 1] + counts[length - 1];
        }
        let single = used == 0 || used == 1 && counts[1] == 1;
        if free > 0 && !(gaps == Gaps::AroundOne && single) {
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

/// The number of index bits of a second table whose first code is the nth of its length: as many as the longest code in
/// it needs. Since codes have no gaps, that is the length at which the following codes have filled the table.
fn second_bits(sorted: &SortedSymbols, least: u32, nth: usize, bits: u32) -> u32 {
    let mut choosing = least;
    let mut filled = sorted.counts[(bits + choosing) as usize] - nth;
    while filled < 1 << choosing && bits + choosing < LONGEST_CODE {
        choosing += 1;
        filled = 2 * filled + sorted.counts[(bits + choosing) as usize];
    }
    choosing
}

/// Canonical codes in sequence, with their first bit lowest.
#[derive(Default)]
struct Code {
    next: usize,
}

impl Code {
    /// The next code of this length, which is no less than the length before.
    fn next(&mut self, length: u32) -> usize {
        // A longer code begins with the bits of the shorter one, and zeros follow, so the value is the same.
        let code = self.next;
        // Add one at the other end: the ones there become zeros, and the zero before them a one.
        let ones = (code << (usize::BITS - length)).leading_ones().min(length);
        self.next = match length - ones {
            0 => 0,
            rest => code & ((1 << (rest - 1)) - 1) | 1 << (rest - 1),
        };
        code
    }
}
