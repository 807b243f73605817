//! A recording as a view takes it: snapshots of a time of its own, which can be turned.

use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use vx_shm::Snapshot;
use vx_shm::recording::{Playback as Place, Recording, RecordingError, is_recording};
use vx_tui::Inputs;
use vx_tui::source::{Playback, Position, Snapshots, Turn};

use super::failure::Failure;
use super::views::BoardLogs;
use crate::sync::board_of_recording;

/// How slow and how fast a recording goes, in percent.
const SLOWEST: u32 = 6;
const FASTEST: u32 = 6_400;

/// As much time as goes by for a recording between two looks: twice as much as lies between those of a view that somebody
/// sees. Behind a pager, or stopped, a view looks at nothing, and its recording waits for it.
const LONGEST_UNSEEN: Duration = Duration::from_secs(2);

/// Read a recording.
pub(super) fn open(path: &Path) -> Result<Recording, Failure> {
    Recording::open(path).map_err(told)
}

fn told(error: RecordingError) -> Failure {
    Failure::failed(error).hint("`vx sync --record FILE` makes one; `vx board ls` lists the boards there are")
}

/// What a view of this recording is fed with, if it is one. The logs are those beside its board, while they are kept.
pub(super) fn inputs(path: &Path, speed_percent: u32) -> Result<Option<Inputs>, Failure> {
    if !is_recording(path) {
        return Ok(None);
    }
    let replay = Replay::new(open(path)?, speed_percent);
    let board = board_of_recording(path).unwrap_or_else(|| path.to_path_buf());
    Ok(Some(Inputs { snapshots: Box::new(replay), logs: Box::new(BoardLogs::beside(&board)), control: None }))
}

struct Replay {
    place: Place,
    /// The moment that is shown, on the board's clock.
    at_ns: u64,
    speed_percent: u32,
    paused: bool,
    looked_at: Instant,
    /// Somebody turned the time since the last look.
    turned: bool,
}

impl Replay {
    fn new(recording: Recording, speed_percent: u32) -> Self {
        let at_ns = recording.span_ns().0;
        let speed_percent = speed_percent.clamp(SLOWEST, FASTEST);
        let place = recording.playback();
        Self { place, at_ns, speed_percent, paused: false, looked_at: Instant::now(), turned: true }
    }

    fn go_to(&mut self, at_ns: u64) {
        let (first, last) = self.place.recording().span_ns();
        self.at_ns = at_ns.clamp(first, last);
    }

    fn step_to(&mut self, place: usize) {
        self.paused = true;
        self.at_ns = self.place.time_of(place);
    }

    /// Let as much time go by as has, at this speed.
    fn pass(&mut self, now: Instant) {
        let unseen = now.saturating_duration_since(self.looked_at).min(LONGEST_UNSEEN);
        let passed = unseen.as_nanos() * u128::from(self.speed_percent) / 100;
        self.looked_at = now;
        if !self.paused {
            self.go_to(self.at_ns.saturating_add(u64::try_from(passed).unwrap_or(u64::MAX)));
        }
    }
}

impl Snapshots for Replay {
    fn refresh(&mut self, into: &mut Snapshot) -> io::Result<bool> {
        self.pass(Instant::now());
        let moved = self.place.seek(self.at_ns);
        self.place.show_at(self.at_ns, into);
        Ok(std::mem::take(&mut self.turned) | moved)
    }

    fn playback(&mut self) -> Option<&mut dyn Playback> {
        Some(self)
    }
}

impl Playback for Replay {
    fn turn(&mut self, turn: Turn) {
        self.pass(Instant::now());
        self.place.seek(self.at_ns);
        let (first, last) = self.place.recording().span_ns();
        let here = self.place.place();
        match turn {
            Turn::Pause if self.at_ns >= last => (self.at_ns, self.paused) = (first, false),
            Turn::Pause => self.paused = !self.paused,
            Turn::StepForward => self.step_to(here + 1),
            // Between two readings the one before is the one that shows.
            Turn::StepBack if self.at_ns > self.place.time_of(here) => self.step_to(here),
            Turn::StepBack => self.step_to(here.saturating_sub(1)),
            Turn::By(ms) => self.go_to(self.at_ns.saturating_add_signed(ms.saturating_mul(1_000_000))),
            Turn::Start => self.at_ns = first,
            Turn::End => self.at_ns = last,
            Turn::Faster => self.speed_percent = (self.speed_percent * 2).min(FASTEST),
            Turn::Slower => self.speed_percent = (self.speed_percent / 2).max(SLOWEST),
        }
        self.turned = true;
    }

