//! The loop that decodes most of a stream.
//!
//! The design is that of Eric Biggers' libdeflate. Eight bytes of input are read at once. Up to three literals are
//! decoded before more are needed. The next entry is looked up before a match is copied, so that the two overlap. A
//! match is copied in pieces of sixteen bytes, beyond its end, since later output overwrites the surplus. The compiler
//! can see a bound for every index, so the loop has no bounds checks beyond the written ones.

use super::codes::Codes;
use super::entry::CodeEntry;
use super::window::{SIZE, SlidingWindow};
use super::{Bits, Damage};

/// Number of input bytes that one iteration may need: those of two refills, the second of which reads eight.
const INPUT_BYTES: usize = 16;

/// Returns whether there is enough input and the position is between symbols.
pub(super) fn is_possible(bits: &Bits, input: &[u8]) -> bool {
    bits.count < 8 && input.len() >= INPUT_BYTES
}

/// A register of bits, filled from eight bytes at a time.
struct Register<'a> {
    /// The next bits; those above `count` are valid too, but will be read again.
    value: u64,
    /// The number of bits, in the lowest eight bits of this field.
    count: u32,
    rest: &'a [u8],
}

impl Register<'_> {
    /// Fill up to at least 56 bits, if there are eight more bytes.
    #[inline(always)]
    fn refill(&mut self) {
        if let Some(bytes) = self.rest.first_chunk::<8>() {
            self.value |= u64::from_le_bytes(*bytes) << (self.count % 64);
            self.rest = &self.rest[(63_u32.wrapping_sub(self.count) >> 3) as usize % 8..];
            self.count |= 56;
        }
    }

    /// Use the bits of an entry. The rest of its word ends up in the upper bits of `count`, which are never read.
    #[inline(always)]
    fn skip(&mut self, entry: CodeEntry) {
        self.value >>= entry.word() % 64;
        self.count = self.count.wrapping_sub(entry.word());
    }

    /// Return whole bytes to the input. All of them are from this piece: before it there were fewer than eight bits.
    fn give_back(self, input: &mut &[u8]) -> Bits {
        let count = u32::from(self.count as u8);
        let used = input.len() - self.rest.len() - (count / 8) as usize;
        *input = &input[used..];
        Bits { value: self.value & ((1 << (count % 8)) - 1), count: count % 8 }
    }
}

/// Decode symbols while there is enough input and room. Returns true if the block has ended.
pub(super) fn decode(
    codes: &Codes,
    bits: &mut Bits,
    window: &mut SlidingWindow,
    input: &mut &[u8],
) -> Result<bool, Damage> {
    let register = Register { value: bits.value, count: bits.count, rest: input };
    let stop = window.stop();
    let mut state = LoopState { codes, register, out: &mut window.bytes, end: window.end };
    state.register.refill();
    let mut entry = codes.symbols.first(state.register.value);
    let mut ended = false;
    while state.register.rest.len() >= INPUT_BYTES && state.end < stop {
        match state.iterate(entry)? {
            Some(next) => entry = next,
            None => {
                ended = true;
                break;
            }
        }
    }
    window.end = state.end;
    *bits = state.register.give_back(input);
    Ok(ended)
}

/// The state of the loop.
struct LoopState<'a> {
    codes: &'a Codes,
    register: Register<'a>,
    out: &'a mut [u8; SIZE],
    end: usize,
}

impl LoopState<'_> {
    /// Decode this symbol and the following ones: up to three literals, or a match. Returns the entry of the symbol
    /// after them, or `None` at the end of the block.
    ///
    /// There are at least 56 bits. Three codes take at most 33 of them, or 42 if the last is that of a length, and
    /// leave enough for the next look-up. A distance, which takes 28, refills them.
    #[inline(always)]
    fn iterate(&mut self, mut entry: CodeEntry) -> Result<Option<CodeEntry>, Damage> {
        let mut before = self.skip(entry);
        if entry.is_literal() {
            entry = self.put(entry);
            before = self.skip(entry);
            if entry.is_literal() {
                entry = self.put(entry);
                before = self.skip(entry);
                if entry.is_literal() {
                    return Ok(Some(self.put_last(entry)));
                }
            }
        }
        if entry.is_exception() {
            if entry.is_link() {
                entry = self.codes.symbols.linked(entry, self.register.value);
                before = self.skip(entry);
                if entry.is_literal() {
                    return Ok(Some(self.put_last(entry)));
                }
            }
            if entry.is_end() {
                return Ok(None);
            }
            if entry.is_exception() {
                return Err(Damage::Symbol);
            }
        }
        // No length is above 258; the remainder makes that bound visible to the compiler.
        let length = entry.value(before) % 512;
        let distance = self.distance()?;
        let next = self.codes.symbols.first(self.register.value);
        self.register.refill();
        let from = self.end.checked_sub(distance).ok_or(Damage::Distance)?;
        repeat(self.out, from, self.end, length);
        self.end += length;
        Ok(Some(next))
    }

    /// Use the bits of an entry. Returns the bits before that, which include its extra bits.
    #[inline(always)]
    fn skip(&mut self, entry: CodeEntry) -> u64 {
        let before = self.register.value;
        self.register.skip(entry);
        before
    }

    /// Write a literal. Returns the entry after it.
    #[inline(always)]
    fn put(&mut self, literal: CodeEntry) -> CodeEntry {
        let next = self.codes.symbols.first(self.register.value);
        self.out[self.end] = literal.literal();
        self.end += 1;
        next
    }

    #[inline(always)]
    fn put_last(&mut self, literal: CodeEntry) -> CodeEntry {
        let next = self.put(literal);
        self.register.refill();
        next
    }

    #[inline(always)]
    fn distance(&mut self) -> Result<usize, Damage> {
        let mut entry = self.codes.distances.first(self.register.value);
        self.register.refill();
        if entry.is_exception() {
            if entry.is_link() {
                self.register.skip(entry);
                entry = self.codes.distances.linked(entry, self.register.value);
            }
            if entry.is_exception() {
                return Err(Damage::Symbol);
            }
        }
        let before = self.skip(entry);
        Ok(entry.value(before))
    }
}

/// Copy `length` bytes from `from` to `to`, which is behind it; up to 31 bytes more are overwritten.
#[inline(always)]
fn repeat(out: &mut [u8; SIZE], from: usize, to: usize, length: usize) {
    let distance = to - from;
    if distance >= 16 {
        // Most matches are no longer than this.
        copy::<16>(out, from, to);
        copy::<16>(out, from + 16, to + 16);
        let mut at = 32;
        while at < length {
            copy::<16>(out, from + at, to + at);
            at += 16;
        }
    } else if distance == 1 {
        // `fill` would be a call.
        let bytes = [out[from]; 16];
        let mut at = 0;
        while at < length {
            out[to + at..to + at + 16].copy_from_slice(&bytes);
            at += 16;
        }
    } else {
        // Each copy of eight bytes yields `distance` correct ones, at most eight.
        let step = distance.min(8);
        let mut at = 0;
        while at < length {
            copy::<8>(out, from + at, to + at);
            at += step;
        }
    }
}

#[inline(always)]
fn copy<const COUNT: usize>(out: &mut [u8; SIZE], from: usize, to: usize) {
    let mut bytes = [0; COUNT];
    bytes.copy_from_slice(&out[from..from + COUNT]);
    out[to..to + COUNT].copy_from_slice(&bytes);
}
