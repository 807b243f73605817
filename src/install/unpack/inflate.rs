//! DEFLATE (RFC 1951) as a stream, at the pace of decoders that want the whole input and the whole output at once.
//!
//! Most symbols are decoded by [`fast`], which wants some bytes in advance and some room behind. Where there are not, at
//! the ends of the input's pieces and of the window, symbols are decoded one at a time, with no byte more than each
//! needs: when the stream ends, everything behind it is still with the reader that it came from.
//!
//! Nothing here is `unsafe`. A damaged stream ends in [`Damage`], whatever it holds; one that decodes to the wrong bytes
//! is found out by the checksum of the format around it.

mod codes;
mod entry;
mod fast;
mod header;
mod window;

use std::io::{self, BufRead, Read};

use super::pieced::Pieced;
use codes::Codes;
use entry::Entry;
use header::Header;
use window::Window;

/// Why bytes are no DEFLATE stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// Its kind of block has no meaning.
    #[error("a deflated block is of no known kind")]
    Kind,
    /// The size of a stored block and its inverse do not match.
    #[error("a stored block has two sizes")]
    StoredSize,
    /// It announces codes that must not be used.
    #[error("a deflated block has too many codes")]
    TooManyCodes,
    /// There are more codes of some length than there can be, or too few of all, or none for the end.
    #[error("a deflated block's codes are impossible")]
    Codes,
    /// Bits that are no code, or that of a symbol that must not be used.
    #[error("a deflated block has a code that stands for nothing")]
    Symbol,
    /// A repetition begins before the first byte.
    #[error("a deflated block repeats what was before the beginning")]
    Distance,
}

/// Decodes one stream at a time, in a third of a megabyte of its own.
pub struct Inflater {
    state: State,
    /// Whether this block is the last one.
    last: bool,
    bits: Bits,
    header: Header,
    codes: Box<Codes>,
    window: Window,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Block,
    StoredSize,
    Stored {
        left: usize,
    },
    Counts,
    /// The lengths of the codes for lengths.
    LengthCodes,
    /// The lengths of all other codes.
    Lengths,
    Symbol,
    /// The second half of a repetition.
    Distance {
        length: usize,
    },
    Done,
    Damaged(Damage),
}

/// Bits that were taken from the input and not used yet, the next one lowest.
///
/// Between symbols there are fewer than eight.
#[derive(Default)]
struct Bits {
    value: u64,
    count: u32,
}

impl Bits {
    /// Take bytes until there are so many bits, at most 56; false when the input ends before.
    fn need(&mut self, count: u32, input: &mut &[u8]) -> bool {
        while self.count < count {
            let Some((byte, rest)) = input.split_first() else { return false };
            self.value |= u64::from(*byte) << self.count;
            self.count += 8;
            *input = rest;
        }
        true
    }

    /// Use so many bits; there must be as many.
    fn take(&mut self, count: u32) -> usize {
        let value = self.value & ((1 << count) - 1);
        self.skip(count);
        value as usize
    }

    fn skip(&mut self, count: u32) {
        self.value >>= count;
        self.count -= count;
    }

    /// The entry of the code that comes next, by a look into a table, with no byte more than it needs; `None` when the
    /// input ends before. The entry's bits are not used up.
    fn entry(&mut self, find: impl Fn(u64) -> Entry, input: &mut &[u8]) -> Result<Option<Entry>, Damage> {
        loop {
            // Bits that are not there count as zeros. An entry that needs none of them is the right one.
            let entry = find(self.value);
            if entry.is_invalid() && self.count >= codes::LONGEST_CODE {
                return Err(Damage::Symbol);
            }
            if !entry.is_invalid() && entry.bits() <= self.count {
                return Ok(Some(entry));
            }
            if !self.need(self.count + 1, input) {
                return Ok(None);
            }
        }
    }
}

impl Default for Inflater {
    fn default() -> Self {
        Self::new()
    }
}

impl Inflater {
    /// For a stream from its beginning.
    pub fn new() -> Self {
        Self {
            state: State::Block,
            last: false,
            bits: Bits::default(),
            header: Header::default(),
            codes: Codes::new(),
            window: Window::new(),
        }
    }

    /// Forget everything, for another stream.
    pub(super) fn reset(&mut self) {
        self.state = State::Block;
        self.last = false;
        self.bits = Bits::default();
        self.window.clear();
    }