    fn position(&self) -> Position {
        let recording = self.place.recording();
        let (_, last) = recording.span_ns();
        let since_ms = |at_ns: u64| at_ns.saturating_sub(recording.created_at_ns()) / 1_000_000;
        Position {
            at_ms: since_ms(self.at_ns),
            length_ms: since_ms(last),
            speed_percent: self.speed_percent,
            paused: self.paused && self.at_ns < last,
            cut_off: self.at_ns >= last && !recording.complete(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vx_shm::recording::Recorder;
    use vx_shm::{BoardView, SlotView};

    const SECOND: u64 = 1_000_000_000;

    /// Ten seconds, in each of which one byte comes.
    fn replay() -> Replay {
        let at = |second: u64| Snapshot {
            board: BoardView { created_at_ns: SECOND, capacity: 1, ..BoardView::default() },
            slots: vec![SlotView { key: "node".into(), done: second, ..SlotView::default() }],
            taken_at_ns: SECOND + second * SECOND,
        };
        let mut recorder = Recorder::new(Vec::new(), 1 << 20, &at(0)).unwrap();
        (1..10).for_each(|second| assert!(recorder.note(&at(second)).unwrap()));
        let bytes = recorder.end(&at(10)).unwrap();
        Replay::new(Recording::from_bytes(bytes).unwrap(), 100)
    }

    fn done(replay: &mut Replay) -> u64 {
        replay.place.seek(replay.at_ns);
        let mut snapshot = Snapshot::default();
        replay.place.show_at(replay.at_ns, &mut snapshot);
        assert_eq!(snapshot.taken_at_ns, replay.at_ns);
        snapshot.slots[0].done
    }

    #[test]
    fn time_passes_at_the_speed_asked_for_and_not_at_all_while_paused() {
        let mut replay = replay();
        look_for(&mut replay, 2_500);
        assert_eq!((done(&mut replay), replay.position().at_ms), (2, 2_500));
        replay.speed_percent = 200;
        look_for(&mut replay, 1_500);
        assert_eq!(done(&mut replay), 5);
        replay.paused = true;
        look_for(&mut replay, 100_000);
        assert_eq!((done(&mut replay), replay.position().paused), (5, true));
        replay.paused = false;
        look_for(&mut replay, 100_000);
        assert_eq!((done(&mut replay), replay.position().at_ms), (10, 10_000), "the end is as far as it goes");
    }

    /// Let time go by, looking ten times a second.
    fn look_for(replay: &mut Replay, ms: u64) {
        (0..ms / 100).for_each(|_| replay.pass(replay.looked_at + Duration::from_millis(100)));
    }

    #[test]
    fn a_replay_that_nobody_looks_at_waits() {
        let mut replay = replay();
        replay.pass(replay.looked_at + Duration::from_secs(60));
        assert_eq!(replay.position().at_ms, 2_000);
        look_for(&mut replay, 1_000);
        assert_eq!(replay.position().at_ms, 3_000);
    }

    #[test]
    fn steps_go_from_reading_to_reading_and_seeks_stay_within_the_ends() {
        let mut replay = replay();
        replay.paused = true;
        let mut after = |turn: Turn| {
            replay.turn(turn);
            done(&mut replay)
        };
        assert_eq!(after(Turn::StepForward), 1);
        assert_eq!(after(Turn::StepForward), 2);
        assert_eq!(after(Turn::StepBack), 1);
        assert_eq!(after(Turn::By(5_000)), 6);
        assert_eq!(after(Turn::By(-90_000)), 0);
        assert_eq!(after(Turn::StepBack), 0);
        assert_eq!(after(Turn::End), 10);
        assert_eq!(after(Turn::StepForward), 10);
        assert_eq!(after(Turn::Pause), 0, "at the end, the whole begins again");
        assert_eq!(after(Turn::End), 10);
        assert_eq!(after(Turn::Start), 0);
    }

    #[test]
    fn speeds_have_bounds() {
        let mut replay = replay();
        (0..40).for_each(|_| replay.turn(Turn::Faster));
        assert_eq!(replay.speed_percent, FASTEST);
        (0..40).for_each(|_| replay.turn(Turn::Slower));
        assert_eq!(replay.speed_percent, SLOWEST);
    }
}
