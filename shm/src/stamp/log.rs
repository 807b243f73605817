//! The log ring of a slot: the last lines of its output, whole lines only, readable at any instant.
//!
//! One process appends; readers copy and then check which of the copied bytes may have been overwritten meanwhile.

use crate::atomics::{AtomicU64, Mutant, Ordering, broken, fence_unless, in_order, unless};
use crate::layout::LogCounters;

/// A log ring's content at one instant, oldest byte first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogWindow {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Whether they begin with the first byte that this life of the slot wrote; otherwise the first line may be
    /// partial.
    pub from_start: bool,
}

/// Begin an empty log for a new life of the slot. Counters are never set back; only the start moves.
pub fn begin_log(counters: &LogCounters) {
    // A writer killed between announcing and committing a line leaves meaningless bytes between the two counters.
    let at = counters.reserved.load(Ordering::Relaxed).max(counters.committed.load(Ordering::Relaxed));
    let start = || {
        counters.start.store(at, Ordering::Relaxed);
        counters.reserved.store(at, Ordering::Relaxed);
    };
    // Pairs with the first fence in `read_log`: a reader whose `committed` covers those bytes has the new start.
    let commit = || counters.committed.store(at, unless(Mutant::RelaxedCommit, Ordering::Release));
    in_order(Mutant::LateStart, start, commit);
}

/// Leave a log alone while the slot's reservation is claimed: its writer began it with the reservation, and may be
/// appending.
pub fn keep_log(counters: Option<&LogCounters>) {
    if let Some(counters) = counters.filter(|_| broken(Mutant::ClaimBeginsLog)) {
        begin_log(counters);
    }
}

/// Append bytes and, if given, the byte that ends the line, at once: a reader sees all of them or none. If they are
/// more than the ring holds, only their end is kept. Only the one writer may call this.
pub fn append_log(counters: &LogCounters, ring: &[AtomicU64], bytes: &[u8], line_end: Option<u8>) {
    let size = (ring.len() * 8) as u64;
    let room = size as usize - usize::from(line_end.is_some());
    let kept = &bytes[bytes.len().saturating_sub(room)..];
    let begin = counters.committed.load(Ordering::Relaxed);
    let end = begin.wrapping_add(kept.len() as u64 + u64::from(line_end.is_some()));
    // A writer that was killed may have announced more than this, and stored it: those bytes stay announced.
    let before = if broken(Mutant::ReservedBack) { 0 } else { counters.reserved.load(Ordering::Relaxed) };
    // An announcement more than a ring's length ahead is forged, and replaced.
    let announced = if before.wrapping_sub(end) <= size { before } else { end };
    let reserve = || {
        counters.reserved.store(announced, Ordering::Relaxed);
        // Bytes about to be overwritten are announced before the first of them is: pairs with the fence after the copy
        // in `read_log`.
        fence_unless(Mutant::NoLogFence, Ordering::Release);
    };
    in_order(Mutant::NoLogReserve, reserve, || store_bytes(ring, begin % size, kept, line_end));
    // Pairs with the first fence in `read_log`.
    counters.committed.store(end, unless(Mutant::RelaxedCommit, Ordering::Release));
}

/// Read the ring's content. Any words give some window, of at most a ring's length. Stores nothing.
pub fn read_log(counters: &LogCounters, ring: &[AtomicU64]) -> LogWindow {
    let size = (ring.len() * 8) as u64;
    let end = counters.committed.load(Ordering::Relaxed);
    fence_unless(Mutant::NoLogFirstFence, Ordering::Acquire);
    // A start beyond the end is that of a log begun since, or a forged one: the window is then empty.
    let start = counters.start.load(Ordering::Relaxed);
    let begin = end.saturating_sub(size).max(start).min(end);
    let copied = load_bytes(ring, begin % size, (end - begin) as usize);
    fence_unless(Mutant::NoLogCopyFence, Ordering::Acquire);
    let safe_from = counters.reserved.load(Ordering::Relaxed).saturating_sub(size);
    let overwritten = safe_from.saturating_sub(begin).min(copied.len() as u64) as usize;
    LogWindow { bytes: copied[overwritten..].to_vec(), from_start: begin == start && overwritten == 0 }
}

/// Store bytes, and then `last`, from this place on and around the ring's end, a word at a time.
fn store_bytes(ring: &[AtomicU64], from: u64, bytes: &[u8], last: Option<u8>) {
    let (word, within) = ((from / 8) as usize, (from % 8) as usize);
    let (head, whole) = bytes.split_at(bytes.len().min((8 - within) % 8));
    let mut words = &ring[word..];
    if !head.is_empty() {
        let part = bytes.first_chunk().map_or_else(|| part_of(head), |first| u64::from_le_bytes(*first));
        store_part(&words[0], within, part, head.len());
        words = &words[1..];
    }
    let (chunks, tail) = whole.as_chunks();
    let (before, behind) = chunks.split_at(chunks.len().min(words.len()));
    store_words(words, before);
    store_words(ring, behind);
    let count = tail.len() + usize::from(last.is_some());
    if count > 0 {
        // Without a tail, `last` may come right after a head that does not fill its word.
        let at = word * 8 + within + bytes.len() - tail.len();
        let at = if at < ring.len() * 8 { at } else { at - ring.len() * 8 };
        let part = match whole.last_chunk() {
            Some(end) => u64::from_le_bytes(*end).checked_shr(64 - tail.len() as u32 * 8).unwrap_or(0),
            None => part_of(tail),
        };
        let part = part | u64::from(last.unwrap_or(0)) << (tail.len() * 8);
        store_part(&ring[at / 8], at % 8, part, count);
    }
}

