//! Reads and searches the log in view, a bounded piece at a time, so that no log delays the view.

use std::time::{Duration, Instant};

use vx_status::slot::SlotId;
use vx_status::source::{LogPlace, Logs};
use vx_text::last_overwrite;

use crate::message::UpdateMessage;
use crate::model::Model;
use crate::update::update;

/// Interval between two reads for new lines.
const BETWEEN_LOOKS: Duration = Duration::from_millis(300);
/// Interval between two reads after one that found no lines.
const BETWEEN_LOOKS_IN_VAIN: Duration = Duration::from_secs(1);
/// Number of pieces read in a row while the view waits for them.
const READS: usize = 8;
/// Number of pieces searched in a row.
const SEARCHES: usize = 16;

/// The times and results of past reads, for the interval before the next one.
#[derive(Debug, Default)]
pub(super) struct LogReader {
    looked_at: Option<Instant>,
    /// The read that found an empty log.
    in_vain: Option<(SlotId, LogPlace)>,
    /// The last step made progress, and the view waits for more lines.
    goes_on: bool,
}

impl LogReader {
    /// Returns whether the next step should follow at once.
    pub(super) fn goes_on(&self) -> bool {
        self.goes_on
    }

    /// Read and search the log for the model. Returns whether something visible changed.
    pub(super) fn step(&mut self, model: &mut Model, logs: &mut dyn Logs) -> bool {
        let mut redraw = false;
        self.goes_on = false;
        for _ in 0..READS {
            let Some((source, place, waited_for)) = model.wanted_log() else { break };
            let of = source.id;
            let now = Instant::now();
            let between = match self.in_vain == Some((of, place)) {
                true => BETWEEN_LOOKS_IN_VAIN,
                false if waited_for => Duration::ZERO,
                false => BETWEEN_LOOKS,
            };
            if self.looked_at.is_some_and(|at| now - at < between) {
                break;
            }
            let (part, location) = (source.read(logs, place), source.location(logs));
            self.looked_at = Some(now);
            // A read without lines is not repeated at once.
            let got_on = !part.lines.is_empty();
            self.in_vain = (part.size == 0).then_some((of, place));
            redraw |= update(model, UpdateMessage::Log { of, place, part, location }).redraw;
            self.goes_on = got_on && model.wanted_log().is_some_and(|(_, _, waited_for)| waited_for);
        }
        let (found, more) = search(model, logs);
        self.goes_on |= more;
        redraw | found
    }
}

/// Continue the search through the log in view. Returns whether something visible changed, and whether there is more to
/// search.
fn search(model: &mut Model, logs: &mut dyn Logs) -> (bool, bool) {
    let Some((source, mut scanned)) = model.wanted_search() else { return (false, false) };
    let (of, text) = (source.id, model.log.search.text.clone());
    let wanted = text.to_lowercase();
    let (mut hits, mut whole) = (Vec::new(), false);
    for _ in 0..SEARCHES {
        let part = source.read(logs, LogPlace::From(scanned));
        let (from, to) = (scanned, part.to.max(scanned));
        let complete = part.lines.iter().filter(|line| (from..to).contains(&line.at));
        let says = complete.filter(|line| last_overwrite(&line.text).to_lowercase().contains(&wanted));
        hits.extend(says.map(|line| line.at));
        whole = to == scanned || part.last;
        scanned = to;
        if whole {
            break;
        }
    }
    let redraw = update(model, UpdateMessage::Found { of, text, hits, scanned, whole }).redraw;
    (redraw, !whole && model.wanted_search().is_some())
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::update::looked_at;
    use vx_status::fixture::{LongLog, everything};

    #[test]
    fn a_log_that_is_not_there_is_looked_for_once_in_a_while_and_another_at_once() {
        struct Counting(Vec<String>);
        impl Logs for Counting {
            fn tail(&mut self, _: &str, _: usize) -> Vec<String> {
                Vec::new()
            }
            fn location(&self, _: &str) -> Option<String> {
                None
            }
            fn read(&mut self, key: &str, _: LogPlace) -> vx_status::source::LogPart {
                self.0.push(key.to_owned());
                vx_status::source::LogPart::default()
            }
        }
        let mut model = looked_at(Model { size: (100, 30), ..Model::default() }, everything(), Vec::new());
        let (mut logs, mut reader) = (Counting(Vec::new()), LogReader::default());
        for _ in 0..50 {
            reader.step(&mut model, &mut logs);
        }
        let looks = logs.0.len();
        assert!((1..=2).contains(&looks), "{:?}", logs.0);
        update(&mut model, UpdateMessage::Move(crate::message::Motion::Down));
        reader.step(&mut model, &mut logs);
        assert!(logs.0.len() > looks && logs.0.last() != logs.0.first(), "{:?}", logs.0);
    }

    #[test]
    fn a_search_through_a_long_log_goes_on_without_a_pause_to_its_end_and_no_further() {
        let mut model = looked_at(Model { size: (100, 30), ..Model::default() }, everything(), Vec::new());
        let (mut log, mut reader) = (LongLog::with_lines(20_000), LogReader::default());
        let read = |model: &mut Model, reader: &mut LogReader, log: &mut LongLog| {
            let mut steps = 1;
            reader.step(model, log);
            while reader.goes_on() {
                reader.step(model, log);
                steps += 1;
                assert!(steps < 1_000, "no end of it");
            }
            steps
        };
        assert_eq!(read(&mut model, &mut reader, &mut log), 1, "the newest lines are there");
        for message in
            [UpdateMessage::Open, UpdateMessage::Find].into_iter().chain("nowhere".chars().map(UpdateMessage::Type))
        {
            update(&mut model, message);
        }
        update(&mut model, UpdateMessage::Accept);
        // A piece is a hundred lines.
        assert_eq!(read(&mut model, &mut reader, &mut log), (20_000 / 100_usize).div_ceil(SEARCHES));
        assert_eq!(model.notice.as_deref(), Some("no line says \"nowhere\""));
    }
}
