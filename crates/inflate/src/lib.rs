//! DEFLATE (RFC 1951) as a stream, as fast as decoders that need the whole input and the whole output at once.
//!
//! `fast` decodes most symbols; it needs some bytes ahead in the input and some room in the window. Near the end of
//! an input piece and of the window, symbols are decoded one at a time, and no byte is consumed before a symbol needs
//! it. So at the end of the stream every byte after it is still with the reader it came from.
//!
//! An invalid stream ends in [`Damage`], whatever it contains; a valid stream that decodes to wrong bytes is detected
//! by the checksum of the format around it.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

mod codes;
mod entry;
mod fast;
mod gzip;
mod header;
mod pieced;
mod window;

pub use gzip::gunzip;
pub use pieced::{Pieced, next_piece};

use std::io::{self, BufRead, Read};

use codes::Codes;
use entry::CodeEntry;
use header::Header;
use window::SlidingWindow;

/// The defect of an invalid DEFLATE stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// The type of a block is reserved.
    #[error("a deflated block has an unknown type")]
    Kind,
    /// The size of a stored block and its inverse do not match.
    #[error("the two copies of a stored block's size differ")]
    StoredSize,
    /// A block announces codes that are reserved.
    #[error("a deflated block has too many codes")]
    TooManyCodes,
    /// The code lengths are impossible: too many of some length, too few in all, or none for the end of the block.
    #[error("a deflated block has invalid codes")]
    Codes,
    /// Bits that are not a code, or the code of a reserved symbol.
    #[error("a deflated block uses an undefined code")]
    Symbol,
    /// A match begins before the first byte of the output.
    #[error("a deflated block refers to data before the beginning")]
    Distance,
}

/// Decodes one stream at a time, with a third of a megabyte of memory.
pub struct Inflater {
    state: InflateStep,
    /// This block is the last one.
    last: bool,
    bits: Bits,
    header: Header,
    codes: Box<Codes>,
    window: SlidingWindow,
}

/// The next step of decoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum InflateStep {
    Block,
    StoredSize,
    Stored {
        left: usize,
    },
    Counts,
    /// The lengths of the codes for code lengths.
    LengthCodes,
    /// The lengths of all other codes.
    Lengths,
    Symbol,
    /// The second half of a match.
    Distance {
        length: usize,
    },
    Done,
    Damaged(Damage),
}

/// Bits that were read but not used yet, the next one lowest.
///
/// Between symbols there are fewer than eight of them.
#[derive(Default)]
struct Bits {
    value: u64,
    count: u32,
}

impl Bits {
    /// Read bytes until there are `count` bits, at most 56. Returns false if the input ends before.
    fn need(&mut self, count: u32, input: &mut &[u8]) -> bool {
        while self.count < count {
            let Some((byte, rest)) = input.split_first() else { return false };
            self.value |= u64::from(*byte) << self.count;
            self.count += 8;
            *input = rest;
        }
        true
    }

    /// Use `count` bits, which must have been read.
    fn take_bits(&mut self, count: u32) -> usize {
        let value = self.value & ((1 << count) - 1);
        self.skip(count);
        value as usize
    }

    fn skip(&mut self, count: u32) {
        self.value >>= count;
        self.count -= count;
    }

