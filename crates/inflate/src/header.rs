//! The headers of blocks, read bit by bit: the type of the block, and its codes.

use super::entry::{DISTANCES, LENGTHS, SYMBOLS};
use super::{Damage, InflateStep, Inflater};

/// The order in which the lengths of the codes for code lengths are stored.
const ORDER: [u8; LENGTHS.len()] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// The symbol that every block ends with.
const END: usize = 256;

/// The code lengths of a block, as far as they were read.
pub(super) struct Header {
    lengths: [u8; SYMBOLS.len() + DISTANCES.len()],
    read: usize,
    /// The number of symbols; then those of distances and of codes for code lengths.
    symbols: usize,
    distances: usize,
    length_codes: usize,
}

impl Default for Header {
    fn default() -> Self {
        Self { lengths: [0; SYMBOLS.len() + DISTANCES.len()], read: 0, symbols: 0, distances: 0, length_codes: 0 }
    }
}

/// The steps that read the header of a block. Each returns true if the next step can follow, and false if it needs more
/// input.
impl Inflater {
    pub(super) fn block(&mut self, input: &mut &[u8]) -> Result<bool, Damage> {
        if self.last {
            self.state = InflateStep::Done;
            return Ok(false);
        }
        if !self.bits.need(3, input) {
            return Ok(false);
        }
        self.last = self.bits.take_bits(1) == 1;
        self.state = match self.bits.take_bits(2) {
            0 => {
                self.bits.skip(self.bits.count % 8);
                InflateStep::StoredSize
            }
            1 => {
                self.codes.set_fixed()?;
                InflateStep::Symbol
            }
            2 => InflateStep::Counts,
            _ => return Err(Damage::Kind),
        };
        Ok(true)
    }

    pub(super) fn stored_size(&mut self, input: &mut &[u8]) -> Result<bool, Damage> {
        if !self.bits.need(32, input) {
            return Ok(false);
        }
        let (size, inverted) = (self.bits.take_bits(16), self.bits.take_bits(16));
        if size != inverted ^ 0xffff {
            return Err(Damage::StoredSize);
        }
        self.state = InflateStep::Stored { left: size };
        Ok(true)
    }

    pub(super) fn stored(&mut self, left: usize, input: &mut &[u8]) -> bool {
        let count = left.min(input.len()).min(self.window.room());
        let (bytes, rest) = input.split_at(count);
        self.window.extend(bytes);
        *input = rest;
        self.state = if count == left { InflateStep::Block } else { InflateStep::Stored { left: left - count } };
        count == left
    }

    pub(super) fn counts(&mut self, input: &mut &[u8]) -> Result<bool, Damage> {
        if !self.bits.need(14, input) {
            return Ok(false);
        }
        let header = &mut self.header;
        header.symbols = self.bits.take_bits(5) + 257;
        header.distances = self.bits.take_bits(5) + 1;
        header.length_codes = self.bits.take_bits(4) + 4;
        // The last two symbols and distances of the fixed codes are reserved.
        if header.symbols > SYMBOLS.len() - 2 || header.distances > DISTANCES.len() - 2 {
            return Err(Damage::TooManyCodes);
        }
        header.lengths[..LENGTHS.len()].fill(0);
        header.read = 0;
        self.state = InflateStep::LengthCodes;
        Ok(true)
    }

    pub(super) fn length_codes(&mut self, input: &mut &[u8]) -> Result<bool, Damage> {
        let header = &mut self.header;
        while header.read < header.length_codes {
            if !self.bits.need(3, input) {
                return Ok(false);
            }
            header.lengths[usize::from(ORDER[header.read])] = self.bits.take_bits(3) as u8;
            header.read += 1;
        }
        self.codes.set_lengths(&header.lengths[..LENGTHS.len()])?;
        header.read = 0;
        self.state = InflateStep::Lengths;
        Ok(true)
    }

    pub(super) fn lengths(&mut self, input: &mut &[u8]) -> Result<bool, Damage> {
        let header = &mut self.header;
        let all = header.symbols + header.distances;
        while header.read < all {
            let Some(entry) = self.bits.entry(|bits| self.codes.lengths.find(bits), input)? else { return Ok(false) };
            let (least, extra_bits) = match entry.base() {
                16 => (3, 2),
                17 => (3, 3),
                18 => (11, 7),
                _ => (1, 0),
            };
            if !self.bits.need(entry.bits() + extra_bits, input) {
                return Ok(false);
            }
            self.bits.skip(entry.bits());
            let times = least + self.bits.take_bits(extra_bits);
            let length = match entry.base() {
                16 => *header.lengths[..header.read].last().ok_or(Damage::Codes)?,
                17 | 18 => 0,
                length => length as u8,
            };
            let next = header.read + times;
            if next > all {
                return Err(Damage::Codes);
            }
            header.lengths[header.read..next].fill(length);
            header.read = next;
        }
        let (symbols, distances) = header.lengths[..all].split_at(header.symbols);
        if symbols[END] == 0 {
            return Err(Damage::Codes);
        }
        self.codes.set(symbols, distances)?;
        self.state = InflateStep::Symbol;
        Ok(true)
    }
}
