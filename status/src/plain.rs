//! Plain lines, only ever appended: for logs, pipes, screen readers, and the pages of a build server.

mod actions;

use std::io::{self, Write};

use crate::vocabulary::{Phases, unit_of, word_of};
use vx_shm::{SlotView, Snapshot, Unit};

use vx_text::clean;
use vx_text::units::{bytes, counted, duration, rate};

use crate::changes::ReportedChanges;
use crate::estimate::TimeLeft;
use crate::hanging::{Hanging, hanging};
use crate::pace::SlotRate;
use crate::slot::{download_entry, elapsed_ms, received_bytes, size_bytes};
use crate::standing::{Standing, ending, state_remark};
use crate::sums::time_left;
use crate::totals::Totals;

pub use actions::{END_OF_GROUP, annotations, group, step_summary};

/// Longest line, in columns: nobody reads longer ones to the end.
const LINE_COLUMNS: usize = 240;

/// The lines written so far: the changes they cover, and the time of the last sum.
#[derive(Debug)]
pub struct Plain {
    changes: ReportedChanges,
    between_sums_ms: u64,
    summed_at_ms: Option<u64>,
    guarded: bool,
}

impl Plain {
    /// Lines with a sum every `between_sums_ms` while there is work. `guarded` keeps text from being taken for a
    /// command of a build server.
    pub fn new(between_sums_ms: u64, guarded: bool) -> Self {
        Self { changes: ReportedChanges::default(), between_sums_ms, summed_at_ms: None, guarded }
    }

    /// Write the lines that a reading adds, `now_ms` after the beginning.
    pub fn step(
        &mut self,
        snapshot: &Snapshot,
        paces: &[SlotRate],
        left: Option<TimeLeft>,
        now_ms: u64,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        for slot in self.changes.new_downloads(snapshot) {
            self.line(out, &download_line(slot))?;
        }
        for slot in self.changes.new_ends(snapshot) {
            self.line(out, &end_line(slot, snapshot.taken_at_ns))?;
        }
        for slot in self.changes.new_waits(snapshot) {
            self.line(out, &format!("{}: {}", name(slot), state_remark(slot, Standing::Queued)))?;
        }
        for slot in self.changes.new_questions(snapshot) {
            self.line(out, &format!("{}: {}", name(slot), state_remark(slot, Standing::Running)))?;
        }
        let hanging = hanging(snapshot, paces);
        for hangs in self.changes.new_hangs(&hanging) {
            self.line(out, &format!("{}: {}", name(hangs.slot), hang_words(hangs)))?;
        }
        let totals = Totals::with(snapshot, paces, left);
        let summed_at_ms = *self.summed_at_ms.get_or_insert(now_ms);
        if totals.at_work > 0 && now_ms.saturating_sub(summed_at_ms) >= self.between_sums_ms {
            self.summed_at_ms = Some(now_ms);
            self.line(out, &sums_line(&hanging, &totals))?;
        }
        out.flush()
    }

    /// Returns whether the end of this slot was printed.
    pub fn has_told_end(&self, slot: &SlotView) -> bool {
        self.changes.has_reported_end(slot)
    }

    fn line(&self, out: &mut dyn Write, text: &str) -> io::Result<()> {
        let line = vx_text::fitted(text, LINE_COLUMNS, "~");
        if self.guarded { writeln!(out, "{}", actions::guarded(&line)) } else { writeln!(out, "{line}") }
    }
}

/// The text of the final table for the log of a build server: each line guarded.
pub fn guarded_lines(text: &str) -> String {
    text.lines().map(|line| actions::guarded(line) + "\n").collect()
}

fn name(slot: &SlotView) -> String {
    let name = format!("{} {}", clean(&slot.key), clean(&slot.version));
    name.trim_end().to_owned()
}

fn download_line(slot: &SlotView) -> String {
    let again = if slot.attempt > 1 { format!(", attempt {}", slot.attempt) } else { String::new() };
    let left = !slot.phase().is_main() || slot.state.ended();
    let entered = download_entry(slot).map_or("downloading", |entry| entry.phase.name());
    let (doing, size) = if left { (entered, received_bytes(slot)) } else { (word_of(slot), size_bytes(slot)) };
    match size {
        Some(size) => format!("{}: {} {}{again}", name(slot), clean(doing), bytes(size)),
        None => format!("{}: {}{again}", name(slot), clean(doing)),
    }
}