    /// Look up the entry of the next code, without reading a byte more than it needs; `None` if the input ends before.
    /// The entry's bits are not used yet.
    fn entry(&mut self, find: impl Fn(u64) -> CodeEntry, input: &mut &[u8]) -> Result<Option<CodeEntry>, Damage> {
        loop {
            // Missing bits count as zeros. An entry is right if it needs none of the missing bits.
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
    /// A decoder for the start of a stream.
    pub fn new() -> Self {
        Self {
            state: InflateStep::Block,
            last: false,
            bits: Bits::default(),
            header: Header::default(),
            codes: Codes::new(),
            window: SlidingWindow::new(),
        }
    }

    /// Start again with another stream.
    fn reset(&mut self) {
        self.state = InflateStep::Block;
        self.last = false;
        self.bits = Bits::default();
        self.window.clear();
    }

    /// The decoded bytes that were not consumed yet, or else the next ones; empty at the end of the stream.
    ///
    /// With a `wanted` number, exactly that many bytes are returned, except at the end of the stream or if they do not
    /// fit. No byte after the end of the stream is read from the input.
    fn fill(&mut self, input: &mut impl BufRead, wanted: Option<usize>) -> io::Result<&[u8]> {
        let least = wanted.unwrap_or(1);
        if self.window.fresh().len() < least {
            self.window.make_room(wanted);
        }
        while self.window.fresh().len() < least && self.window.room() > 0 && self.state != InflateStep::Done {
            let piece = input.fill_buf()?;
            let mut rest = piece;
            let result = self.decode(&mut rest);
            let (end, used) = (piece.is_empty(), piece.len() - rest.len());
            input.consume(used);
            result.map_err(|damage| io::Error::new(io::ErrorKind::InvalidData, damage))?;
            if end && self.state != InflateStep::Done {
                if self.window.fresh().is_empty() {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                break;
            }
        }
        let fresh = self.window.fresh();
        Ok(&fresh[..fresh.len().min(wanted.unwrap_or(usize::MAX))])
    }

    /// The decoded bytes that were not consumed yet.
    fn fresh(&self) -> &[u8] {
        self.window.fresh()
    }

    /// Consume `count` bytes of those that [`Inflater::fill`] returned.
    fn consume(&mut self, count: usize) {
        self.window.consume(count);
    }

    /// Decode until the input or the window's room is used up.
    fn decode(&mut self, input: &mut &[u8]) -> Result<(), Damage> {
        while self.window.room() > 0 {
            match self.step(input) {
                Ok(true) => {}
                Ok(false) => break,
                Err(damage) => {
                    self.state = InflateStep::Damaged(damage);
                    return Err(damage);
                }
            }
        }
        Ok(())
    }

    /// Do one step. Returns false if it needs more input, or nothing is left to do.
    fn step(&mut self, input: &mut &[u8]) -> Result<bool, Damage> {
        match self.state {
            InflateStep::Block => self.block(input),
            InflateStep::StoredSize => self.stored_size(input),
            InflateStep::Stored { left } => Ok(self.stored(left, input)),
            InflateStep::Counts => self.counts(input),
            InflateStep::LengthCodes => self.length_codes(input),
            InflateStep::Lengths => self.lengths(input),
            InflateStep::Symbol if fast::is_possible(&self.bits, input) => {
                let ended = fast::decode(&self.codes, &mut self.bits, &mut self.window, input)?;
                self.state = if ended { InflateStep::Block } else { InflateStep::Symbol };
                // The rest of this input piece is too short for the fast loop.
                if ended || self.window.room() == 0 { Ok(true) } else { self.symbol(input) }
            }
            InflateStep::Symbol => self.symbol(input),
            InflateStep::Distance { length } => self.distance(length, input),
            InflateStep::Done => Ok(false),
            InflateStep::Damaged(damage) => Err(damage),
        }
    }

    fn symbol(&mut self, input: &mut &[u8]) -> Result<bool, Damage> {
        let Some(entry) = self.bits.entry(|bits| self.codes.symbols.find(bits), input)? else { return Ok(false) };
        let bits = self.bits.value;
        self.bits.skip(entry.bits());
        if entry.is_literal() {
            self.window.push(entry.literal());
        } else if entry.is_end() {
            self.state = InflateStep::Block;
        } else {
            self.state = InflateStep::Distance { length: entry.value(bits) };
        }
        Ok(true)
    }

    fn distance(&mut self, length: usize, input: &mut &[u8]) -> Result<bool, Damage> {
        let Some(entry) = self.bits.entry(|bits| self.codes.distances.find(bits), input)? else { return Ok(false) };
        let distance = entry.value(self.bits.value);
        self.bits.skip(entry.bits());
        self.window.repeat(distance, length)?;
        self.state = InflateStep::Symbol;
        Ok(true)
    }
}

/// A reader of the decoded content of a stream, up to its end.
pub struct Inflated<'a, R> {
    inflater: &'a mut Inflater,
    input: R,
}

impl<'a, R: BufRead> Inflated<'a, R> {
    /// A reader for a stream that starts here; the bytes after the stream stay in `input`.
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
