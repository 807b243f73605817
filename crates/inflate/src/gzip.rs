//! gzip (RFC 1952): all members in sequence, as one stream.

use std::io::{self, BufRead, Read};

use libdeflater::Crc;

use super::{Inflater, Pieced};

/// Decompresses these bytes; checksum and size of each member are checked.
pub fn gunzip(bytes: impl BufRead) -> impl Pieced {
    Members { bytes, inflater: Inflater::new(), crc: Crc::new(), count: 0, state: GzipState::Head }
}

struct Members<R> {
    bytes: R,
    inflater: Inflater,
    /// The checksum of this member's content so far; `count` is its size modulo 2^32.
    crc: Crc,
    count: u32,
    state: GzipState,
}

#[derive(PartialEq, Eq)]
enum GzipState {
    Head,
    Content,
    End,
}

/// The flags in the header of a member.
const HEAD_CHECKED: u8 = 1 << 1;
const EXTRA: u8 = 1 << 2;
const NAME: u8 = 1 << 3;
const COMMENT: u8 = 1 << 4;
const RESERVED: u8 = 0b1110_0000;

impl<R: BufRead> Members<R> {
    /// Read up to the content of the next member. Returns false if there is none.
    fn head(&mut self) -> io::Result<bool> {
        if self.bytes.fill_buf()?.is_empty() {
            return Ok(false);
        }
        let mut head = GzipHeaderReader { bytes: &mut self.bytes, crc: Crc::new() };
        let [first, second, method, flags, ..] = head.read_array::<10>()?;
        if [first, second, method] != [0x1f, 0x8b, 8] || flags & RESERVED != 0 {
            return Err(damaged("the data is not a gzip member"));
        }
        if flags & EXTRA != 0 {
            let size = u16::from_le_bytes(head.read_array()?);
            for _ in 0..size {
                head.read_array::<1>()?;
            }
        }
        for text in [NAME, COMMENT] {
            while flags & text != 0 && head.read_array()? != [0] {}
        }
        let sum = head.crc.sum() as u16;
        if flags & HEAD_CHECKED != 0 && u16::from_le_bytes(head.read_array()?) != sum {
            return Err(damaged("the header of a gzip member does not match its checksum"));
        }
        self.inflater.reset();
        self.crc = Crc::new();
        self.count = 0;
        Ok(true)
    }

    fn compare(&mut self) -> io::Result<()> {
        let mut word = || -> io::Result<u32> {
            let mut bytes = [0; 4];
            self.bytes.read_exact(&mut bytes)?;
            Ok(u32::from_le_bytes(bytes))
        };
        if (word()?, word()?) != (self.crc.sum(), self.count) {
            return Err(damaged("a gzip member does not match its checksum or size"));
        }
        Ok(())
    }
}

impl<R: BufRead> Pieced for Members<R> {
    fn piece(&mut self, wanted: Option<usize>) -> io::Result<&[u8]> {
        let count = loop {
            match self.state {
                GzipState::Head => self.state = if self.head()? { GzipState::Content } else { GzipState::End },
                GzipState::Content => match self.inflater.fill(&mut self.bytes, wanted)?.len() {
                    0 => {
                        self.compare()?;
                        self.state = GzipState::Head;
                    }
                    count => break count,
                },
                GzipState::End => break 0,
            }
        };
        Ok(&self.inflater.fresh()[..count])
    }
}

impl<R: BufRead> BufRead for Members<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.piece(None)
    }

    fn consume(&mut self, amount: usize) {
        self.crc.update(&self.inflater.fresh()[..amount]);
        self.count = self.count.wrapping_add(amount as u32);
        self.inflater.consume(amount);
    }
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

/// The header of a member, while it is read.
struct GzipHeaderReader<'a, R> {
    bytes: &'a mut R,
    crc: Crc,
}

impl<R: BufRead> GzipHeaderReader<'_, R> {
    fn read_array<const COUNT: usize>(&mut self) -> io::Result<[u8; COUNT]> {
        let mut taken = [0; COUNT];
        self.bytes.read_exact(&mut taken)?;
        self.crc.update(&taken);
        Ok(taken)
    }
}

fn damaged(reason: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, GzBuilder, write::GzEncoder};

    use super::*;

    fn member(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(content).expect("it is written");
        encoder.finish().expect("a member")
    }

    fn content(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        gunzip(bytes).read_to_end(&mut content).map(|_| content)
    }

    #[test]
    fn members_follow_each_other() {
        let bytes = [member(b"one, "), member(b""), member(b"three")].concat();
        assert_eq!(content(&bytes).expect("three members"), b"one, three");
        let error = content(&[member(b"one"), b"and something else".to_vec()].concat()).expect_err("no member");
        assert_eq!(error.to_string(), "the data is not a gzip member");
    }

    #[test]
    fn a_header_may_have_more_fields() {
        let builder = GzBuilder::new().filename("a name").comment("a comment").extra(vec![7; 300]);
        let mut encoder = builder.write(Vec::new(), Compression::fast());
        encoder.write_all(b"content").expect("it is written");
        let mut bytes = encoder.finish().expect("a member");
        assert_eq!(content(&bytes).expect("a member"), b"content");

        // Add a header checksum, which is compared.
        bytes[3] |= HEAD_CHECKED;
        let end = 10 + 2 + 300 + "a name".len() + 1 + "a comment".len() + 1;
        let mut crc = Crc::new();
        crc.update(&bytes[..end]);
        bytes.splice(end..end, (crc.sum() as u16).to_le_bytes());
        assert_eq!(content(&bytes).expect("a member"), b"content");
        bytes[end] ^= 1;
        let error = content(&bytes).expect_err("another checksum");
        assert!(error.to_string().contains("the header of a gzip member"), "{error}");
    }

    #[test]
    fn content_is_compared_with_what_follows_it() {
        let whole = member(b"content");
        for at in whole.len() - 8..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            let error = content(&bytes).expect_err("another checksum or size");
            assert!(error.to_string().contains("its checksum or size"), "{error}");
        }
        for end in 1..whole.len() {
            let error = content(&whole[..end]).expect_err("there is more of it");
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        }
    }
}
