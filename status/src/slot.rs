//! Values read from one slot: its identity, duration, and size.

use std::hash::{DefaultHasher, Hash, Hasher};

use vx_shm::{Health, Kind, SlotView, Step};

use crate::error_cell::ErrorCell;
use crate::vocabulary::{Phase, PhaseEntry, Phases, service, sized_in_bytes};

/// One life of one slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlotId {
    index: u32,
    generation: u32,
}

impl SlotId {
    /// The present life of a slot.
    pub fn from_slot(slot: &SlotView) -> Self {
        Self { index: slot.index, generation: slot.generation }
    }

    /// An identity for a group of slots, different from that of any slot.
    pub fn of_group(keys: &[String]) -> Self {
        let mut hasher = DefaultHasher::new();
        keys.hash(&mut hasher);
        Self { index: u32::MAX, generation: hasher.finish() as u32 }
    }

    /// Returns whether the other is an earlier or later life in the same place: the same work, tried again.
    pub fn same_place(self, other: Self) -> bool {
        self.index == other.index
    }
}

/// The start of work on the slot: its entry into the first phase that is not waiting for its turn.
pub fn ran_from_ns(slot: &SlotView) -> Option<u64> {
    slot.phases().filter(|entry| !entry.phase.is_first()).map(|entry| entry.entered_at_ns).min()
}

/// The slot's time at work until `now_ns` of the board's clock, or until its end, in milliseconds.
pub fn elapsed_ms(slot: &SlotView, now_ns: u64) -> Option<u64> {
    let from = ran_from_ns(slot)?;
    let to = slot.ended_at_ns.unwrap_or(now_ns);
    Some(to.saturating_sub(from) / 1_000_000)
}

/// Milliseconds for which a service has been usable without a break; `None` while it isn't.
pub fn usable_ms(slot: &SlotView, now_ns: u64) -> Option<u64> {
    let usable = |step: Step| step == service::RUNNING || step == service::READY;
    let works = slot.kind == Kind::Service && !slot.state.ended() && usable(slot.step);
    let entries = slot.transitions.iter().rev().take_while(|entry| usable(entry.step));
    let since_ns = entries.last().filter(|_| works)?.entered_at_ns;
    Some(now_ns.saturating_sub(since_ns) / 1_000_000)
}

/// Returns whether the checks of a service say that it can be used, or it has done its work.
pub fn is_ready(slot: &SlotView) -> bool {
    let at_work = !slot.state.ended() && slot.health == Health::Ready;
    slot.kind == Kind::Service && (at_work || slot.state.good())
}

/// Returns whether a service is at work while its checks fail.
pub fn is_unwell(slot: &SlotView) -> bool {
    slot.kind == Kind::Service && !slot.state.ended() && slot.health == Health::Unhealthy
}

/// Returns whether work waits for a person: for an answer, or a permission.
pub fn asks(slot: &SlotView) -> bool {
    !slot.state.ended() && slot.health == Health::WaitingForPerson
}

/// Find the last build of a service: the newest slot that is a part of it and a build.
pub fn last_build<'s>(slots: &'s [SlotView], service: &SlotView) -> Option<&'s SlotView> {
    let builds = slots.iter().filter(|slot| slot.kind == Kind::Build && slot.parent == Some(service.index));
    builds.max_by_key(|slot| (slot.transitions.first().map(|entry| entry.entered_at_ns), slot.index))
}

/// The slot's download, once it began one.
pub fn download_entry(slot: &SlotView) -> Option<PhaseEntry> {
    slot.phases().find(|entry| entry.phase.is_main())
}

/// The bytes of the download that came from the cache: those verified right before it began.
pub fn cached_bytes(slot: &SlotView) -> u64 {
    let mut verified = None;
    let mut cached: u64 = 0;
    for entry in slot.phases() {
        if entry.phase.is_main() {
            cached = cached.saturating_add(verified.unwrap_or_default());
        }
        verified = (entry.phase == Phase::VERIFYING).then_some(entry.done);
    }
    cached
}

/// The end of this entry of [`Phases::phases`]: the start of the next one, or the end of the slot.
pub fn entry_ends_ns(slot: &SlotView, entry: PhaseEntry) -> Option<u64> {
    let this = |other: &PhaseEntry| (other.phase, other.entered_at_ns) == (entry.phase, entry.entered_at_ns);
    let next = slot.phases().skip_while(|other| !this(other)).nth(1);
    next.map(|next| next.entered_at_ns).or(slot.ended_at_ns)
}

/// The size of the download: as announced while it runs, as received afterwards. `None` for work that counts no bytes.
pub fn size_bytes(slot: &SlotView) -> Option<u64> {
    if sized_in_bytes(slot) && slot.phase().is_main() && !slot.state.ended() {
        return slot.total.filter(|total| *total >= slot.done && *total > 0);
    }
    received_bytes(slot)
}

