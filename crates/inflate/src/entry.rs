//! The meaning of a code, in one word.

/// An entry in a table of codes.
///
/// The fields from the lowest bit: six bits for the number of input bits, extra bits included; two unused; four bits
/// for the length of the code alone; four flags; sixteen bits for the value, to which the extra bits are added. In a
/// link to a second table, the input bits are those of the first index, the value is the start of the second table, and
/// the four bits are the number of its index bits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct CodeEntry(u32);

const LITERAL: u32 = 1 << 15;
/// Neither a literal nor a match: one of the following flags, or no meaning at all.
const EXCEPTION: u32 = 1 << 14;
const LINK: u32 = 1 << 13;
const END: u32 = 1 << 12;

impl CodeEntry {
    /// The entry for bits without a code, and for reserved symbols.
    pub(super) const INVALID: Self = Self(EXCEPTION);

    const fn new(value: usize, extra_bits: u32, flags: u32) -> Self {
        Self((value as u32) << 16 | flags | extra_bits)
    }

    pub(super) fn link(start: usize, chosen_by: u32, choosing: u32) -> Self {
        Self((start as u32) << 16 | EXCEPTION | LINK | choosing << 8 | chosen_by)
    }

    /// The same symbol, by a code with this many more bits.
    pub(super) fn lengthened(self, code_bits: u32) -> Self {
        if self.is_invalid() { self } else { Self(self.0 + (code_bits << 8 | code_bits)) }
    }

    #[inline(always)]
    pub(super) fn is_literal(self) -> bool {
        self.0 & LITERAL != 0
    }

    #[inline(always)]
    pub(super) fn is_exception(self) -> bool {
        self.0 & EXCEPTION != 0
    }

    #[inline(always)]
    pub(super) fn is_link(self) -> bool {
        self.0 & LINK != 0
    }

    /// Returns whether the entry ends the block.
    #[inline(always)]
    pub(super) fn is_end(self) -> bool {
        self.0 & END != 0
    }

    pub(super) fn is_invalid(self) -> bool {
        self == Self::INVALID
    }

    /// Number of input bits, including extra bits.
    #[inline(always)]
    pub(super) fn bits(self) -> u32 {
        self.0 & 0x3f
    }

    /// The whole word; its lowest eight bits are the number of input bits.
    #[inline(always)]
    pub(super) fn word(self) -> u32 {
        self.0
    }

    /// Number of index bits of the table behind a link.
    #[inline(always)]
    pub(super) fn choosing_bits(self) -> u32 {
        self.code_bits()
    }

    #[inline(always)]
    fn code_bits(self) -> u32 {
        self.0 >> 8 & 0xf
    }

    #[inline(always)]
    pub(super) fn literal(self) -> u8 {
        (self.0 >> 16) as u8
    }

    /// The value without extra bits.
    #[inline(always)]
    pub(super) fn base(self) -> usize {
        (self.0 >> 16) as usize
    }

    /// The value with its extra bits, which follow the code in `input`.
    #[inline(always)]
    pub(super) fn value(self, input: u64) -> usize {
        let taken = input & ((1 << self.bits()) - 1);
        self.base() + (taken >> self.code_bits()) as usize
    }
}

/// Literals, the end of a block, and the lengths of matches; the last two are reserved.
pub(super) const SYMBOLS: [CodeEntry; 288] = {
    let mut symbols = [CodeEntry::INVALID; 288];
    let mut literal = 0;
    while literal < 256 {
        symbols[literal] = CodeEntry::new(literal, 0, LITERAL);
        literal += 1;
    }
    symbols[256] = CodeEntry::new(0, 0, EXCEPTION | END);
    let (mut symbol, mut length) = (257, 3);
    while symbol < 285 {
        let extra_bits = if symbol < 265 { 0 } else { (symbol as u32 - 261) / 4 };
        symbols[symbol] = CodeEntry::new(length, extra_bits, 0);
        length += 1 << extra_bits;
        symbol += 1;
    }
    symbols[285] = CodeEntry::new(258, 0, 0);
    symbols
};

/// The distances of matches; the last two are reserved.
pub(super) const DISTANCES: [CodeEntry; 32] = {
    let mut symbols = [CodeEntry::INVALID; 32];
    let (mut symbol, mut distance) = (0, 1);
    while symbol < 30 {
        let extra_bits = if symbol < 4 { 0 } else { (symbol as u32 - 2) / 2 };
        symbols[symbol] = CodeEntry::new(distance, extra_bits, 0);
        distance += 1 << extra_bits;
        symbol += 1;
    }
    symbols
};

/// Code lengths, and repetitions of code lengths.
pub(super) const LENGTHS: [CodeEntry; 19] = {
    let mut symbols = [CodeEntry::INVALID; 19];
    let mut symbol = 0;
    while symbol < 19 {
        symbols[symbol] = CodeEntry::new(symbol, 0, 0);
        symbol += 1;
    }
    symbols
};
