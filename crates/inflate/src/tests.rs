use std::sync::LazyLock;

use flate2::{Compression, Decompress, FlushDecompress, Status};
use proptest::prelude::*;

use super::window::FULL;
use super::*;

/// A reader that returns at most this many bytes at a time.
struct Pieces<'a> {
    rest: &'a [u8],
    size: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Pieces<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        Ok(&self.rest[..self.size.min(self.rest.len())])
    }

    fn consume(&mut self, amount: usize) {
        self.rest = &self.rest[amount..];
    }
}

/// The decoded stream, and the input left after it.
fn inflated(stream: &[u8], piece_bytes: usize) -> io::Result<(Vec<u8>, &[u8])> {
    let mut inflater = Inflater::new();
    let mut input = Pieces { rest: stream, size: piece_bytes };
    let mut content = Vec::new();
    Inflated::new(&mut inflater, &mut input).read_to_end(&mut content)?;
    Ok((content, input.rest))
}

/// The stream decoded by another decoder, for comparison.
fn inflated_by_another(stream: &[u8]) -> Option<Vec<u8>> {
    let mut content = Vec::with_capacity(4 << 20);
    let result = Decompress::new(false).decompress_vec(stream, &mut content, FlushDecompress::Finish);
    matches!(result, Ok(Status::StreamEnd)).then_some(content)
}

fn deflated(content: &[u8], level: u32) -> Vec<u8> {
    let mut stream = Vec::new();
    let mut encoder = flate2::bufread::DeflateEncoder::new(content, Compression::new(level));
    encoder.read_to_end(&mut stream).expect("it can be deflated");
    stream
}

/// Random numbers, the same in each run.
fn numbers(seed: u32) -> impl Iterator<Item = u32> {
    std::iter::successors(Some(seed), |last| Some(last.wrapping_mul(1_664_525).wrapping_add(1_013_904_223)))
        .skip(1)
        .map(|number| number >> 8)
}

/// Contents that produce all kinds of blocks, codes and matches.
static CONTENTS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let noise = |count: usize| numbers(7).take(count).map(|number| number as u8).collect::<Vec<_>>();
    let words = ["the ", "board ", "slot ", "of ", "a ", "\n", "0123456789", "ab"];
    let text = numbers(3).take(200_000).flat_map(|number| words[number as usize % words.len()].bytes());
    let skewed = numbers(5).take(400_000).map(|number| (number % 251 * (number >> 9) % 251 % 40) as u8);
    let periods = (1..40).flat_map(|period| noise(period).into_iter().cycle().take(300));
    vec![
        Vec::new(),
        b"a".to_vec(),
        vec![0; 1_000_000],
        noise(3 * FULL),
        text.collect(),
        skewed.collect(),
        periods.collect(),
        // Matches at the largest distance, across the end of the window.
        noise(32 * 1024).into_iter().cycle().take(4 * FULL).collect(),
    ]
});

#[test]
fn inflating_returns_the_deflated_content_and_leaves_later_bytes() {
    for (nth, content) in CONTENTS.iter().enumerate() {
        let mut streams: Vec<_> = [0, 1, 6, 9].into_iter().map(|level| deflated(content, level)).collect();
        let mut best = libdeflater::Compressor::new(libdeflater::CompressionLvl::best());
        let mut stream = vec![0; best.deflate_compress_bound(content.len())];
        let count = best.deflate_compress(content, &mut stream).expect("there is room");
        stream.truncate(count);
        streams.push(stream);
        for (way, mut stream) in streams.into_iter().enumerate() {
            stream.extend(b"what follows");
            for piece_bytes in [3, 17, 4096, usize::MAX] {
                let (got, rest) = inflated(&stream, piece_bytes).expect("it is whole");
                assert!(got == *content, "content {nth}, way {way}, in pieces of {piece_bytes}");
                assert_eq!(rest, b"what follows", "content {nth}, way {way}, in pieces of {piece_bytes}");
            }
        }
    }
}

#[test]
fn pieces_have_the_wanted_size_as_long_as_there_is_enough() {
    for content in CONTENTS.iter() {
        let stream = deflated(content, 6);
        for piece_bytes in [17, 4096, usize::MAX] {
            let mut inflater = Inflater::new();
            let mut input = Pieces { rest: &stream, size: piece_bytes };
            let mut rest = &content[..];
            // Some sizes are below the number of bytes already decoded; `None` requests any number.
            for wanted in [1000, 262_144, 1, 262_144, 5, 200_000].map(Some).into_iter().chain([None]).cycle() {
                let piece = inflater.fill(&mut input, wanted).expect("a stream");
                let count = piece.len();
                assert!(piece == &rest[..count], "wanted {wanted:?}, {} left", rest.len());
                assert!(wanted.is_none_or(|wanted| count == wanted.min(rest.len())), "{count} of {wanted:?}");
                inflater.consume(count);
                rest = &rest[count..];
                if count == 0 {
                    break;
                }
            }
            assert!(rest.is_empty() && input.rest.is_empty());
        }
    }
}