/// The share of `total` that is done, in thousandths; `None` if the total is unknown, zero, or already exceeded.
pub fn permille(done: u64, total: Option<u64>) -> Option<u16> {
    let total = total.filter(|total| *total > 0 && done <= *total)?;
    u16::try_from(u128::from(done) * 1000 / u128::from(total)).ok()
}

/// Number of bytes received; `None` for work that counts no bytes.
pub fn received_bytes(slot: &SlotView) -> Option<u64> {
    let downloading = slot.phase().is_main() && !slot.state.ended();
    let received = if downloading { Some(slot.done) } else { download_entry(slot).map(|entry| entry.done) };
    received.filter(|bytes| *bytes > 0 && sized_in_bytes(slot))
}

/// The parts of the slot's error; all empty while there is no error.
pub fn error_cell(slot: &SlotView) -> ErrorCell<'_> {
    ErrorCell::of_slot(slot).unwrap_or_default()
}

/// The first line of a text that holds more than blanks.
pub fn first_line(text: &str) -> &str {
    text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use vx_shm::SlotState;
    use vx_shm::Transition;

    fn entry(phase: Phase, entered_at_ns: u64, done: u64) -> Transition {
        PhaseEntry { phase, entered_at_ns, done }.transition()
    }

    #[test]
    fn waiting_for_a_turn_is_not_work() {
        let slot = SlotView {
            transitions: vec![entry(Phase::QUEUED, 0, 0), entry(Phase::RESOLVING, 4_000_000_000, 0)],
            ..SlotView::default()
        };
        assert_eq!(elapsed_ms(&slot, 6_500_000_000), Some(2_500));
        let ended = SlotView { ended_at_ns: Some(5_000_000_000), ..slot };
        assert_eq!(elapsed_ms(&ended, 9_000_000_000), Some(1_000));
    }

    #[test]
    fn a_finished_tool_is_as_big_as_what_was_received() {
        let slot = SlotView {
            state: SlotState::Done,
            step: Phase::LINKING.step(),
            done: 3,
            transitions: vec![entry(Phase::DOWNLOADING, 1, 31_000_000), entry(Phase::LINKING, 2, 3)],
            ..SlotView::default()
        };
        assert_eq!(size_bytes(&slot), Some(31_000_000));
    }

    #[test]
    fn a_service_is_up_since_it_could_be_used_the_last_time() {
        const SECOND: u64 = 1_000_000_000;
        let at = |step: Step, second: u64| Transition { step, entered_at_ns: second * SECOND, done: 0 };
        let restarted = [
            at(service::STARTING, 1),
            at(service::READY, 2),
            at(service::BACKING_OFF, 10),
            at(service::STARTING, 11),
            at(service::RUNNING, 12),
            at(service::READY, 13),
        ];
        let slot = |transitions: &[Transition]| SlotView {
            kind: Kind::Service,
            state: SlotState::Live,
            step: transitions.last().expect("an entry").step,
            transitions: transitions.to_vec(),
            ..SlotView::default()
        };
        assert_eq!(usable_ms(&slot(&restarted), 20 * SECOND), Some(8_000));
        assert_eq!(usable_ms(&slot(&restarted[..4]), 20 * SECOND), None);
        assert_eq!(usable_ms(&SlotView { state: SlotState::Cancelled, ..slot(&restarted) }, 20 * SECOND), None);
        assert_eq!(usable_ms(&SlotView { kind: Kind::Task, ..slot(&restarted) }, 20 * SECOND), None);
    }

    #[test]
    fn the_last_build_of_a_service_is_its_newest() {
        let build = |index, parent, second: u64| SlotView {
            index,
            kind: Kind::Build,
            parent: Some(parent),
            transitions: vec![Transition { step: Step::FIRST, entered_at_ns: second, done: 0 }],
            ..SlotView::default()
        };
        let service = SlotView { index: 1, kind: Kind::Service, ..SlotView::default() };
        let slots = [service.clone(), build(4, 1, 9), build(2, 1, 5), build(3, 7, 99)];
        assert_eq!(last_build(&slots, &service).map(|slot| slot.index), Some(4));
        assert_eq!(last_build(&slots[3..], &service), None);
    }

    #[test]
    fn there_is_no_share_of_an_unknown_or_wrong_total() {
        assert_eq!(permille(5, None), None);
        assert_eq!(permille(0, Some(0)), None);
        assert_eq!(permille(11, Some(10)), None);
        assert_eq!(permille(u64::MAX, Some(u64::MAX)), Some(1000));
        assert_eq!(permille(999_999, Some(1_000_000)), Some(999));
    }

    #[test]
    fn a_phase_ends_where_the_next_begins() {
        let slot = SlotView {
            transitions: vec![
                entry(Phase::DOWNLOADING, 10, 1),
                entry(Phase::VERIFYING, 10, 0),
                entry(Phase::LINKING, 30, 0),
            ],
            ended_at_ns: Some(40),
            ..SlotView::default()
        };
        let ends: Vec<_> = slot.phases().map(|entry| entry_ends_ns(&slot, entry)).collect();
        assert_eq!(ends, [Some(10), Some(30), Some(40)]);
    }
}
