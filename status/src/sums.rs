//! The sums over a board in words: its state, how much is done, and how long it takes.

use vx_shm::BoardState;
use vx_text::units::{bytes, duration, rate, seconds};
use vx_text::width;

use crate::appearance::{Theme, Tone};
use crate::estimate::{TimeLeft, in_seconds};
use crate::totals::Totals;

/// The state of the board as a whole.
pub fn state(totals: &Totals) -> (&'static str, Tone) {
    match totals.state {
        _ if totals.orphaned => ("its parent is gone", Tone::Bad),
        Some(BoardState::Done) => ("done", Tone::Good),
        Some(BoardState::Failed) => ("failed", Tone::Bad),
        Some(BoardState::Cancelled) => ("cancelled", Tone::Warning),
        _ => ("running", Tone::Busy),
    }
}

/// The sums in one line: `7/12 · 1 failed · 120 MB of 445 MB · 34 MB/s · about 9 s left`. If they do not all fit, the
/// rate is left out first, then the bytes, then the time.
pub fn summary(theme: &Theme, totals: &Totals, columns: usize) -> String {
    const SHARE: u8 = 0;
    const TIME: u8 = 1;
    const BYTES: u8 = 2;
    const RATE: u8 = 3;
    let done = match totals.is_of_services() {
        true => format!("{} of {} ready", totals.ready, totals.services),
        false => format!("{}/{}", totals.good, totals.all),
    };
    let mut parts = vec![(SHARE, done)];
    if totals.failed > 0 {
        parts.push((SHARE, format!("{} failed", totals.failed)));
    }
    if totals.lost > 0 {
        parts.push((SHARE, format!("{} lost", totals.lost)));
    }
    if totals.asking > 0 {
        parts.push((SHARE, asking(totals.asking)));
    }
    match totals.total_bytes {
        Some(total) if total > totals.done_bytes => {
            parts.push((BYTES, format!("{} of {}", bytes(totals.done_bytes), bytes(total))))
        }
        _ if totals.done_bytes > 0 => parts.push((BYTES, bytes(totals.done_bytes))),
        _ => {}
    }
    parts.extend(totals.bytes_per_second.map(|per_second| (RATE, rate(per_second))));
    parts.extend(time(totals).map(|time| (TIME, time)));
    let joined = |least: u8| {
        let texts: Vec<&str> = parts.iter().filter(|part| part.0 <= least).map(|part| &*part.1).collect();
        texts.join(&format!(" {} ", theme.glyphs.dot))
    };
    [RATE, BYTES, TIME].map(joined).into_iter().find(|text| width(text) <= columns).unwrap_or_else(|| joined(SHARE))
}

/// The number of slots that wait for a person, in words.
pub fn asking(number: usize) -> String {
    if number == 1 { "1 waits for you".to_owned() } else { format!("{number} wait for you") }
}

/// The time left, or the time taken.
fn time(totals: &Totals) -> Option<String> {
    match totals.left {
        Some(left) => Some(time_left(left)),
        None if totals.over < totals.all => Some(format!("{} so far", seconds(totals.elapsed_ms))),
        None if totals.all > 0 && totals.orphaned => {
            Some(format!("last sign of life after {}", duration(totals.elapsed_ms)))
        }
        None if totals.all > 0 => Some(format!("in {}", duration(totals.elapsed_ms))),
        None => None,
    }
}

/// An estimate in words, with the number of runs behind it: `about 12 s left, 5 runs`.
pub fn time_left(left: TimeLeft) -> String {
    let about = format!("about {} left", seconds(in_seconds(left.ms)));
    match left.runs {
        0 => about,
        1 => format!("{about}, 1 run"),
        runs => format!("{about}, {runs} runs"),
    }
}
