//! The key of a tool's slot: the tool's name, or a shortened one if that is too long for a slot.

use std::borrow::Cow;

use vx_base::digest::Algorithm;

/// A slot's key has at most this many bytes.
const KEY_BYTES: usize = 46;
/// Digits of the digest in a shortened key.
const DIGITS: usize = 8;

/// Make the key of the slot for a tool or service of this name.
///
/// A name that is too long is cut at a character boundary, and digits of its digest follow: names with a common
/// beginning still have different keys.
pub fn slot_key(name: &str) -> Cow<'_, str> {
    if name.len() <= KEY_BYTES {
        return name.into();
    }
    let mut hasher = Algorithm::Sha256.hasher();
    hasher.update(name.as_bytes());
    let begin = &name[..name.floor_char_boundary(KEY_BYTES - DIGITS - 1)];
    format!("{begin}~{:.DIGITS$}", hasher.finish().hex()).into()
}

#[cfg(test)]
mod tests {
    use vx_shm::{Board, Kind};

    use super::*;

    #[test]
    fn a_name_that_fits_is_the_key() {
        let longest = "x".repeat(KEY_BYTES);
        for name in ["", "node", &longest] {
            assert_eq!(slot_key(name), name);
        }
    }

    #[test]
    fn long_names_that_begin_alike_have_keys_of_their_own_which_a_board_keeps_whole() {
        let directory = tempfile::Builder::new().prefix("vx").tempdir_in("/tmp").expect("a directory");
        let board = Board::create(&directory.path().join("x.board"), "keys", 64).expect("a board");
        let same = "a".repeat(80);
        let names = [format!("{same}1"), format!("{same}2"), "é".repeat(40), format!("a{}", "é".repeat(40))];
        for name in &names {
            board.reserve(&slot_key(name), "1.0.0", Kind::Install).expect("a slot of its own");
        }
        let snapshot = board.reader().expect("a reader").snapshot().expect("it reads");
        let keys: Vec<&str> = snapshot.slots.iter().map(|slot| slot.key.as_str()).collect();
        for (name, key) in names.iter().zip(&keys) {
            assert_eq!(slot_key(name), *key);
            assert!(key.len() <= KEY_BYTES, "{key}");
            let (begin, digits) = key.rsplit_once('~').expect("a shortened key");
            assert!(name.starts_with(begin) && digits.len() == DIGITS && begin.len() > 34, "{key}");
        }
    }
}
