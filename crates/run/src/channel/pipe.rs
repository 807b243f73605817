//! The configuration document: one message through a pipe, then the pipe is closed.
//!
//! ```text
//! offset  bytes  meaning
//!      0      8  magic "VXCONFIG"
//!      8      2  major version, little-endian: a newer one is refused
//!     10      2  minor version: unknown fields of a newer one are ignored
//!     12      4  length of the JSON that follows, at most 1 MiB
//!     16      …  JSON
//! ```

use std::io::{self, Read};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{RecvTimeoutError, bounded};
use serde::Serialize;
use serde::de::DeserializeOwned;

use vx_base::system::process_limit::{ProcessLimit, start_error_text};
use vx_base::trouble::{Explain, TroubleKind};

const MAGIC: &[u8; 8] = b"VXCONFIG";
const MAJOR: u16 = 1;
const MINOR: u16 = 0;
const HEADER_BYTES: usize = 16;

/// A document's JSON text has at most this many bytes.
const MAX_DOCUMENT_BYTES: usize = 1024 * 1024;
/// A child waits this long for its document.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// Why a configuration could not be sent or received.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// No whole document arrived in time.
    #[error("no configuration arrived on standard input within {} s", .0.as_secs_f32())]
    Late(Duration),
    /// The pipe was closed before the first byte.
    #[error("standard input was closed without a configuration")]
    Closed,
    /// The pipe was closed in the middle.
    #[error("the configuration on standard input breaks off after {got} of {expected} bytes")]
    Half {
        /// Bytes received.
        got: usize,
        /// Bytes announced.
        expected: usize,
    },
    /// The bytes are not a configuration document.
    #[error("standard input holds no vx configuration")]
    Foreign,
    /// The sender uses a newer protocol.
    #[error("the configuration has format {found}, and this vx reads format {MAJOR}")]
    Newer {
        /// Its major version.
        found: u16,
    },
    /// Longer than allowed.
    #[error("the configuration is {bytes} bytes long; at most {MAX_DOCUMENT_BYTES} are allowed")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// The JSON lacks a field or has a wrong one. The text gives the place of the fault, never the content.
    #[error("the configuration cannot be understood: {0}")]
    Content(String),
    /// It is for another tool.
    #[error("the configuration is for `{found}`, and this process installs `{wanted}`")]
    OtherTool {
        /// The tool that the process was started for.
        wanted: String,
        /// The tool of the document.
        found: String,
    },
    /// No thread could be started to wait for it.
    #[error("cannot wait for the configuration on standard input: {}", start_error_text(.0))]
    Thread(io::Error),
    /// Reading failed.
    #[error("cannot read the configuration from standard input: {0}")]
    Read(#[from] io::Error),
}

impl Explain for ConfigError {
    fn kind(&self) -> TroubleKind {
        match self {
            Self::Thread(error) if ProcessLimit::reached(error).is_some() => TroubleKind::Limit,
            _ => TroubleKind::Internal,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Newer { .. } => "the vx that started this one is newer: use the same vx for both".into(),
            Self::Thread(error) => return ProcessLimit::reached(error).map(|limit| limit.hint()),
            Self::TooLong { .. } => "shorten the tool's options in vx.toml".into(),
            _ => "`--ipc-channel` is for `vx sync`; to install one tool by hand, leave it out".into(),
        })
    }
}

/// Encode this configuration as a document.
pub(super) fn encode(config: &impl Serialize) -> Result<Vec<u8>, ConfigError> {
    let json = serde_json::to_vec(config).map_err(|error| ConfigError::Content(error.to_string()))?;
    if json.len() > MAX_DOCUMENT_BYTES {
        return Err(ConfigError::TooLong { bytes: json.len() });
    }
    let mut document = Vec::with_capacity(HEADER_BYTES + json.len());
    document.extend_from_slice(MAGIC);
    document.extend_from_slice(&MAJOR.to_le_bytes());
    document.extend_from_slice(&MINOR.to_le_bytes());
    document.extend_from_slice(&(json.len() as u32).to_le_bytes());
    document.extend_from_slice(&json);
    Ok(document)
}

/// Receive the one document, waiting at most `patience`. It must be for `tool`; `tool_of` names a document's tool.
///
/// If nothing arrives, the reading thread is left behind: it ends with the process, which fails anyway.
pub(super) fn receive<T: DeserializeOwned + Send + 'static>(
    input: impl Read + Send + 'static,
    tool: &str,
    patience: Duration,
    tool_of: fn(&T) -> &str,
) -> Result<T, ConfigError> {
    let config = receive_any(input, patience)?;
    let found = tool_of(&config);
    if found != tool {
        return Err(ConfigError::OtherTool { wanted: tool.to_owned(), found: found.to_owned() });
    }
    Ok(config)
}