    /// What was decoded and not taken yet, or what comes next; nothing at the end of the stream.
    ///
    /// Where a number of bytes is wanted, these are as many, but at the end of the stream and where they do not fit. Of
    /// the input no byte is taken that belongs to what follows the stream.
    pub(super) fn fill(&mut self, input: &mut impl BufRead, wanted: Option<usize>) -> io::Result<&[u8]> {
        let least = wanted.unwrap_or(1);
        if self.window.fresh().len() < least {
            self.window.make_room(wanted);
        }
        while self.window.fresh().len() < least && self.window.room() > 0 && self.state != State::Done {
            let piece = input.fill_buf()?;
            let mut rest = piece;
            let result = self.decode(&mut rest);
            let (end, used) = (piece.is_empty(), piece.len() - rest.len());
            input.consume(used);
            result.map_err(|damage| io::Error::new(io::ErrorKind::InvalidData, damage))?;
            if end && self.state != State::Done {
                if self.window.fresh().is_empty() {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                break;
            }
        }
        let fresh = self.window.fresh();
        Ok(&fresh[..fresh.len().min(wanted.unwrap_or(usize::MAX))])
    }

    /// What was decoded and not taken yet.
    pub(super) fn fresh(&self) -> &[u8] {
        self.window.fresh()
    }

    /// So many bytes of [`Inflater::fill`] were taken.
    pub(super) fn consume(&mut self, count: usize) {
        self.window.take(count);
    }

    /// Decode as far as the input and the window's room go.
    fn decode(&mut self, input: &mut &[u8]) -> Result<(), Damage> {
        while self.window.room() > 0 {
            match self.step(input) {
                Ok(true) => {}
                Ok(false) => break,
                Err(damage) => {
                    self.state = State::Damaged(damage);
                    return Err(damage);
                }
            }
        }
        Ok(())
    }

    /// Go on by one step; false when that needs more input, or nothing is left to do.
    fn step(&mut self, input: &mut &[u8]) -> Result<bool, Damage> {
        match self.state {
            State::Block => self.block(input),
            State::StoredSize => self.stored_size(input),
            State::Stored { left } => Ok(self.stored(left, input)),
            State::Counts => self.counts(input),
            State::LengthCodes => self.length_codes(input),
            State::Lengths => self.lengths(input),
            State::Symbol if fast::is_possible(&self.bits, input) => {
                let ended = fast::decode(&self.codes, &mut self.bits, &mut self.window, input)?;
                self.state = if ended { State::Block } else { State::Symbol };
                // What is left of this piece of the input is too short for that.
                if ended || self.window.room() == 0 { Ok(true) } else { self.symbol(input) }
            }
            State::Symbol => self.symbol(input),
            State::Distance { length } => self.distance(length, input),
            State::Done => Ok(false),
            State::Damaged(damage) => Err(damage),
        }
    }

    fn symbol(&mut self, input: &mut &[u8]) -> Result<bool, Damage> {
        let Some(entry) = self.bits.entry(|bits| self.codes.symbols.find(bits), input)? else { return Ok(false) };
        let bits = self.bits.value;
        self.bits.skip(entry.bits());
        if entry.is_literal() {
            self.window.push(entry.literal());
        } else if entry.is_end() {
            self.state = State::Block;
        } else {
            self.state = State::Distance { length: entry.value(bits) };
        }
        Ok(true)
    }

    fn distance(&mut self, length: usize, input: &mut &[u8]) -> Result<bool, Damage> {
        let Some(entry) = self.bits.entry(|bits| self.codes.distances.find(bits), input)? else { return Ok(false) };
        let distance = entry.value(self.bits.value);
        self.bits.skip(entry.bits());
        self.window.repeat(distance, length)?;
        self.state = State::Symbol;
        Ok(true)
    }
}

/// A reader of what a stream decodes to, up to its end.
pub struct Inflated<'a, R> {
    inflater: &'a mut Inflater,
    input: R,
}

impl<'a, R: BufRead> Inflated<'a, R> {
    /// A stream from its beginning; what follows it is left in `input`.
    pub fn new(inflater: &'a mut Inflater, input: R) -> Self {
        inflater.reset();
        Self { inflater, input }
    }
}

impl<R: BufRead> Pieced for Inflated<'_, R> {
    fn piece(&mut self, wanted: Option<usize>) -> io::Result<&[u8]> {
        self.inflater.fill(&mut self.input, wanted)
    }
}

impl<R: BufRead> BufRead for Inflated<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.piece(None)
    }

    fn consume(&mut self, amount: usize) {
        self.inflater.consume(amount);
    }
}

impl<R: BufRead> Read for Inflated<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

#[cfg(test)]
mod tests;
