//! Zstandard: all frames in sequence, as one stream; frames without content are skipped.

use std::io::{self, BufRead, BufReader, Read};

use ruzstd::decoding::BlockDecodingStrategy::UptoBlocks;
use ruzstd::decoding::FrameDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};

use super::{BUFFER_BYTES, Pieced};

/// Largest window of a frame, which is held in memory: the limit of `zstd` without options.
const WINDOW_BYTES: u64 = 128 << 20;

/// Make a reader of the decoded content of these bytes.
pub(super) fn decoder(bytes: impl BufRead) -> impl Pieced {
    BufReader::with_capacity(BUFFER_BYTES, ZstdFrames { bytes, frame: None, spare: None })
}

struct ZstdFrames<R> {
    bytes: R,
    /// The frame being read.
    frame: Option<FrameDecoder>,
    /// Decoder of the previous frame, kept for its buffers.
    spare: Option<FrameDecoder>,
}

impl<R: BufRead> ZstdFrames<R> {
    /// Start the next frame. Returns `false` at the end.
    fn next_frame(&mut self) -> io::Result<bool> {
        while !self.bytes.fill_buf()?.is_empty() {
            let mut decoder = self.spare.take().unwrap_or_else(|| {
                let mut decoder = FrameDecoder::new();
                decoder.set_max_window_size(WINDOW_BYTES);
                decoder
            });
            match decoder.reset(&mut self.bytes) {
                Ok(()) => {
                    self.frame = Some(decoder);
                    return Ok(true);
                }
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                    let length = u64::from(length);
                    if io::copy(&mut self.bytes.by_ref().take(length), &mut io::sink())? < length {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(error) => return Err(io::Error::new(io::ErrorKind::InvalidData, error)),
            }
        }
        Ok(false)
    }
}

impl<R: BufRead> Read for ZstdFrames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let Some(frame) = &mut self.frame else {
                if self.next_frame()? {
                    continue;
                }
                return Ok(0);
            };
            if frame.can_collect() == 0 && !frame.is_finished() {
                let decoded = frame.decode_blocks(&mut self.bytes, UptoBlocks(1));
                decoded.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
                continue;
            }
            match frame.read(buffer)? {
                0 if frame.is_finished() => {
                    let sums = (frame.get_checksum_from_data(), frame.get_calculated_checksum());
                    if matches!(sums, (Some(stored), Some(calculated)) if stored != calculated) {
                        return Err(io::Error::new(io::ErrorKind::InvalidData, "a frame does not match its checksum"));
                    }
                    self.spare = self.frame.take();
                }
                0 if buffer.is_empty() => return Ok(0),
                0 => {}
                count => return Ok(count),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::*;

    fn read(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        ZstdFrames { bytes, frame: None, spare: None }.read_to_end(&mut content)?;
        Ok(content)
    }

    /// Make a frame for other programs, as `pzstd` writes it.
    fn skippable(length: u32) -> Vec<u8> {
        [&0x184d_2a50_u32.to_le_bytes()[..], &length.to_le_bytes(), &vec![7; length as usize]].concat()
    }

    #[test]
    fn frames_follow_each_other_and_those_without_content_are_passed_over() {
        let (first, second) = (vec![1; 300_000], vec![2; 1000]);
        let pack = |bytes: &[u8]| compress_to_vec(bytes, CompressionLevel::Fastest);
        let bytes = [skippable(5), pack(&first), skippable(0), pack(&[]), pack(&second), skippable(9)].concat();
        assert_eq!(read(&bytes).expect("it reads"), [first, second].concat());
        assert!(read(&[]).expect("nothing is nothing").is_empty());
    }

    #[test]
    fn a_stream_cut_short_or_followed_by_other_bytes_is_an_error() {
        let whole = compress_to_vec(&[9u8; 5000][..], CompressionLevel::Fastest);
        for end in 1..whole.len() {
            read(&whole[..end]).expect_err("it is cut short");
        }
        let bytes = [&whole[..], b"something else"].concat();
        read(&bytes).expect_err("no frame begins so");
        let cut = [whole, skippable(100)[..50].to_vec()].concat();
        read(&cut).expect_err("it is cut short");
    }
}
