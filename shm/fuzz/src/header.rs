//! A header's facts: accepted only if every record of every slot is inside the board.

use bytemuck::Zeroable;
use vx_shm::layout::{FACT_WORDS, HeaderImage, LONGEST_BYTES, LayoutFault, MAX_SLOTS, Region};

/// Check a header. The bytes are the facts, then the length found (8 bytes); missing bytes are zeros.
pub fn header(bytes: &[u8]) {
    let mut words = [0_u64; FACT_WORDS + 1];
    let length = bytes.len().min(size_of_val(&words));
    bytemuck::bytes_of_mut(&mut words)[..length].copy_from_slice(&bytes[..length]);
    let facts = HeaderImage::from_words(words[..FACT_WORDS].try_into().unwrap_or_else(|_| Zeroable::zeroed()));
    let found = words[FACT_WORDS];
    for facts in [facts, facts.sealed()] {
        for found in [found, facts.length, facts.length.saturating_sub(1), u64::MAX] {
            match facts.check(found) {
                Ok(()) => believed(&facts, found),
                Err(fault) => is_one_line(&fault),
            }
        }
    }
}

fn believed(facts: &HeaderImage, found: u64) {
    assert!(facts.length <= found && facts.length <= LONGEST_BYTES && facts.length.is_multiple_of(8));
    assert!((1..=MAX_SLOTS).contains(&facts.slot_count));
    let inside = |region: Region, record: u64| {
        let last = u128::from(region.offset) + u128::from(region.stride) * u128::from(facts.slot_count - 1);
        region.offset >= 4096
            && region.offset.is_multiple_of(8)
            && region.stride.is_multiple_of(8)
            && u64::from(region.stride) >= record
            && last + u128::from(region.stride) <= u128::from(facts.length)
    };
    assert!(inside(facts.hot, 64) && inside(facts.beats, 8) && inside(facts.cold, 2048), "{facts:?}");
    assert!(facts.log.stride == 0 || inside(facts.log, 128), "{facts:?}");
    assert!(facts.bell.offset >= 4096 && u64::from(facts.bell.offset) + 4096 <= facts.length, "{facts:?}");
}

/// Check that a refusal is a single line of text, however many features it names.
fn is_one_line(fault: &LayoutFault) {
    let text = fault.to_string();
    assert!(text.len() < 1000 && !text.chars().any(char::is_control), "{text:?}");
}
