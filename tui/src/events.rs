//! A slot's life as events: the six progress messages that clients know, made by comparing what the board says with
//! what was told before.
//!
//! State events are told once and in order, also those of phases that passed between two readings; byte counts are
//! conflated to the newest.

use serde::Serialize;
use vx_shm::{Phase, PhaseEntry, SlotState, SlotView};

use crate::model::{Standing, error, permille};

/// What happened to one tool. The names and fields are those of the six progress messages.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event<'a> {
    /// Its process is at work.
    Started {
        /// The version it installs.
        version: &'a str,
        /// Which attempt this is, from 1.
        attempt: u8,
    },
    /// Bytes arrive.
    Downloading {
        /// 0 to 100 with one decimal; `None` while the total is unknown.
        percent: Option<f64>,
        /// Bytes received so far.
        bytes_downloaded: u64,
        /// Bytes there are.
        total_bytes: Option<u64>,
    },
    /// The archive is unpacked.
    Extracting {
        /// 0 to 100 with one decimal; `None` while the total is unknown.
        percent: Option<f64>,
    },
    /// The tool's own command runs.
    PostInstall {
        /// What it is doing.
        message: &'a str,
    },
    /// It is there.
    Completed {
        /// The version that is there.
        version: &'a str,
        /// Where it is.
        install_path: Option<&'a str>,
        /// Nothing had to be done for it.
        skipped: bool,
    },
    /// It is not there, and nothing more will come.
    Failed {
        /// Why.
        error: String,
        /// How it ended: `failed`, `died`, `cancelled` or `lost`.
        result: &'static str,
        /// Its process's exit status, once collected.
        exit_code: Option<i32>,
        /// The signal that ended its process, once collected.
        signal: Option<i32>,
    },
}

/// What was told of one life of a slot.
#[derive(Debug, Default)]
pub struct Told {
    started: bool,
    over: bool,
    attempt: u8,
    /// The phase told last: when it was entered, and how much of it was told.
    phase: Option<(Phase, u64, u64, Option<u64>)>,
    /// When its numbers were told.
    counted_at_ns: u64,
    post_install: String,
}

impl Told {
    /// What is new about `slot` at `now_ns`, oldest first; byte counts at most every `between_counts_ns`.
    pub fn news<'a>(&mut self, slot: &'a SlotView, now_ns: u64, between_counts_ns: u64) -> Vec<Event<'a>> {
        let mut events = Vec::new();
        let standing = Standing::of(slot);
        let begun = slot.state == SlotState::Live || !slot.phases.is_empty() && slot.pid.is_some();
        if self.over || !(begun || standing.over()) {
            return events;
        }
        if begun && (!self.started || slot.attempt != self.attempt) {
            self.started = true;
            self.attempt = slot.attempt;
            events.push(Event::Started { version: &slot.version, attempt: slot.attempt });
        }
        self.finish_last_phase(slot, &mut events);
        for entry in self.new_entries(slot) {
            self.enter(slot, entry, now_ns, &mut events);
        }
        self.count(slot, now_ns, between_counts_ns, &mut events);
        if standing.over() {
            self.over = true;
            events.push(end(slot, standing));
        }
        events
    }

    /// The phases entered since the one told last, in the order they were entered.
    fn new_entries<'a>(&self, slot: &'a SlotView) -> Vec<&'a PhaseEntry> {
        let after = self.phase.map(|(phase, entered_at_ns, ..)| (entered_at_ns, phase));
        let mut entries: Vec<_> =
            slot.phases.iter().filter(|entry| Some((entry.entered_at_ns, entry.phase)) > after).collect();
        entries.sort_by_key(|entry| (entry.entered_at_ns, entry.phase));
        entries
    }

    /// The last numbers of a phase that has been left since.
    fn finish_last_phase<'a>(&mut self, slot: &'a SlotView, events: &mut Vec<Event<'a>>) {
        let Some((phase, entered_at_ns, told, total)) = self.phase else { return };
        if phase == slot.phase && !slot.state.ended() {
            return;
        }
        let same = |entry: &&PhaseEntry| entry.phase == phase && entry.entered_at_ns == entered_at_ns;
        if let Some(entry) = slot.phases.iter().find(same).filter(|entry| entry.done != told) {
            events.extend(numbers(phase, entry.done, total));
            self.phase = Some((phase, entered_at_ns, entry.done, total));
        }
    }

    /// Tell of a phase that was entered; of one that has been left already, its final numbers.
    fn enter<'a>(&mut self, slot: &'a SlotView, entry: &PhaseEntry, now_ns: u64, events: &mut Vec<Event<'a>>) {
        let present = entry.phase == slot.phase && !slot.state.ended();
        let (done, total) = match present {
            true => (slot.done, slot.total),
            // What was left behind was all there was, unless the end came in the midst of it.
            false if entry.phase == slot.phase => (entry.done, slot.total),
            false => (entry.done, Some(entry.done)),
        };
        self.phase = Some((entry.phase, entry.entered_at_ns, done, total));
        self.counted_at_ns = now_ns;
        events.extend(numbers(entry.phase, done, total));
        if entry.phase == Phase::PostInstall {
            let message = if present { slot.message.as_str() } else { "" };
            self.post_install = message.to_owned();
            events.push(Event::PostInstall { message });
        }
    }

    /// Tell of numbers that moved within the present phase, not too often.
    fn count<'a>(&mut self, slot: &'a SlotView, now_ns: u64, between_ns: u64, events: &mut Vec<Event<'a>>) {
        let Some((phase, _, told, told_total)) = &mut self.phase else { return };
        if *phase != slot.phase || slot.state.ended() {
            return;
        }
        let complete = slot.total == Some(slot.done);
        let due = complete || now_ns.saturating_sub(self.counted_at_ns) >= between_ns;
        if due && (*told, *told_total) != (slot.done, slot.total) {
            (*told, *told_total) = (slot.done, slot.total);
            self.counted_at_ns = now_ns;
            events.extend(numbers(slot.phase, slot.done, slot.total));
        }
        if slot.phase == Phase::PostInstall && slot.message != self.post_install {
            self.post_install.clone_from(&slot.message);
            events.push(Event::PostInstall { message: &slot.message });
        }
    }
}

