//! The first 64 bytes: the identity of the recorded board, and the time at which its clock began.

use super::fault::RecordingFault;
use crate::layout::MAX_SLOTS;
use crate::view::{BoardView, Creator};

pub(super) const HEADER_BYTES: usize = 64;
pub(super) const MAGIC: &[u8; 8] = b"vx-recrd";
/// Another major version cannot be read. A higher minor version can be, up to the first frame with a new field.
const MAJOR: u32 = 2;
const MINOR: u32 = 1;

/// Encode the header of a recording of this board.
pub(super) fn encode(board: &BoardView) -> [u8; HEADER_BYTES] {
    let mut bytes = [0; HEADER_BYTES];
    bytes[..8].copy_from_slice(MAGIC);
    bytes[8..12].copy_from_slice(&MAJOR.to_le_bytes());
    bytes[12..16].copy_from_slice(&MINOR.to_le_bytes());
    bytes[16..32].copy_from_slice(&u128::from_str_radix(&board.id, 16).unwrap_or_default().to_be_bytes());
    bytes[32..40].copy_from_slice(&board.created_unix_ns.to_le_bytes());
    bytes[40..48].copy_from_slice(&board.created_at_ns.to_le_bytes());
    bytes[48..52].copy_from_slice(&board.creator.pid.to_le_bytes());
    bytes[52..56].copy_from_slice(&board.capacity.to_le_bytes());
    let sum = crc32fast::hash(&bytes[..56]);
    bytes[56..60].copy_from_slice(&sum.to_le_bytes());
    bytes
}

/// Decode the board as far as the header describes it.
pub(super) fn decode(bytes: &[u8]) -> Result<BoardView, RecordingFault> {
    if !bytes.starts_with(MAGIC) {
        return Err(RecordingFault::NotARecording);
    }
    let header = bytes.first_chunk::<HEADER_BYTES>().ok_or(RecordingFault::Damaged)?;
    let word = |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    let long = |at: usize| u64::from(word(at)) | u64::from(word(at + 4)) << 32;
    if word(56) != crc32fast::hash(&header[..56]) {
        return Err(RecordingFault::Damaged);
    }
    if word(8) != MAJOR {
        return Err(RecordingFault::OtherVersion { found: word(8), known: MAJOR });
    }
    let capacity = word(52);
    if capacity > MAX_SLOTS {
        return Err(RecordingFault::Damaged);
    }
    Ok(BoardView {
        id: header[16..32].iter().map(|byte| format!("{byte:02x}")).collect(),
        created_unix_ns: long(32).cast_signed(),
        created_at_ns: long(40),
        creator: Creator { pid: word(48), alive: None },
        capacity,
        ..BoardView::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_says_what_was_written_and_any_flipped_bit_is_noticed() {
        let board = BoardView {
            id: "00ff00000000000000000000000000a1".into(),
            created_unix_ns: -5,
            created_at_ns: u64::MAX,
            creator: Creator { pid: 7, alive: None },
            capacity: 64,
            ..BoardView::default()
        };
        let bytes = encode(&board);
        assert_eq!(decode(&bytes).unwrap(), board);
        for bit in 0..60 * 8 {
            let mut flipped = bytes;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(decode(&flipped).is_err(), "bit {bit}");
        }
    }
}
