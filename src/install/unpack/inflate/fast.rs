//! The loop that decodes most of a stream.
//!
//! As in Eric Biggers' libdeflate: eight bytes of input are read at once; up to three literals are decoded before more
//! are needed; the next entry is looked up before a repetition is carried out, so that the two overlap; and a
//! repetition is copied in pieces of sixteen bytes, further than it goes, since what follows overwrites that.
//! Every index is below a bound that the compiler can see: there is no check in the loop but those that are written.

use super::codes::{Codes, SYMBOL_BITS};
use super::entry::Entry;
use super::window::{FULL, SIZE, Window};
use super::{Bits, Damage};

/// How many bytes of input a turn of the loop may want: those of two refills, the second of which reads eight.
const INPUT_BYTES: usize = 16;

/// The most that a distance takes with its extra bits, and what the look-up of the next symbol wants.
const DISTANCE_AND_SYMBOL_BITS: u32 = 28 + SYMBOL_BITS;

/// Whether there is enough input, and between symbols.
pub(super) fn is_possible(bits: &Bits, input: &[u8]) -> bool {
    bits.count < 8 && input.len() >= INPUT_BYTES
}

/// Bits in a register, from bytes that are read eight at a time.
struct Register<'a> {
    /// The next bits; those above `count` are right too, but will come again.
    value: u64,
    count: u32,
    rest: &'a [u8],
}

impl Register<'_> {
    /// Have at least 56 bits, if there are eight more bytes.
    #[inline(always)]
    fn refill(&mut self) {
        if let Some(bytes) = self.rest.first_chunk::<8>() {
            self.value |= u64::from_le_bytes(*bytes) << (self.count % 64);
            self.rest = &self.rest[(63_u32.wrapping_sub(self.count) >> 3) as usize % 8..];
            self.count |= 56;
        }
    }

    /// Use up the bits of an entry.
    #[inline(always)]
    fn skip(&mut self, entry: Entry) {
        self.value >>= entry.raw() % 64;
        self.count = self.count.wrapping_sub(entry.raw());
    }

    #[inline(always)]
    fn count(&self) -> u32 {
        u32::from(self.count as u8)
    }
}

/// Decode symbols while there is enough input and room; whether the block has ended.
pub(super) fn decode(codes: &Codes, bits: &mut Bits, window: &mut Window, input: &mut &[u8]) -> Result<bool, Damage> {
    let out = &mut *window.bytes;
    let mut end = window.end;
    let mut register = Register { value: bits.value, count: bits.count, rest: input };
    let mut ended = false;
    register.refill();
    let mut entry = codes.first_symbol(register.value);
    'turns: while register.rest.len() >= INPUT_BYTES && end < FULL {
        let mut before = register.value;
        register.skip(entry);
        // Three codes that are in the first table leave enough bits to look up a fourth.
        if entry.is_literal() {
            out[end] = entry.literal();
            end += 1;
            entry = codes.first_symbol(register.value);
            before = register.value;
            register.skip(entry);
            if entry.is_literal() {
                out[end] = entry.literal();
                end += 1;
                entry = codes.first_symbol(register.value);
                before = register.value;
                register.skip(entry);
                if entry.is_literal() {
                    out[end] = entry.literal();
                    end += 1;
                    entry = codes.first_symbol(register.value);
                    register.refill();
                    continue 'turns;
                }
            }
        }
        if entry.is_exception() {
            if entry.is_link() {
                entry = codes.linked_symbol(entry, register.value);
                before = register.value;
                register.skip(entry);
                if entry.is_literal() {
                    out[end] = entry.literal();
                    end += 1;
                    entry = codes.first_symbol(register.value);
                    register.refill();
                    continue 'turns;
                }
            }
            if entry.is_end() {
                ended = true;
                break 'turns;
            }
            if entry.is_exception() {
                return Err(Damage::Symbol);
            }
        }
        // More than the longest there is cannot be; the compiler cannot know that.
        let length = entry.value(before) % 512;
        if register.count() < DISTANCE_AND_SYMBOL_BITS {
            register.refill();
        }
        let mut far = codes.first_distance(register.value);
        if far.is_exception() {
            if far.is_link() {
                register.skip(far);
                far = codes.linked_distance(far, register.value);
            }
            if far.is_exception() {
                return Err(Damage::Symbol);
            }
        }
        let distance = far.value(register.value);
        register.skip(far);
        entry = codes.first_symbol(register.value);
        register.refill();
        let from = end.checked_sub(distance).ok_or(Damage::Distance)?;
        repeat(out, from, end, length);
        end += length;
    }
    // Whole bytes go back: all of them are of this piece of input, since there were fewer than eight bits before.
    let unused = (register.count() / 8) as usize;
    *input = &input[input.len() - register.rest.len() - unused..];
    bits.count = register.count() % 8;
    bits.value = register.value & ((1 << bits.count) - 1);
    window.end = end;
    Ok(ended)
}

/// Copy what begins at `from` to `to`, behind it; up to 31 bytes more are overwritten.
#[inline(always)]
fn repeat(out: &mut [u8; SIZE], from: usize, to: usize, length: usize) {
    let distance = to - from;
    if distance >= 16 {
        // Most are not longer.
        copy::<16>(out, from, to);
        copy::<16>(out, from + 16, to + 16);
        let mut at = 32;
        while at < length {
            copy::<16>(out, from + at, to + at);
            at += 16;
        }
    } else if distance == 1 {
        let byte = out[from];
        out[to..to + length].fill(byte);
    } else {
        // As many as are apart are right each time.
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
