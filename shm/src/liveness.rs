//! The writer behind a slot: alive, stalled, silent or lost.
//!
//! There are two kinds of evidence. The lock on the slot's byte: the system frees it when the writer is gone, for any
//! cause, and while it is held the writer lives. And, where locks cannot be tested, the process id with start time,
//! boot and namespaces. A heartbeat is a hint for people and never a reason to take a slot away.
//!
//! A slot that is written on behalf of a shell script, each of whose reports is a separate program, has only the second
//! kind: between two reports no process holds the lock or beats.

pub(crate) mod beats;
pub(crate) mod clock;
pub(crate) mod contained;
#[cfg(feature = "read")]
pub(crate) mod end;
pub(crate) mod process;

use crate::layout::BEAT_UNIT_NS;
use crate::view::Liveness;

/// A writer that holds its slot but has not beaten for this long is silent. It beats 4 times a second; if its record
/// has a longer interval, it is silent after six of them.
pub const SILENT_AFTER_MS: u64 = 1_500;
/// A writer that beats but whose numbers have not moved for this long is stalled.
pub const STALLED_AFTER_MS: u64 = 5_000;
/// Quiet times are rounded down to multiples of this, so that they change a reading once a second and not at every
/// look.
const STEP_MS: u64 = 1_000;

/// A slot's beat word: when its writer last beat, and when it last saw the numbers move.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Beat {
    /// In units of 10 ms since the board's creation.
    pub(crate) beaten: u32,
    /// In the same units.
    pub(crate) moved: u32,
}

impl Beat {
    pub(crate) const fn word(self) -> u64 {
        (self.moved as u64) << 32 | self.beaten as u64
    }

    /// When its writer last beat, in nanoseconds, on the clock of the board's creation; `None` if it never
    /// beat.
    pub(crate) fn beaten_at_ns(self, created_at_ns: u64) -> Option<u64> {
        (self.beaten > 0).then(|| created_at_ns.saturating_add(u64::from(self.beaten) * BEAT_UNIT_NS))
    }

    pub(crate) const fn from_word(word: u64) -> Self {
        Self { beaten: word as u32, moved: (word >> 32) as u32 }
    }
}

/// A moment in the units of a beat word.
pub(crate) fn beat_units(now_ns: u64, created_at_ns: u64) -> u32 {
    u32::try_from(now_ns.saturating_sub(created_at_ns) / BEAT_UNIT_NS).unwrap_or(u32::MAX)
}

/// What is known about the writer of a slot that has not ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Evidence {
    /// Whether a process holds the slot's byte; `None` if that cannot be known.
    pub(crate) lock_held: Option<bool>,
    /// Whether exactly the process of the slot's identity runs; `None` if that cannot be known or was not examined.
    pub(crate) process_runs: Option<bool>,
    /// Whether a process that would record the slot's end still runs.
    pub(crate) judge_alive: Option<bool>,
    /// Whether a writer has claimed the slot.
    pub(crate) claimed: bool,
    /// Whether its process is the only evidence, because the slot is written on that process's behalf.
    pub(crate) on_behalf: bool,
    /// Time between two of its beats; 0 if the record does not have it.
    pub(crate) beat_interval_ms: u32,
    /// Its beat word.
    pub(crate) beat: Beat,
    /// Now, in the units of the beat word; `None` if the writer's clock is not this process's, as in another time
    /// namespace: then the time since a beat is unknown.
    pub(crate) now: Option<u32>,
}

impl Evidence {
    /// Time since the last beat, in milliseconds.
    pub(crate) fn quiet_ms(&self) -> u64 {
        self.since_ms(self.beat.beaten)
    }

    fn since_ms(&self, then: u32) -> u64 {
        self.now.map_or(0, |now| units_to_ms(now.saturating_sub(then)))
    }

    /// Whether the writer has beaten within this time. A beat further in the future than that comes from another clock
    /// and does not count.
    pub(crate) fn beat_within_ms(&self, longest_ms: u64) -> bool {
        self.now.is_some_and(|now| units_to_ms(now.abs_diff(self.beat.beaten)) < longest_ms)
    }

    /// A writer is silent after this time: six of its beats, and at least [`SILENT_AFTER_MS`].
    pub(crate) fn silent_after_ms(&self) -> u64 {
        (6 * u64::from(self.beat_interval_ms)).max(SILENT_AFTER_MS)
    }

    /// Judge the writer's liveness by this evidence.
    pub(crate) fn verdict(&self) -> Liveness {
        if !self.claimed {
            return if self.judge_alive == Some(false) { Liveness::Lost } else { Liveness::Unknown };
        }
        if self.on_behalf {
            return match self.process_runs {
                Some(true) => Liveness::Alive,
                Some(false) => Liveness::Lost,
                None => Liveness::Unknown,
            };
        }
        // A held lock proves life, whatever is known of the process: its number and start time may be those of another
        // namespace, or of another machine that shares the directory.
        let gone = match self.lock_held {
            Some(held) => !held,
            None => self.process_runs == Some(false),
        };
        if gone && self.judge_alive != Some(true) {
            return Liveness::Lost;
        }
        if !gone && self.lock_held.is_none() && self.process_runs.is_none() {
            return Liveness::Unknown;
        }
        let quiet_ms = self.quiet_ms();
        let still_ms = self.since_ms(self.beat.moved);
        match () {
            () if gone || quiet_ms >= self.silent_after_ms() => Liveness::Silent(quiet_ms / STEP_MS * STEP_MS),
            () if still_ms >= STALLED_AFTER_MS => Liveness::Stalled(still_ms / STEP_MS * STEP_MS),
            () => Liveness::Alive,
        }
    }
}