/// Receive the one document, whatever work it describes.
pub(super) fn receive_any<T: DeserializeOwned + Send + 'static>(
    input: impl Read + Send + 'static,
    patience: Duration,
) -> Result<T, ConfigError> {
    let (sender, receiver) = bounded(1);
    let wait = thread::Builder::new().name("configuration".into());
    wait.spawn(move || drop(sender.send(decode(input)))).map_err(ConfigError::Thread)?;
    match receiver.recv_timeout(patience) {
        Ok(decoded) => decoded,
        Err(RecvTimeoutError::Timeout) => Err(ConfigError::Late(patience)),
        Err(RecvTimeoutError::Disconnected) => Err(ConfigError::Closed),
    }
}

fn decode<T: DeserializeOwned>(mut input: impl Read) -> Result<T, ConfigError> {
    let header = read_up_to(&mut input, HEADER_BYTES)?;
    let Some((magic, rest)) = header.split_first_chunk::<8>() else { return Err(short(&header, HEADER_BYTES)) };
    if magic != MAGIC {
        return Err(ConfigError::Foreign);
    }
    let &[major_low, major_high, _, _, a, b, c, d] = rest else { return Err(short(&header, HEADER_BYTES)) };
    let major = u16::from_le_bytes([major_low, major_high]);
    if major > MAJOR {
        return Err(ConfigError::Newer { found: major });
    }
    let length = u32::from_le_bytes([a, b, c, d]) as usize;
    if length > MAX_DOCUMENT_BYTES {
        return Err(ConfigError::TooLong { bytes: length });
    }
    let json = read_up_to(&mut input, length)?;
    if json.len() < length {
        return Err(short(&json, length));
    }
    // The text of serde quotes values, and a value may be a credential: only kind and place are passed on.
    serde_json::from_slice(&json).map_err(|error| {
        let kind = format!("{:?}", error.classify()).to_lowercase();
        ConfigError::Content(format!("{kind} error at column {}", error.column()))
    })
}

fn short(got: &[u8], expected: usize) -> ConfigError {
    match got.len() {
        0 => ConfigError::Closed,
        got => ConfigError::Half { got, expected },
    }
}

fn read_up_to(input: &mut impl Read, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.take(length as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A configuration of few fields.
    #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    struct Small {
        tool: String,
        parts: Vec<u8>,
    }

    fn config() -> Small {
        Small { tool: "node".into(), parts: vec![1, 2] }
    }

    fn received(document: &[u8]) -> Result<Small, ConfigError> {
        receive(io::Cursor::new(document.to_vec()), "node", PATIENCE, |config: &Small| &config.tool)
    }

    #[test]
    fn a_document_arrives_as_it_was_sent() {
        let document = encode(&config()).expect("it is short");
        assert_eq!(received(&document).expect("it is whole"), config());
    }

    #[test]
    fn a_document_that_breaks_off_is_refused_at_every_byte() {
        let document = encode(&config()).expect("it is short");
        for length in 0..document.len() {
            match received(&document[..length]) {
                Err(ConfigError::Closed) => assert!(length == 0 || length == HEADER_BYTES, "{length}"),
                Err(ConfigError::Half { got, expected }) => assert!(got < expected),
                other => panic!("{length}: {other:?}"),
            }
        }
    }

    #[test]
    fn what_is_meant_for_another_tool_is_refused() {
        let document = encode(&config()).expect("it is short");
        let error = receive(io::Cursor::new(document), "deno", PATIENCE, |config: &Small| &config.tool);
        let error = error.expect_err("another tool");
        assert!(matches!(error, ConfigError::OtherTool { .. }), "{error}");
    }

    #[test]
    fn a_newer_format_is_refused_by_name() {
        let mut document = encode(&config()).expect("it is short");
        document[8] = 2;
        assert!(matches!(received(&document), Err(ConfigError::Newer { found: 2 })));
    }

    #[test]
    fn a_document_that_never_comes_is_given_up_on() {
        let (reader, _writer) = io::pipe().expect("a pipe");
        let patience = Duration::from_millis(50);
        let late = receive(reader, "node", patience, |config: &Small| &config.tool);
        assert!(matches!(late, Err(ConfigError::Late(_))));
    }

    #[test]
    fn an_error_quotes_no_value() {
        let json = br#"{"tool": 12345678, "parts": "planted"}"#;
        let mut document = b"VXCONFIG\x01\0\0\0".to_vec();
        document.extend_from_slice(&(json.len() as u32).to_le_bytes());
        document.extend_from_slice(json);
        let error = received(&document).expect_err("not a configuration").to_string();
        assert!(!error.contains("12345678") && !error.contains("planted"), "{error}");
    }

    proptest! {
        #[test]
        fn any_bytes_give_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..200), magic in any::<bool>()) {
            let mut document = if magic { b"VXCONFIG\x01\0\0\0".to_vec() } else { Vec::new() };
            document.extend_from_slice(&bytes);
            prop_assert!(decode::<Small>(io::Cursor::new(document)).is_err());
        }
    }
}
