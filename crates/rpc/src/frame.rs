//! Messages in a byte stream: header lines, an empty line, and as many bytes as the header announces.

use vx_text::escaped;

/// The largest request that is accepted, in bytes.
pub const REQUEST_BYTES: usize = 32 * 1024;
/// The longest header, in bytes; usual ones are two short lines.
const HEADER_BYTES: usize = 1024;
const END_OF_HEADER: &[u8] = b"\r\n\r\n";

/// Why bytes are not a message. It is then unknown where the next message would begin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The header does not end.
    #[error("a header of more than {HEADER_BYTES} bytes")]
    LongHeader,
    /// The header does not consist of lines `Name: value`.
    #[error("a header that is not made of lines `Name: value`")]
    BadHeader,
    /// The header does not give the length.
    #[error("a header without a `Content-Length`")]
    NoLength,
    /// The message is too long.
    #[error("a message of {announced} bytes, where {most} are accepted")]
    TooLong {
        /// The length in the header.
        announced: u64,
        /// The longest one that is accepted.
        most: usize,
    },
}

/// Takes bytes as they arrive, and returns the messages in them.
#[derive(Debug)]
pub struct RpcFrameDecoder {
    bytes: Vec<u8>,
    most: usize,
}

impl RpcFrameDecoder {
    /// A decoder without bytes, which accepts messages of up to `most` bytes.
    pub const fn accepting(most: usize) -> Self {
        Self { bytes: Vec::new(), most }
    }

    /// Add bytes that have arrived.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Returns whether no part of a message is stored.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The next complete message; `None` until more bytes have arrived.
    ///
    /// # Errors
    /// The bytes are not a message of an accepted length.
    pub fn next_message(&mut self) -> Result<Option<Vec<u8>>, FrameError> {
        let window = &self.bytes[..self.bytes.len().min(HEADER_BYTES)];
        let Some(end) = window.windows(END_OF_HEADER.len()).position(|four| four == END_OF_HEADER) else {
            return if self.bytes.len() < HEADER_BYTES { Ok(None) } else { Err(FrameError::LongHeader) };
        };
        let announced = length(&self.bytes[..end])?;
        let length = usize::try_from(announced).ok().filter(|length| *length <= self.most);
        let length = length.ok_or(FrameError::TooLong { announced, most: self.most })?;
        let begin = end + END_OF_HEADER.len();
        if self.bytes.len() < begin + length {
            return Ok(None);
        }
        let rest = self.bytes.split_off(begin + length);
        let mut message = std::mem::replace(&mut self.bytes, rest);
        message.drain(..begin);
        Ok(Some(message))
    }
}

/// The length that these header lines announce.
fn length(header: &[u8]) -> Result<u64, FrameError> {
    let header = std::str::from_utf8(header).map_err(|_| FrameError::BadHeader)?;
    let mut found = None;
    for line in header.split("\r\n") {
        let (name, value) = line.split_once(':').ok_or(FrameError::BadHeader)?;
        if name.eq_ignore_ascii_case("Content-Length") {
            let value = value.trim();
            let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
            // If the digits overflow, the length is beyond every bound.
            found = Some(if digits { value.parse().unwrap_or(u64::MAX) } else { return Err(FrameError::BadHeader) });
        }
    }
    found.ok_or(FrameError::NoLength)
}

/// Adds the header to a JSON message. Characters that could control a terminal are escaped, which leaves the strings'
/// meaning unchanged.
pub fn framed(message: &str) -> Vec<u8> {
    let message = escaped(message);
    let mut bytes = format!("Content-Length: {}\r\n\r\n", message.len()).into_bytes();
    bytes.extend_from_slice(message.as_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fed(bytes: &[u8], piece: usize) -> (Vec<String>, Option<FrameError>) {
        let (mut frames, mut found) = (RpcFrameDecoder::accepting(64), Vec::new());
        for piece in bytes.chunks(piece) {
            frames.push(piece);
            loop {
                match frames.next_message() {
                    Ok(Some(message)) => found.push(String::from_utf8(message).expect("text")),
                    Ok(None) => break,
                    Err(error) => return (found, Some(error)),
                }
            }
        }
        (found, None)
    }

    #[test]
    fn messages_are_the_same_in_pieces_of_every_length() {
        let mut bytes = framed("one");
        bytes.extend(b"content-length:0\r\nContent-Type: x; charset=utf-8\r\n\r\n");
        bytes.extend(framed("zwölf"));
        for piece in 1..=bytes.len() {
            assert_eq!(fed(&bytes, piece), (vec!["one".into(), String::new(), "zwölf".into()], None), "{piece}");
        }
    }

    #[test]
    fn what_is_no_message_is_refused_before_it_is_kept() {
        let header = |line: &str| format!("{line}\r\n\r\n").into_bytes();
        for (bytes, error) in [
            (header("Content-Length: 10000000000"), FrameError::TooLong { announced: 10_000_000_000, most: 64 }),
            (
                header(&format!("Content-Length: {}", "9".repeat(40))),
                FrameError::TooLong { announced: u64::MAX, most: 64 },
            ),
            (header("Content-Length: 65"), FrameError::TooLong { announced: 65, most: 64 }),
            (header("Content-Length: -1"), FrameError::BadHeader),
            (header("Content-Length: "), FrameError::BadHeader),
            (header("Content-Type: x"), FrameError::NoLength),
            (b"\r\n\r\n".to_vec(), FrameError::BadHeader),
            (header("\u{fffd}"), FrameError::BadHeader),
            (vec![b'x'; HEADER_BYTES], FrameError::LongHeader),
        ] {
            for piece in [1, bytes.len()] {
                assert_eq!(fed(&bytes, piece), (Vec::new(), Some(error.clone())), "{piece}");
            }
        }
    }
}