/// The amount of finished work, for the line about its end.
fn finished(slot: &SlotView) -> Option<String> {
    let items = matches!(unit_of(slot), Unit::Count | Unit::Files) && slot.phase().is_main();
    let count = slot.total.filter(|_| items).map(|total| counted(slot.done, Some(total)));
    size_bytes(slot).map(bytes).or(count)
}

fn end_line(slot: &SlotView, now_ns: u64) -> String {
    let standing = Standing::from_slot(slot);
    let said = ending(slot, standing);
    let mut line = format!("{}: ", name(slot));
    match standing {
        Standing::Failed | Standing::Died | Standing::Lost => line += &format!("{}: {said}", standing.word()),
        _ => line += &said,
    }
    if let Some(took) = elapsed_ms(slot, now_ns).filter(|_| standing != Standing::Lost && standing != Standing::Skipped)
    {
        line += &format!(", {}", duration(took));
    }
    let worked = matches!(standing, Standing::Done | Standing::Failed | Standing::Died);
    if let Some(amount) = finished(slot).filter(|_| worked) {
        line += &format!(", {amount}");
    }
    line
}

/// The whole run in one line, with the names of the tools that hang.
fn sums_line(hanging: &[Hanging], totals: &Totals) -> String {
    let mut parts = vec![format!("{} of {} done, {} at work", totals.good, totals.all, totals.at_work)];
    if totals.failed > 0 {
        parts.push(format!("{} failed", totals.failed));
    }
    if totals.lost > 0 {
        parts.push(format!("{} lost", totals.lost));
    }
    match totals.total_bytes.filter(|total| *total > totals.done_bytes) {
        Some(total) => parts.push(format!("{} of {}", bytes(totals.done_bytes), bytes(total))),
        None if totals.done_bytes > 0 => parts.push(bytes(totals.done_bytes)),
        None => {}
    }
    parts.extend(totals.bytes_per_second.map(rate));
    parts.extend(totals.left.map(time_left));
    parts.extend(hanging.iter().map(|hangs| format!("{} {}", name(hangs.slot), hang_words(hangs))));
    parts.join(", ")
}

