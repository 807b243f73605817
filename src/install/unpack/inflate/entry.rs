//! What a code stands for, in one word.

/// An entry of a table of codes.
///
/// From the lowest bit: six bits for how many bits of input it takes, its extra bits included; two unused; four for how
/// many of them are the code's; four flags; sixteen for its value, to which the extra bits are added. A link to a
/// second table takes the bits that chose it; its value is where that begins, and the four bits say how many bits
/// choose from it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry(u32);

const LITERAL: u32 = 1 << 15;
/// Neither a literal nor a repetition: one of the following, or nothing that a code may stand for.
const EXCEPTION: u32 = 1 << 14;
const LINK: u32 = 1 << 13;
const END: u32 = 1 << 12;

impl Entry {
    /// No code has these bits, or its symbol must not be used.
    pub(super) const INVALID: Self = Self(EXCEPTION);

    const fn of(value: usize, extra_bits: u32, flags: u32) -> Self {
        Self((value as u32) << 16 | flags | extra_bits)
    }

    pub(super) fn link(start: usize, chosen_by: u32, choosing: u32) -> Self {
        Self((start as u32) << 16 | EXCEPTION | LINK | choosing << 8 | chosen_by)
    }

    /// The same symbol by a code that is longer by so much.
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

    /// Whether it ends the block.
    #[inline(always)]
    pub(super) fn is_end(self) -> bool {
        self.0 & END != 0
    }

    pub(super) fn is_invalid(self) -> bool {
        self == Self::INVALID
    }

    /// How many bits of input it takes.
    #[inline(always)]
    pub(super) fn bits(self) -> u32 {
        self.0 & 0x3f
    }

    /// All of it; its lowest eight bits are how many bits of input it takes.
    #[inline(always)]
    pub(super) fn word(self) -> u32 {
        self.0
    }

    /// How many bits choose from the table that a link leads to.
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

    /// Its value without extra bits.
    #[inline(always)]
    pub(super) fn base(self) -> usize {
        (self.0 >> 16) as usize
    }

    /// Its value with its extra bits, which follow its code in `input`.
    #[inline(always)]
    pub(super) fn value(self, input: u64) -> usize {
        let taken = input & ((1 << self.bits()) - 1);
        self.base() + (taken >> self.code_bits()) as usize
    }
}

/// Literals, the end of a block, and the lengths of repetitions; the last two must not be used.
pub(super) const SYMBOLS: [Entry; 288] = {
    let mut symbols = [Entry::INVALID; 288];
    let mut literal = 0;
    while literal < 256 {
        symbols[literal] = Entry::of(literal, 0, LITERAL);
        literal += 1;
    }
    symbols[256] = Entry::of(0, 0, EXCEPTION | END);
    let (mut symbol, mut length) = (257, 3);
    while symbol < 285 {
        let extra_bits = if symbol < 265 { 0 } else { (symbol as u32 - 261) / 4 };
        symbols[symbol] = Entry::of(length, extra_bits, 0);
        length += 1 << extra_bits;
        symbol += 1;
    }
    symbols[285] = Entry::of(258, 0, 0);
    symbols
};

/// The distances of repetitions; the last two must not be used.
pub(super) const DISTANCES: [Entry; 32] = {
    let mut symbols = [Entry::INVALID; 32];
    let (mut symbol, mut distance) = (0, 1);
    while symbol < 30 {
        let extra_bits = if symbol < 4 { 0 } else { (symbol as u32 - 2) / 2 };
        symbols[symbol] = Entry::of(distance, extra_bits, 0);
        distance += 1 << extra_bits;
        symbol += 1;
    }
    symbols
};

/// The lengths of codes, and how lengths are repeated.
pub(super) const LENGTHS: [Entry; 19] = {
    let mut symbols = [Entry::INVALID; 19];
    let mut symbol = 0;
    while symbol < 19 {
        symbols[symbol] = Entry::of(symbol, 0, 0);
        symbol += 1;
    }
    symbols
};
