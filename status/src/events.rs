//! A slot's life as events, which are the six progress messages of the installer's clients.
//!
//! A cursor compares each reading of the slot with the events it has given out. State events come once and in order,
//! even for phases that began and ended between two readings; of byte counts only the newest is given.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use vx_shm::SlotView;

use crate::error_cell::ErrorCell;
use crate::slot::permille;
use crate::standing::{Standing, failure};
use crate::vocabulary::{Phase, PhaseEntry, Phases, begun};

/// A change of one tool. The names and fields are those of the six progress messages.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ToolEvent {
    /// The tool's process is at work.
    Started {
        /// Version being installed.
        version: String,
        /// Number of the attempt, from 1.
        attempt: u8,
    },
    /// Bytes arrive.
    Downloading {
        /// 0 to 100 with one decimal; `None` while the total is unknown.
        percent: Option<f64>,
        /// Bytes received so far.
        bytes_downloaded: u64,
        /// Size of the download in bytes.
        total_bytes: Option<u64>,
    },
    /// The archive is unpacked.
    Extracting {
        /// 0 to 100 with one decimal; `None` while the total is unknown.
        percent: Option<f64>,
    },
    /// The tool's own command runs.
    PostInstall {
        /// A line about its progress.
        message: String,
    },
    /// The tool is installed.
    Completed {
        /// The version installed.
        version: String,
        /// The release's directory.
        install_path: Option<String>,
        /// The tool was installed before.
        skipped: bool,
    },
    /// The tool is not installed, and no event follows.
    Failed {
        /// The reason; in JSON `error` holds all its lines, and `kind` and `hint` stand beside it.
        #[serde(flatten, serialize_with = "error_fields")]
        error: ErrorCell<'static>,
        /// End of its slot: `failed`, `died`, `cancelled` or `lost`.
        result: &'static str,
        /// Exit status of its process, once collected.
        exit_code: Option<i32>,
        /// Signal that ended its process, once collected.
        signal: Option<i32>,
    },
}

/// A position in one life of a slot: everything up to it was given out as events.
#[derive(Debug, Default)]
pub struct EventCursor {
    started: bool,
    over: bool,
    attempt: u8,
    /// Last phase given out: the time it was entered, and its last numbers given out.
    phase: Option<(Phase, u64, u64, Option<u64>)>,
    /// Time of these numbers.
    counted_at_ns: u64,
    post_install: String,
}

impl EventCursor {
    /// The events since the last call, oldest first; byte counts come at most every `between_counts_ns`.
    pub fn new_events(&mut self, slot: &SlotView, now_ns: u64, between_counts_ns: u64) -> Vec<ToolEvent> {
        let mut events = Vec::new();
        let standing = Standing::from_slot(slot);
        let begun = begun(slot) || !slot.transitions.is_empty() && slot.pid.is_some();
        if self.over || !(begun || standing.over()) {
            return events;
        }
        if begun && (!self.started || slot.attempt != self.attempt) {
            self.started = true;
            self.attempt = slot.attempt;
            events.push(ToolEvent::Started { version: slot.version.clone(), attempt: slot.attempt });
        }
        self.finish_last_phase(slot, &mut events);
        for entry in self.new_entries(slot) {
            self.enter(slot, &entry, now_ns, &mut events);
        }
        self.count(slot, now_ns, between_counts_ns, &mut events);
        if standing.over() {
            self.over = true;
            events.push(end(slot, standing));
        }
        events
    }

    /// The phases entered since the last one given out, oldest first.
    fn new_entries(&self, slot: &SlotView) -> Vec<PhaseEntry> {
        let mut entries: Vec<_> = slot.phases().collect();
        let Some((phase, at_ns, ..)) = self.phase else { return entries };
        // Two phases may have been entered at the same moment, but not the same one twice.
        match entries.iter().rposition(|entry| (entry.phase, entry.entered_at_ns) == (phase, at_ns)) {
            Some(place) => entries.split_off(place + 1),
            None => entries.into_iter().filter(|entry| entry.entered_at_ns > at_ns).collect(),
        }
    }

