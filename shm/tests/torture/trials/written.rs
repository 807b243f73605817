//! Publications that show whether they are whole: what the writers of these trials write, and how readers check it.

use vx_shm::{Slot, SlotView};

/// The number of digits of a number in a text; higher digits are cut off.
const DIGITS: usize = 6;

/// A total that only the writer of this `done` in this generation would have published.
pub(super) fn total_for(done: u64, generation: u32) -> u64 {
    (done ^ u64::from(generation) << 40).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// Make publication number `at` of a life, from 1. Odd ones change the total, even ones `done`.
pub(super) fn publish(slot: &mut Slot, at: u64) {
    match at % 2 {
        1 => slot.set_total(Some(total_for(at + 1, slot.generation()))),
        _ => slot.publish(at),
    }
}

/// The number of the publication that has these numbers: 0 for those at the beginning of a life, `None` for a mixture
/// of two.
pub(super) fn publication(done: u64, total: Option<u64>, generation: u32) -> Option<u64> {
    match total {
        None => (done == 0).then_some(0),
        Some(total) if total == total_for(done, generation) => Some(done),
        Some(total) if total == total_for(done + 2, generation) => Some(done + 1),
        Some(_) => None,
    }
}

/// A message that fills its cell with one number, so that a mixture of two would show.
pub(super) fn message_for(number: u64) -> String {
    format!("{:0DIGITS$}", number % 10_u64.pow(DIGITS as u32)).repeat(12)
}

/// Details that fill their cell with one number.
pub(super) fn details_for(number: u64) -> String {
    format!("{:0DIGITS$}", number % 10_u64.pow(DIGITS as u32)).repeat(18)
}

/// A line of the log: the number, repeated so that there are lines of all lengths.
pub(super) fn line_for(number: u64) -> String {
    format!("{:0DIGITS$}", number % 10_u64.pow(DIGITS as u32)).repeat(1 + number as usize % 23)
}

/// An error that fills its cell.
pub(super) fn error_for(generation: u32) -> String {
    format!("{generation:0DIGITS$}").repeat(145)
}

/// The number that a text was made from; `None` if the text is a mixture, 0 if it is empty.
pub(super) fn number_in(text: &str, made: fn(u64) -> String) -> Option<u64> {
    if text.is_empty() {
        return Some(0);
    }
    let number = text.get(..DIGITS)?.parse().ok()?;
    (made(number) == text).then_some(number)
}

/// The newest of these lines of a log, 0 if there are none; `None` if one is a mixture or out of order.
pub(super) fn newest_line(lines: &[String]) -> Option<u64> {
    let numbers: Option<Vec<u64>> = lines.iter().map(|line| number_in(line, line_for)).collect();
    let numbers = numbers?;
    numbers.is_sorted_by(|one, next| one + 1 == *next).then(|| numbers.last().copied().unwrap_or(0))
}

/// The publication that a view of a slot shows. Fails with the whole view if it is a mixture.
pub(super) fn whole_publication(slot: &SlotView) -> u64 {
    publication(slot.done, slot.total, slot.generation)
        .unwrap_or_else(|| panic!("numbers of two publications: {slot:?}"))
}

/// The text that a view of a slot shows. Fails with the whole view if it is a mixture.
pub(super) fn whole_message(slot: &SlotView) -> u64 {
    number_in(&slot.message, message_for).unwrap_or_else(|| panic!("a mixed message: {slot:?}"))
}