fn store_words(words: &[AtomicU64], chunks: &[[u8; 8]]) {
    for (word, chunk) in words.iter().zip(chunks) {
        word.store(u64::from_le_bytes(*chunk), Ordering::Relaxed);
    }
}

/// Store the first `count` bytes of `part`, from one to a whole word; the rest of the word stays as it was.
fn store_part(word: &AtomicU64, within: usize, part: u64, count: usize) {
    let (shift, mask) = (within * 8, u64::MAX >> (64 - count * 8));
    let held = word.load(Ordering::Relaxed) & !(mask << shift);
    word.store(held | (part & mask) << shift, Ordering::Relaxed);
}

/// Fewer bytes than a word has, as the word's low bytes.
fn part_of(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |part, byte| part << 8 | u64::from(*byte))
}

/// `count` bytes from this place on and around the ring's end; at most a ring's length.
fn load_bytes(ring: &[AtomicU64], from: u64, count: usize) -> Vec<u8> {
    let first = (from / 8) as usize;
    let words = (from as usize % 8 + count).div_ceil(8);
    // A window that begins inside a word ends in that word: it is loaded twice, once for each end.
    let loaded = (0..words).map(|at| ring[(first + at) % ring.len()].load(Ordering::Relaxed).to_le_bytes());
    loaded.flatten().skip(from as usize % 8).take(count).collect()
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn ring(words: usize) -> (LogCounters, Vec<AtomicU64>) {
        (LogCounters::default(), (0..words).map(|_| AtomicU64::new(0)).collect())
    }

    #[test]
    fn the_ring_keeps_the_newest_bytes_and_reports_if_it_lost_any() {
        let (counters, ring) = ring(2);
        append_log(&counters, &ring, b"0123456789", None);
        assert_eq!(read_log(&counters, &ring), LogWindow { bytes: b"0123456789".to_vec(), from_start: true });
        append_log(&counters, &ring, b"abcdefgh", None);
        assert_eq!(read_log(&counters, &ring), LogWindow { bytes: b"23456789abcdefgh".to_vec(), from_start: false });
    }

    #[test]
    fn bytes_of_any_length_from_any_place_are_those_that_were_appended() {
        for (first, second) in (0..=17).flat_map(|first| (0..=17).map(move |second| (first, second))) {
            for line_end in [None, Some(b'\n')] {
                let (counters, ring) = ring(2);
                let mut bytes: Vec<u8> = (b'A'..).take(first + second).collect();
                append_log(&counters, &ring, &bytes[..first], None);
                append_log(&counters, &ring, &bytes[first..], line_end);
                bytes.extend(line_end);
                let kept = &bytes[bytes.len().saturating_sub(16)..];
                assert_eq!(read_log(&counters, &ring).bytes, kept, "{first} and {second} bytes, {line_end:?}");
            }
        }
    }

    #[test]
    fn more_than_a_ring_leaves_its_end() {
        let (counters, ring) = ring(1);
        append_log(&counters, &ring, b"0123456789", None);
        assert_eq!(read_log(&counters, &ring).bytes, b"23456789");
    }

    #[test]
    fn bytes_that_a_killed_writer_announced_stay_announced() {
        let (counters, ring) = ring(1);
        append_log(&counters, &ring, b"aaaabbb\n", None);
        counters.reserved.store(10, Ordering::Relaxed);
        ring[0].store(u64::from_le_bytes(*b"xyaabbb\n"), Ordering::Relaxed);
        append_log(&counters, &ring, b"n", None);
        assert_eq!(read_log(&counters, &ring).bytes, b"aabbb\nn");
        append_log(&counters, &ring, b"ext", None);
        assert_eq!(
            (counters.reserved.load(Ordering::Relaxed), read_log(&counters, &ring).bytes),
            (12, b"bbb\nnext".to_vec())
        );
    }

    #[test]
    fn a_new_generation_begins_empty_even_where_the_last_writer_was_killed_in_the_middle() {
        let (counters, ring) = ring(2);
        append_log(&counters, &ring, b"old", None);
        counters.reserved.store(9, Ordering::Relaxed);
        begin_log(&counters);
        assert_eq!(read_log(&counters, &ring).bytes, b"");
        append_log(&counters, &ring, b"new", None);
        assert_eq!(read_log(&counters, &ring), LogWindow { bytes: b"new".to_vec(), from_start: true });
    }

    #[test]
    fn forged_counters_give_some_window_and_never_a_panic() {
        let (counters, ring) = ring(2);
        for forged in [[u64::MAX; 3], [0, u64::MAX, 0], [u64::MAX, 5, u64::MAX], [3, u64::MAX, u64::MAX - 1]] {
            counters.reserved.store(forged[0], Ordering::Relaxed);
            counters.committed.store(forged[1], Ordering::Relaxed);
            counters.start.store(forged[2], Ordering::Relaxed);
            assert!(read_log(&counters, &ring).bytes.len() <= 16);
            append_log(&counters, &ring, b"x", None);
            begin_log(&counters);
        }
    }
}