    /// Give out the final numbers of a phase that has been left since the last call.
    fn finish_last_phase(&mut self, slot: &SlotView, events: &mut Vec<ToolEvent>) {
        let Some((phase, entered_at_ns, reported, total)) = self.phase else { return };
        if phase == slot.phase() && !slot.state.ended() {
            return;
        }
        let same = |entry: &PhaseEntry| entry.phase == phase && entry.entered_at_ns == entered_at_ns;
        if let Some(entry) = slot.phases().find(same).filter(|entry| entry.done != reported) {
            events.extend(numbers(phase, entry.done, total));
            self.phase = Some((phase, entered_at_ns, entry.done, total));
        }
    }

    /// Give out a phase that was entered, with its final numbers if it was left already.
    fn enter(&mut self, slot: &SlotView, entry: &PhaseEntry, now_ns: u64, events: &mut Vec<ToolEvent>) {
        let present = entry.phase == slot.phase() && !slot.state.ended();
        let (done, total) = match present {
            true => (slot.done, slot.total),
            // A phase that another one followed was complete; only the end of the slot can interrupt a phase.
            false if entry.phase == slot.phase() => (entry.done, slot.total),
            false => (entry.done, Some(entry.done)),
        };
        self.phase = Some((entry.phase, entry.entered_at_ns, done, total));
        self.counted_at_ns = now_ns;
        events.extend(numbers(entry.phase, done, total));
        if entry.phase == Phase::POST_INSTALL {
            let message = if present { slot.message.clone() } else { String::new() };
            self.post_install.clone_from(&message);
            events.push(ToolEvent::PostInstall { message });
        }
    }

    /// Give out numbers that changed within the present phase, at most once per interval.
    fn count(&mut self, slot: &SlotView, now_ns: u64, between_ns: u64, events: &mut Vec<ToolEvent>) {
        let Some((phase, _, reported, reported_total)) = &mut self.phase else { return };
        if *phase != slot.phase() || slot.state.ended() {
            return;
        }
        let complete = slot.total == Some(slot.done);
        let due = complete || now_ns.saturating_sub(self.counted_at_ns) >= between_ns;
        if due && (*reported, *reported_total) != (slot.done, slot.total) {
            (*reported, *reported_total) = (slot.done, slot.total);
            self.counted_at_ns = now_ns;
            events.extend(numbers(slot.phase(), slot.done, slot.total));
        }
        if slot.phase() == Phase::POST_INSTALL && slot.message != self.post_install {
            self.post_install.clone_from(&slot.message);
            events.push(ToolEvent::PostInstall { message: slot.message.clone() });
        }
    }
}

/// The event of a phase that counts bytes; `None` for other phases.
fn numbers(phase: Phase, done: u64, total: Option<u64>) -> Option<ToolEvent> {
    let total = total.filter(|total| *total > 0 && done <= *total);
    let percent = permille(done, total).map(|permille| f64::from(permille) / 10.0);
    match phase {
        Phase::DOWNLOADING => Some(ToolEvent::Downloading { percent, bytes_downloaded: done, total_bytes: total }),
        Phase::EXTRACTING => Some(ToolEvent::Extracting { percent }),
        _ => None,
    }
}

fn end(slot: &SlotView, standing: Standing) -> ToolEvent {
    if standing.good() {
        let skipped = standing == Standing::Skipped;
        let (version, install_path) = (slot.version.clone(), slot.result.clone());
        return ToolEvent::Completed { version, install_path, skipped };
    }
    ToolEvent::Failed {
        error: failure(slot, standing).into_owned(),
        result: standing.word(),
        exit_code: slot.exit_code,
        signal: slot.signal,
    }
}

fn error_fields<S: Serializer>(error: &ErrorCell<'_>, serializer: S) -> Result<S::Ok, S::Error> {
    let mut fields = serializer.serialize_map(Some(3))?;
    fields.serialize_entry("error", &error.shown_text())?;
    fields.serialize_entry("kind", &error.kind)?;
    fields.serialize_entry("hint", &error.hint)?;
    fields.end()
}

#[cfg(test)]
mod tests {
    use super::*;
    use vx_shm::{SlotState, Transition};

