//! The loop that decodes most of a stream.
//!
//! As in Eric Biggers' libdeflate: eight bytes of input are read at once; up to three literals are decoded before more
//! are needed; the next entry is looked up before a repetition is carried out, so that the two overlap; and a
//! repetition is copied in pieces of sixteen bytes, further than it goes, since what follows overwrites that.
//! Every index is below a bound that the compiler can see: there is no check in the loop but those that are written.

use super::codes::Codes;
use super::entry::Entry;
use super::window::{SIZE, Window};
use super::{Bits, Damage};

/// How many bytes of input a turn of the loop may want: those of two refills, the second of which reads eight.
const INPUT_BYTES: usize = 16;

/// Whether there is enough input, and between symbols.
pub(super) fn is_possible(bits: &Bits, input: &[u8]) -> bool {
    bits.count < 8 && input.len() >= INPUT_BYTES
}

/// Bits in a register, from bytes that are read eight at a time.
struct Register<'a> {
    /// The next bits; those above `count` are right too, but will come again.
    value: u64,
    /// How many there are, in its lowest eight bits.
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

    /// Use up the bits of an entry. What else is in its word ends up in the count's upper bits, which nobody reads.
    #[inline(always)]
    fn skip(&mut self, entry: Entry) {
        self.value >>= entry.word() % 64;
        self.count = self.count.wrapping_sub(entry.word());
    }

    /// Give back whole bytes. All of them are of this piece of input: before it there were fewer than eight bits.
    fn give_back(self, input: &mut &[u8]) -> Bits {
        let count = u32::from(self.count as u8);
        let used = input.len() - self.rest.len() - (count / 8) as usize;
        *input = &input[used..];
        Bits { value: self.value & ((1 << (count % 8)) - 1), count: count % 8 }
    }
}

/// Decode symbols while there is enough input and room; whether the block has ended.
pub(super) fn decode(codes: &Codes, bits: &mut Bits, window: &mut Window, input: &mut &[u8]) -> Result<bool, Damage> {
    let register = Register { value: bits.value, count: bits.count, rest: input };
    let stop = window.stop();
    let mut turns = Turns { codes, register, out: &mut window.bytes, end: window.end };
    turns.register.refill();
    let mut entry = codes.symbols.first(turns.register.value);
    let mut ended = false;
    while turns.register.rest.len() >= INPUT_BYTES && turns.end < stop {
        match turns.turn(entry)? {
            Some(next) => entry = next,
            None => {
                ended = true;
                break;
            }
        }
    }
    window.end = turns.end;
    *bits = turns.register.give_back(input);
    Ok(ended)
}

/// What the turns of the loop work on.
struct Turns<'a> {
    codes: &'a Codes,
    register: Register<'a>,
    out: &'a mut [u8; SIZE],
    end: usize,
}

impl Turns<'_> {
    /// Decode this symbol and what follows it, up to three literals or a repetition; the entry of the symbol behind
    /// them, or none at the end of the block.
    ///
    /// At least 56 bits are there. Three codes take 33 of them at most, or 42 when the last is that of a length, and
    /// leave enough for the next look-up; a distance, which takes 28, has them filled up again.
    #[inline(always)]
    fn turn(&mut self, mut entry: Entry) -> Result<Option<Entry>, Damage> {
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
        // There is no longer one than 258, which the compiler cannot know.
        let length = entry.value(before) % 512;
        let distance = self.distance()?;
        let next = self.codes.symbols.first(self.register.value);
        self.register.refill();
        let from = self.end.checked_sub(distance).ok_or(Damage::Distance)?;
        repeat(self.out, from, self.end, length);
        self.end += length;
        Ok(Some(next))
    }

    /// Use up the bits of an entry; those that there were before, where its extra bits are.
    #[inline(always)]
    fn skip(&mut self, entry: Entry) -> u64 {
        let before = self.register.value;
        self.register.skip(entry);
        before
    }

    /// Write a literal; the entry that follows it.
    #[inline(always)]
    fn put(&mut self, literal: Entry) -> Entry {
        let next = self.codes.symbols.first(self.register.value);
        self.out[self.end] = literal.literal();
        self.end += 1;
        next
    }

    #[inline(always)]
    fn put_last(&mut self, literal: Entry) -> Entry {
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
        // Not by `fill`, which is a call.
        let bytes = [out[from]; 16];
        let mut at = 0;
        while at < length {
            out[to + at..to + at + 16].copy_from_slice(&bytes);
            at += 16;
        }
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