/// The kind of a hang, with its length or rate: `stalled: no byte for 14 s`, `slow: 12.0 kB/s`.
fn hang_words(hangs: &Hanging) -> String {
    let said = match hangs.bytes_per_second {
        Some(bytes_per_second) => rate(bytes_per_second),
        None => state_remark(hangs.slot, hangs.standing),
    };
    format!("{}: {said}", hangs.standing.word())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{counting, done, downloading, everything, hostile};
    use vx_text::is_unprintable as is_hostile;

    fn lines(plain: &mut Plain, snapshot: &Snapshot, now_ms: u64) -> Vec<String> {
        let mut out = Vec::new();
        plain.step(snapshot, &[], None, now_ms, &mut out).expect("a vector takes everything");
        String::from_utf8(out).expect("lines are text").lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_server_that_a_preparation_waits_for_is_named_once() {
        let mut plain = Plain::new(10_000, false);
        let mut slot = crate::fixture::queued(0, "ruff", "1");
        slot.message = "waiting for pypi.example's answer".into();
        let snapshot = Snapshot { slots: vec![slot], ..Snapshot::default() };
        assert_eq!(lines(&mut plain, &snapshot, 0), ["ruff 1: waiting for pypi.example's answer"]);
        assert!(lines(&mut plain, &snapshot, 40).is_empty());
    }

    #[test]
    fn each_download_and_each_end_has_one_line() {
        let mut plain = Plain::new(3_000, false);
        let snapshot =
            Snapshot { slots: vec![downloading(0, "node", "22", 5, Some(31_200_000))], ..Snapshot::default() };
        assert_eq!(lines(&mut plain, &snapshot, 0), ["node 22: downloading 31.2 MB"]);
        assert!(lines(&mut plain, &snapshot, 100).is_empty());
        let snapshot = Snapshot { slots: vec![done(0, "node", "22", 31_200_000, 104.7)], ..Snapshot::default() };
        assert_eq!(lines(&mut plain, &snapshot, 200), ["node 22: installed, 4.2 s, 31.2 MB"]);
        assert!(lines(&mut plain, &snapshot, 9_000).is_empty(), "nothing runs, so there is no sum");
    }

    #[test]
    fn counted_work_is_shown_in_numbers_and_never_in_bytes() {
        let mut plain = Plain::new(3_000, false);
        let paces = [SlotRate { bytes_per_second: Some(1), measured_ms: 9_000, slow: true, gained: 1 }];
        let mut step = |slot: SlotView, now_ms| {
            let mut out = Vec::new();
            let snapshot = Snapshot { slots: vec![slot], taken_at_ns: 110_000_000_000, ..Snapshot::default() };
            plain.step(&snapshot, &paces, None, now_ms, &mut out).expect("a vector takes everything");
            String::from_utf8(out).expect("lines are text")
        };
        assert_eq!(step(counting(0, "test", 7, 40), 0), "test: running\n");
        assert_eq!(step(counting(0, "test", 7, 40), 3_000), "0 of 1 done, 1 at work\n");
        let ended = SlotView {
            state: vx_shm::SlotState::Done,
            ended_at_ns: Some(105_000_000_000),
            ..counting(0, "test", 40, 40)
        };
        assert_eq!(step(ended, 4_000), "test: done, 4.0 s, 40 of 40\n");
    }

    #[test]
    fn an_install_between_two_readings_has_all_its_lines() {
        let snapshot = Snapshot { slots: vec![done(0, "just", "1", 2_000_000, 102.0)], ..Snapshot::default() };
        let expected = ["just 1: downloading 2.0 MB", "just 1: installed, 1.5 s, 2.0 MB"];
        assert_eq!(lines(&mut Plain::new(3_000, false), &snapshot, 0), expected);
    }

    #[test]
    fn sums_come_every_so_often_and_name_what_hangs() {
        let mut plain = Plain::new(3_000, false);
        lines(&mut plain, &everything(), 0);
        assert!(lines(&mut plain, &everything(), 2_999).is_empty());
        let sums = lines(&mut plain, &everything(), 3_000);
        let expected = "2 of 12 done, 6 at work, 2 failed, 144.1 MB, cmake 4.1.2 stalled: no byte for 14 s, \
                        uv 0.9.9 silent: no sign of life for 3 s";
        assert_eq!(sums, [expected]);
        assert!(lines(&mut plain, &everything(), 5_999).is_empty());
    }

    #[test]
    fn a_hang_has_its_line_at_once_and_once() {
        use vx_shm::Liveness;
        let mut plain = Plain::new(30_000, false);
        let hanging = |liveness| {
            let slot = SlotView { liveness, ..downloading(0, "uv", "1", 5, Some(9)) };
            Snapshot { slots: vec![slot], ..Snapshot::default() }
        };
        lines(&mut plain, &hanging(Liveness::Alive), 0);
        assert_eq!(lines(&mut plain, &hanging(Liveness::Stalled(5_100)), 40), ["uv 1: stalled: no byte for 5 s"]);
        assert!(lines(&mut plain, &hanging(Liveness::Stalled(5_200)), 80).is_empty());
        assert_eq!(lines(&mut plain, &hanging(Liveness::Silent(2_000)), 90), ["uv 1: silent: no sign of life for 2 s"]);
        let slow = [SlotRate { bytes_per_second: Some(12_000), measured_ms: 5_000, slow: true, gained: 12_000 }];
        let mut out = Vec::new();
        plain.step(&hanging(Liveness::Alive), &slow, None, 100, &mut out).expect("a vector takes everything");
        assert_eq!(String::from_utf8_lossy(&out), "uv 1: slow: 12.0 kB/s\n");
    }

    #[test]
    fn hostile_text_stays_on_its_line_and_is_no_command() {
        let written = lines(&mut Plain::new(3_000, true), &hostile(), 0);
        assert_eq!(written.len(), 9 + 8, "a line for each download and each end");
        assert!(
            !written.iter().any(|line| line.chars().any(is_hostile) || line.trim_start().starts_with("::")),
            "{written:?}"
        );
    }
}