    const SECOND: u64 = 1_000_000_000;

    fn entry(phase: Phase, entered_at_ns: u64, done: u64) -> Transition {
        PhaseEntry { phase, entered_at_ns, done }.transition()
    }

    fn names(events: &[ToolEvent]) -> Vec<String> {
        let name =
            |event| serde_json::to_value(event).expect("an event is JSON")["event"].as_str().unwrap_or("").to_owned();
        events.iter().map(name).collect()
    }

    #[test]
    fn an_install_that_passed_between_two_readings_gives_all_its_events() {
        let slot = SlotView {
            version: "1.2".to_owned(),
            state: SlotState::Done,
            step: Phase::POST_INSTALL.step(),
            pid: Some(7),
            result: Some("/s/x".to_owned()),
            transitions: vec![
                entry(Phase::RESOLVING, 1, 0),
                entry(Phase::DOWNLOADING, 2, 700),
                entry(Phase::EXTRACTING, 3, 700),
                entry(Phase::POST_INSTALL, 4, 0),
            ],
            ended_at_ns: Some(9),
            ..SlotView::default()
        };
        let mut cursor = EventCursor::default();
        let events = cursor.new_events(&slot, SECOND, SECOND);
        assert_eq!(names(&events), ["started", "downloading", "extracting", "post-install", "completed"]);
        let whole = ToolEvent::Downloading { percent: Some(100.0), bytes_downloaded: 700, total_bytes: Some(700) };
        assert_eq!(events[1], whole);
        assert!(cursor.new_events(&slot, 2 * SECOND, SECOND).is_empty(), "each event comes once");
    }

    #[test]
    fn byte_counts_are_conflated_and_the_last_one_comes() {
        let mut cursor = EventCursor::default();
        let mut seen = Vec::new();
        for step in 0..=100u64 {
            let slot = SlotView {
                state: SlotState::Live,
                step: Phase::DOWNLOADING.step(),
                done: step * 10,
                total: Some(2_000),
                transitions: vec![entry(Phase::DOWNLOADING, 1, step * 10)],
                ..SlotView::default()
            };
            seen.extend(
                cursor.new_events(&slot, 1 + step * SECOND / 100, SECOND / 10).iter().map(|event| format!("{event:?}")),
            );
        }
        assert!((10..=12).contains(&seen.len()), "{seen:?}");
        let left = SlotView {
            state: SlotState::Live,
            step: Phase::LINKING.step(),
            transitions: vec![entry(Phase::DOWNLOADING, 1, 2_000), entry(Phase::LINKING, 3 * SECOND, 0)],
            ..SlotView::default()
        };
        let last = cursor.new_events(&left, 2 * SECOND, SECOND);
        assert_eq!(
            last,
            [ToolEvent::Downloading { percent: Some(100.0), bytes_downloaded: 2_000, total_bytes: Some(2_000) }]
        );
    }

    #[test]
    fn a_death_before_the_first_phase_is_a_failure_with_its_signal() {
        let slot = SlotView { state: SlotState::Died, signal: Some(9), ..SlotView::default() };
        let events = EventCursor::default().new_events(&slot, 1, 1);
        let (text, kind) = ("killed by signal 9 (SIGKILL)".into(), Some("killed".into()));
        let error = ErrorCell { text, kind, ..ErrorCell::default() };
        assert_eq!(events, [ToolEvent::Failed { error, result: "died", exit_code: None, signal: Some(9) }]);
    }

    #[test]
    fn a_second_attempt_gives_its_phases_again() {
        let mut cursor = EventCursor::default();
        let slot = |attempt, entered_at_ns| SlotView {
            state: SlotState::Live,
            step: Phase::DOWNLOADING.step(),
            attempt,
            transitions: vec![entry(Phase::DOWNLOADING, entered_at_ns, 0)],
            ..SlotView::default()
        };
        assert_eq!(names(&cursor.new_events(&slot(1, 5), 6, SECOND)), ["started", "downloading"]);
        assert_eq!(names(&cursor.new_events(&slot(2, 9), 10, SECOND)), ["started", "downloading"]);
    }
}
