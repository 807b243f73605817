//! The record that every transport of the benches carries: one install's progress.
#![allow(dead_code, reason = "each bench uses its own part of this")]

use std::io::{self, Write};

use serde::{Deserialize, Serialize};

/// Number of an install's step "downloading", which every report of the benches is in. The peers' package does not
/// depend on the vocabulary.
pub(crate) const DOWNLOADING: u8 = 3;
/// A total that no bench reaches.
pub(crate) const TOTAL: u64 = 268_435_456;
/// Message that travels with each record over a pipe, and is written once to a board.
pub(crate) const MESSAGE: &str = "downloading ripgrep-14.1.1-x86_64-unknown-linux-musl.tar.gz";

/// One install's progress as a message.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
pub(crate) struct Record<'a> {
    pub(crate) slot: u32,
    pub(crate) pid: u32,
    pub(crate) phase: u8,
    pub(crate) attempt: u8,
    pub(crate) done: u64,
    pub(crate) total: Option<u64>,
    #[serde(borrow)]
    pub(crate) key: &'a str,
    #[serde(borrow)]
    pub(crate) version: &'a str,
    #[serde(borrow)]
    pub(crate) message: &'a str,
}

impl Record<'static> {
    pub(crate) fn new(slot: u32, done: u64) -> Self {
        Self {
            slot,
            pid: 41_234,
            phase: DOWNLOADING,
            attempt: 1,
            done,
            total: Some(TOTAL),
            key: "ripgrep",
            version: "14.1.1",
            message: MESSAGE,
        }
    }
}

/// The encoding of a record on a pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    /// Its length in four bytes, then postcard.
    Postcard,
    /// A line of JSON.
    JsonLine,
}

impl Wire {
    /// Encode into `buffer` and write with one call.
    pub(crate) fn send(self, record: &Record<'_>, buffer: &mut Vec<u8>, pipe: &mut impl Write) -> io::Result<()> {
        buffer.clear();
        match self {
            Self::Postcard => {
                buffer.extend_from_slice(&[0; 4]);
                *buffer = postcard::to_extend(record, std::mem::take(buffer)).map_err(io::Error::other)?;
                let length = (buffer.len() - 4) as u32;
                buffer[..4].copy_from_slice(&length.to_le_bytes());
            }
            Self::JsonLine => {
                serde_json::to_writer(&mut *buffer, record)?;
                buffer.push(b'\n');
            }
        }
        pipe.write_all(buffer)
    }

    /// The first whole record of these bytes, and the number of bytes it took.
    pub(crate) fn decode(self, bytes: &[u8]) -> Option<(Record<'_>, usize)> {
        match self {
            Self::Postcard => {
                let (head, rest) = bytes.split_first_chunk::<4>()?;
                let body = rest.get(..u32::from_le_bytes(*head) as usize)?;
                Some((postcard::from_bytes(body).expect("what was sent"), 4 + body.len()))
            }
            Self::JsonLine => {
                let end = bytes.iter().position(|byte| *byte == b'\n')?;
                Some((serde_json::from_slice(&bytes[..end]).expect("what was sent"), end + 1))
            }
        }
    }
}

/// The median of some measurements.
pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