/// The event of a phase that counts; others have none.
fn numbers(phase: Phase, done: u64, total: Option<u64>) -> Option<Event<'static>> {
    let total = total.filter(|total| *total > 0 && done <= *total);
    let percent = permille(done, total).map(|permille| f64::from(permille) / 10.0);
    match phase {
        Phase::Downloading => Some(Event::Downloading { percent, bytes_downloaded: done, total_bytes: total }),
        Phase::Extracting => Some(Event::Extracting { percent }),
        _ => None,
    }
}

fn end(slot: &SlotView, standing: Standing) -> Event<'_> {
    if standing.good() {
        let skipped = standing == Standing::Skipped;
        return Event::Completed { version: &slot.version, install_path: slot.install_path.as_deref(), skipped };
    }
    Event::Failed {
        error: error(slot, standing),
        result: standing.word(),
        exit_code: slot.exit_code,
        signal: slot.signal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn entry(phase: Phase, entered_at_ns: u64, done: u64) -> PhaseEntry {
        PhaseEntry { phase, entered_at_ns, done }
    }

    fn names(events: &[Event]) -> Vec<String> {
        let name =
            |event| serde_json::to_value(event).expect("an event is JSON")["event"].as_str().unwrap_or("").to_owned();
        events.iter().map(name).collect()
    }

    #[test]
    fn an_install_that_passed_between_two_readings_is_told_whole() {
        let slot = SlotView {
            version: "1.2".to_owned(),
            state: SlotState::Done,
            phase: Phase::PostInstall,
            pid: Some(7),
            install_path: Some("/s/x".to_owned()),
            phases: vec![
                entry(Phase::Resolving, 1, 0),
                entry(Phase::Downloading, 2, 700),
                entry(Phase::Extracting, 3, 700),
                entry(Phase::PostInstall, 4, 0),
            ],
            ended_at_ns: Some(9),
            ..SlotView::default()
        };
        let mut told = Told::default();
        let events = told.news(&slot, SECOND, SECOND);
        assert_eq!(names(&events), ["started", "downloading", "extracting", "post_install", "completed"]);
        let whole = Event::Downloading { percent: Some(100.0), bytes_downloaded: 700, total_bytes: Some(700) };
        assert_eq!(events[1], whole);
        assert!(told.news(&slot, 2 * SECOND, SECOND).is_empty(), "each event is told once");
    }

    #[test]
    fn byte_counts_are_conflated_and_the_last_one_is_told() {
        let mut told = Told::default();
        let mut seen = Vec::new();
        for step in 0..=100u64 {
            let slot = SlotView {
                state: SlotState::Live,
                phase: Phase::Downloading,
                done: step * 10,
                total: Some(2_000),
                phases: vec![entry(Phase::Downloading, 1, step * 10)],
                ..SlotView::default()
            };
            seen.extend(
                told.news(&slot, 1 + step * SECOND / 100, SECOND / 10).iter().map(|event| format!("{event:?}")),
            );
        }
        assert!((10..=12).contains(&seen.len()), "{seen:?}");
        let left = SlotView {
            state: SlotState::Live,
            phase: Phase::Linking,
            phases: vec![entry(Phase::Downloading, 1, 2_000), entry(Phase::Linking, 3 * SECOND, 0)],
            ..SlotView::default()
        };
        let last = told.news(&left, 2 * SECOND, SECOND);
        assert_eq!(
            last,
            [Event::Downloading { percent: Some(100.0), bytes_downloaded: 2_000, total_bytes: Some(2_000) }]
        );
    }

    #[test]
    fn a_death_before_the_first_phase_is_a_failure_with_its_signal() {
        let slot = SlotView { state: SlotState::Died, signal: Some(9), ..SlotView::default() };
        let events = Told::default().news(&slot, 1, 1);
        let error = "killed by signal 9 (SIGKILL)".to_owned();
        assert_eq!(events, [Event::Failed { error, result: "died", exit_code: None, signal: Some(9) }]);
    }

    #[test]
    fn a_second_attempt_tells_its_phases_again() {
        let mut told = Told::default();
        let slot = |attempt, entered_at_ns| SlotView {
            state: SlotState::Live,
            phase: Phase::Downloading,
            attempt,
            phases: vec![entry(Phase::Downloading, entered_at_ns, 0)],
            ..SlotView::default()
        };
        assert_eq!(names(&told.news(&slot(1, 5), 6, SECOND)), ["started", "downloading"]);
        assert_eq!(names(&told.news(&slot(2, 9), 10, SECOND)), ["started", "downloading"]);
    }
}
