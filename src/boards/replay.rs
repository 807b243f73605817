//! A recording as a source of snapshots, with its own clock, which can be paused, set back and sped up.

use std::io;
use std::time::{Duration, Instant};

use vx_shm::Snapshot;
use vx_shm::recording::{self, Recording};
use vx_status::source::{PlaybackCommand, PlaybackControl, PlaybackPosition, Snapshots};

/// The lowest and the highest speed of a recording, in percent.
const SLOWEST: u32 = 6;
const FASTEST: u32 = 6_400;

/// The most that a recording advances between two frames: twice the interval of a visible view. A view that is stopped
/// or behind a pager draws no frames, and its recording waits for it.
const LONGEST_UNSEEN: Duration = Duration::from_secs(2);

/// A recording, and the moment that is shown.
pub struct Replay {
    place: recording::Playback,
    /// The moment that is shown, on the board's clock.
    at_ns: u64,
    speed_percent: u32,
    paused: bool,
    looked_at: Instant,
    /// Whether a command has changed the time or speed since the last frame.
    turned: bool,
}

impl Replay {
    /// A replay from the beginning of this recording, at this speed.
    pub fn new(recording: Recording, speed_percent: u32) -> Self {
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

    /// Advance by the time since the last frame, at this speed.
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

    fn playback(&mut self) -> Option<&mut dyn PlaybackControl> {
        Some(self)
    }
}

impl PlaybackControl for Replay {
    fn control(&mut self, command: PlaybackCommand) {
        self.pass(Instant::now());
        self.place.seek(self.at_ns);
        let (first, last) = self.place.recording().span_ns();
        let here = self.place.place();
        match command {
            PlaybackCommand::Pause if self.at_ns >= last => (self.at_ns, self.paused) = (first, false),
            PlaybackCommand::Pause => self.paused = !self.paused,
            PlaybackCommand::StepForward => self.step_to(here + 1),
            // Between two readings, the earlier one is shown.
            PlaybackCommand::StepBack if self.at_ns > self.place.time_of(here) => self.step_to(here),
            PlaybackCommand::StepBack => self.step_to(here.saturating_sub(1)),
            PlaybackCommand::By(ms) => self.go_to(self.at_ns.saturating_add_signed(ms.saturating_mul(1_000_000))),
            PlaybackCommand::Start => self.at_ns = first,
            PlaybackCommand::End => self.at_ns = last,
            PlaybackCommand::Faster => self.speed_percent = (self.speed_percent * 2).min(FASTEST),
            PlaybackCommand::Slower => self.speed_percent = (self.speed_percent / 2).max(SLOWEST),
        }
        self.turned = true;
    }

    fn position(&self) -> PlaybackPosition {
        let recording = self.place.recording();
        let (_, last) = recording.span_ns();
        let since_ms = |at_ns: u64| at_ns.saturating_sub(recording.created_at_ns()) / 1_000_000;
        PlaybackPosition {
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

    /// A recording of ten seconds, with one byte more in each second.
    fn replay() -> Replay {
        let at = |second: u64| Snapshot {
            board: BoardView { created_at_ns: SECOND, capacity: 1, ..BoardView::default() },
            slots: vec![SlotView { key: "node".into(), done: second, ..SlotView::default() }],
            taken_at_ns: SECOND + second * SECOND,
        };
        let mut recorder = Recorder::new(Vec::new(), 1 << 20, &at(0)).unwrap();
        (1..10).for_each(|second| assert!(recorder.add_reading(&at(second)).unwrap()));
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

    /// Let time pass, with ten frames a second.
    fn look_for(replay: &mut Replay, ms: u64) {
        (0..ms / 100).for_each(|_| replay.pass(replay.looked_at + Duration::from_millis(100)));
    }

    #[test]
    fn a_replay_without_a_reader_waits() {
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
        let mut after = |command: PlaybackCommand| {
            replay.control(command);
            done(&mut replay)
        };
        assert_eq!(after(PlaybackCommand::StepForward), 1);
        assert_eq!(after(PlaybackCommand::StepForward), 2);
        assert_eq!(after(PlaybackCommand::StepBack), 1);
        assert_eq!(after(PlaybackCommand::By(5_000)), 6);
        assert_eq!(after(PlaybackCommand::By(-90_000)), 0);
        assert_eq!(after(PlaybackCommand::StepBack), 0);
        assert_eq!(after(PlaybackCommand::End), 10);
        assert_eq!(after(PlaybackCommand::StepForward), 10);
        assert_eq!(after(PlaybackCommand::Pause), 0, "at the end, the whole begins again");
        assert_eq!(after(PlaybackCommand::End), 10);
        assert_eq!(after(PlaybackCommand::Start), 0);
    }

    #[test]
    fn speeds_have_bounds() {
        let mut replay = replay();
        (0..40).for_each(|_| replay.control(PlaybackCommand::Faster));
        assert_eq!(replay.speed_percent, FASTEST);
        (0..40).for_each(|_| replay.control(PlaybackCommand::Slower));
        assert_eq!(replay.speed_percent, SLOWEST);
    }
}