#[test]
fn a_cut_stream_returns_the_bytes_it_has_and_then_an_error() {
    let stream = deflated(&CONTENTS[4], 6);
    let mut cut = &stream[..stream.len() / 2];
    let mut inflater = Inflater::new();
    let mut total = 0;
    let error = loop {
        match inflater.fill(&mut cut, Some(262_144)).map(<[u8]>::len) {
            Ok(count) => {
                inflater.consume(count);
                total += count;
            }
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    assert!(!total.is_multiple_of(262_144) && total > CONTENTS[4].len() / 3, "{total}");
}

#[test]
fn every_beginning_of_a_stream_is_too_short() {
    let content = &CONTENTS[5][..20_000];
    for level in [0, 6] {
        let stream = deflated(content, level);
        for end in 0..stream.len() {
            let error = inflated(&stream[..end], 1000).expect_err("there is more of it");
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{end} of {}", stream.len());
        }
    }
}

#[test]
fn a_decoder_that_failed_goes_on_failing_until_it_is_reset() {
    let mut inflater = Inflater::new();
    for _ in 0..3 {
        inflater.fill(&mut &[0b111][..], None).expect_err("no such block");
    }
    inflater.reset();
    assert_eq!(inflater.fill(&mut &deflated(b"well", 6)[..], None).expect("a stream"), b"well");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Damaged streams included: two decoders read the same streams with the same result.
    #[test]
    fn a_damaged_stream_has_the_same_result_as_with_another_decoder(
        which in 0..8_usize,
        level in 0..10_u32,
        count in 0..5000_usize,
        flips in prop::collection::vec((any::<prop::sample::Index>(), 0..8), 0..4),
        cut in any::<prop::sample::Index>(),
        piece_bytes in 1..600_usize,
    ) {
        let content = &CONTENTS[which];
        let mut stream = deflated(&content[..count.min(content.len())], level);
        for (at, bit) in flips {
            // Most changes are near the beginning, where the codes are.
            let at = at.index(stream.len()).min(at.index(200)).min(stream.len() - 1);
            stream[at] ^= 1_u8 << bit;
        }
        stream.truncate(stream.len() - cut.index(stream.len()) / 50);
        let got = inflated(&stream, piece_bytes);
        match inflated_by_another(&stream) {
            Some(expected) => prop_assert!(got.expect("it is a stream").0 == expected),
            None => prop_assert!(got.is_err(), "the other one refuses it"),
        }
    }

    /// Decoding ends, whatever the bytes are.
    #[test]
    fn random_bytes_have_the_same_result_as_with_another_decoder(
        head in prop::sample::select(vec![0b000_u8, 0b001, 0b010, 0b011, 0b100, 0b101]),
        mut stream in prop::collection::vec(any::<u8>(), 1..300),
        piece_bytes in 1..600_usize,
    ) {
        stream[0] = stream[0] & 0b1111_1000 | head;
        let got = inflated(&stream, piece_bytes).ok().map(|(content, _)| content);
        prop_assert!(got == inflated_by_another(&stream));
    }
}

/// A writer of a stream, bit by bit.
#[derive(Default)]
struct Writer {
    bytes: Vec<u8>,
    count: usize,
}

impl Writer {
    /// Numbers begin with their lowest bit.
    fn number(mut self, value: usize, bits: usize) -> Self {
        for bit in 0..bits {
            if self.count.is_multiple_of(8) {
                self.bytes.push(0);
            }
            *self.bytes.last_mut().expect("a byte") |= ((value >> bit & 1) as u8) << (self.count % 8);
            self.count += 1;
        }
        self
    }

    /// Codes begin with their highest bit.
    fn code(mut self, code: &str) -> Self {
        for bit in code.bytes() {
            self = self.number(usize::from(bit - b'0'), 1);
        }
        self
    }

    /// The last block, with its header, in which each code length takes four bits.
    fn codes(self, symbols: &[u8], distances: &[u8]) -> Self {
        let head = self.number(1, 1).number(2, 2);
        let mut writer = head.number(symbols.len() - 257, 5).number(distances.len() - 1, 5).number(15, 4);
        for symbol in [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15] {
            writer = writer.number(if symbol < 16 { 4 } else { 0 }, 3);
        }
        symbols.iter().chain(distances).fold(writer, |writer, length| writer.code(&format!("{length:04b}")))
    }
}

/// 'a' has the code 0, the end 10, and a match of length three 11.
fn symbols() -> Vec<u8> {
    let mut lengths = vec![0; 258];
    lengths[usize::from(b'a')] = 1;
    lengths[256] = 2;
    lengths[257] = 2;
    lengths
}

#[track_caller]
fn expect(writer: Writer, expected: Result<&[u8], Damage>) {
    let got = inflated(&writer.bytes, usize::MAX).map(|(content, _)| content);
    // Both loops give the same result.
    let mut long = writer.bytes.clone();
    long.extend([0; 64]);
    for got in [got, inflated(&long, usize::MAX).map(|(content, _)| content)] {
        match (got, expected) {
            (Ok(got), Ok(expected)) => assert_eq!(got, expected),
            (Err(error), Err(damage)) => assert_eq!(error.to_string(), damage.to_string()),
            (got, expected) => panic!("{got:?} where {expected:?} was expected"),
        }
    }
    assert_eq!(inflated_by_another(&writer.bytes).as_deref(), expected.ok());
}

#[test]
fn a_single_code_is_allowed_and_wrong_codes_are_not() {
    let ends = |writer: Writer| writer.code("0").code("10");
    // There is one distance, with a code of one bit; the other half has no meaning.
    let block = |distances: &[u8]| Writer::default().codes(&symbols(), distances);
    expect(block(&[1]).code("0").code("11").code("0").code("10"), Ok(b"aaaa"));
    expect(block(&[1]).code("0").code("11").number(!0, 32), Err(Damage::Symbol));
    // No distance is needed, so none may be defined.
    expect(ends(block(&[0])), Ok(b"a"));
    expect(block(&[0]).code("0").code("11").number(0, 32), Err(Damage::Symbol));
    // One code of two bits, and then two codes too many.
    expect(ends(block(&[2])), Err(Damage::Codes));
    expect(ends(block(&[1, 1, 1])), Err(Damage::Codes));
    // The end has no code.
    let mut endless = symbols();
    endless[256] = 0;
    expect(ends(Writer::default().codes(&endless, &[1])), Err(Damage::Codes));
    // Only the end has a code.
    let mut only = vec![0; 257];
    only[256] = 1;
    expect(Writer::default().codes(&only, &[0]).code("0"), Ok(b""));
    expect(Writer::default().codes(&only, &[0]).number(!0, 32), Err(Damage::Symbol));
}

#[test]
fn codes_of_all_lengths_are_found() {
    // There is one code of each length from 1 to 14, and two of 15, which use second tables.
    let mut lengths = vec![0; 257];
    for length in 1..15_u8 {
        lengths[usize::from(length)] = length;
    }
    lengths[15] = 15;
    lengths[256] = 15;
    let code = |length: usize| format!("{}0", "1".repeat(length - 1));
    let mut writer = Writer::default().codes(&lengths, &[0]);
    for length in (1..15).chain((1..15).rev()) {
        writer = writer.code(&code(length));
    }
    let expected: Vec<u8> = (1..15).chain((1..15).rev()).chain([15]).collect();
    expect(writer.code(&code(15)).code(&"1".repeat(15)), Ok(&expected));
}

#[test]
fn each_damage_is_named() {
    let fixed = || Writer::default().number(1, 1).number(1, 2);
    expect(Writer::default().number(1, 1).number(3, 2).number(0, 32), Err(Damage::Kind));
    expect(Writer::default().number(1, 8).number(5, 16).number(5, 16), Err(Damage::StoredSize));
    let counts = |symbols, distances| {
        Writer::default().number(1, 1).number(2, 2).number(symbols, 5).number(distances, 5).number(0, 64)
    };
    expect(counts(30, 0), Err(Damage::TooManyCodes));
    expect(counts(0, 30), Err(Damage::TooManyCodes));
    expect(counts(0, 0), Err(Damage::Codes));
    // A match of three at distance one, first without and then with a byte before it.
    expect(fixed().code("0000001").code("00000").code("0000000"), Err(Damage::Distance));
    expect(fixed().code("10010001").code("0000001").code("00000").code("0000000"), Ok(&[0x61; 4]));
    // These symbols are defined but reserved.
    expect(fixed().code("11000110").number(0, 32), Err(Damage::Symbol));
    expect(fixed().code("10010001").code("0000001").code("11110").number(0, 32), Err(Damage::Symbol));
}