fn units_to_ms(units: u32) -> u64 {
    u64::from(units) * (BEAT_UNIT_NS / 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u32 = 10_000;

    fn healthy() -> Evidence {
        let beat = Beat { beaten: NOW - 20, moved: NOW - 30 };
        Evidence {
            lock_held: Some(true),
            process_runs: None,
            judge_alive: Some(true),
            claimed: true,
            on_behalf: false,
            beat_interval_ms: 0,
            beat,
            now: Some(NOW),
        }
    }

    #[test]
    fn a_writer_that_holds_beats_and_moves_is_alive_without_its_creator() {
        assert_eq!(healthy().verdict(), Liveness::Alive);
        assert_eq!(Evidence { judge_alive: Some(false), ..healthy() }.verdict(), Liveness::Alive);
    }

    #[test]
    fn beating_without_moving_is_stalled_and_not_beating_is_silent() {
        let stalled = Evidence { beat: Beat { beaten: NOW, moved: NOW - 740 }, ..healthy() };
        assert_eq!(stalled.verdict(), Liveness::Stalled(7_000));
        let silent = Evidence { beat: Beat { beaten: NOW - 210, moved: NOW - 740 }, ..healthy() };
        assert_eq!(silent.verdict(), Liveness::Silent(2_000));
    }

    #[test]
    fn a_writer_of_another_clock_is_alive_while_it_holds_its_slot_and_lost_after_that() {
        for beat in [Beat { beaten: 1, moved: 1 }, Beat { beaten: u32::MAX, moved: u32::MAX }] {
            let elsewhere = Evidence { beat, now: None, ..healthy() };
            assert_eq!((elsewhere.verdict(), elsewhere.beat_within_ms(400)), (Liveness::Alive, false));
            let gone = Evidence { lock_held: Some(false), judge_alive: None, ..elsewhere };
            assert_eq!(gone.verdict(), Liveness::Lost);
        }
    }

    #[test]
    fn only_a_beat_of_about_now_is_a_fresh_one() {
        let fresh = |beaten| Evidence { beat: Beat { beaten, moved: 0 }, ..healthy() }.beat_within_ms(400);
        assert_eq!([NOW - 41, NOW - 39, NOW + 1, NOW + 41].map(fresh), [false, true, true, false]);
    }

    #[test]
    fn a_writer_that_beats_seldom_is_silent_only_after_six_of_its_beats() {
        let quiet = |beat_interval_ms| {
            let beat = Beat { beaten: NOW - 500, moved: NOW - 500 };
            Evidence { beat_interval_ms, beat, ..healthy() }.verdict()
        };
        assert_eq!(
            (quiet(0), quiet(250), quiet(800)),
            (Liveness::Silent(5_000), Liveness::Silent(5_000), Liveness::Silent(5_000))
        );
        assert_eq!(quiet(1_000), Liveness::Stalled(5_000));
    }

    #[test]
    fn a_free_lock_is_lost_only_without_a_process_that_would_judge() {
        let dead = Evidence { lock_held: Some(false), ..healthy() };
        assert_eq!(dead.verdict(), Liveness::Silent(0));
        assert_eq!(Evidence { judge_alive: Some(false), ..dead }.verdict(), Liveness::Lost);
        assert_eq!(Evidence { judge_alive: None, ..dead }.verdict(), Liveness::Lost);
    }

    #[test]
    fn a_held_lock_is_life_whatever_is_known_of_the_process() {
        let elsewhere = Evidence { process_runs: Some(false), judge_alive: Some(false), ..healthy() };
        assert_eq!(elsewhere.verdict(), Liveness::Alive);
        let quiet = Beat { beaten: NOW - 300, moved: NOW - 300 };
        assert_eq!(Evidence { beat: quiet, ..elsewhere }.verdict(), Liveness::Silent(3_000), "a forked child holds it");
        assert_eq!(Evidence { lock_held: None, ..elsewhere }.verdict(), Liveness::Lost, "the only evidence");
    }

    #[test]
    fn a_slot_on_behalf_of_a_process_lives_as_long_as_that_process() {
        let quiet = Beat { beaten: 0, moved: 0 };
        let script = Evidence { on_behalf: true, lock_held: Some(false), beat: quiet, ..healthy() };
        assert_eq!(Evidence { process_runs: Some(true), ..script }.verdict(), Liveness::Alive);
        assert_eq!(Evidence { process_runs: Some(false), ..script }.verdict(), Liveness::Lost);
        let held = Evidence { lock_held: Some(true), process_runs: Some(false), ..script };
        assert_eq!(held.verdict(), Liveness::Lost, "a report under way does not revive its process");
        assert_eq!(script.verdict(), Liveness::Unknown, "another namespace's number is no evidence");
    }

    #[test]
    fn a_reservation_is_lost_with_its_creator_and_unknown_before() {
        let reserved = Evidence { claimed: false, lock_held: Some(false), ..healthy() };
        assert_eq!(reserved.verdict(), Liveness::Unknown);
        assert_eq!(Evidence { judge_alive: Some(false), ..reserved }.verdict(), Liveness::Lost);
    }

    #[test]
    fn beats_from_the_future_and_forged_ones_do_not_overflow() {
        let forged = Evidence { beat: Beat { beaten: u32::MAX, moved: u32::MAX }, ..healthy() };
        assert_eq!(forged.verdict(), Liveness::Alive);
        assert_eq!(beat_units(u64::MAX, 0), u32::MAX);
        assert_eq!(beat_units(0, u64::MAX), 0);
        let beat = Beat { beaten: 7, moved: 9 };
        assert_eq!(Beat::from_word(beat.word()), beat);
    }
}
