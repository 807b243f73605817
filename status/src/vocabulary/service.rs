//! The steps of a service: a program that runs until it is stopped.

use vx_shm::{Kind, Step};

use super::{EndWords, Hue, Phase, StepMeaning, Vocabulary};

/// No step is a share of a whole: a service has no end to count towards.
pub(super) const VOCABULARY: Vocabulary = Vocabulary {
    noun: "service",
    ends: EndWords { done: "ended", cancelled: "stopped", ..EndWords::USUAL },
    steps: &[
        StepMeaning { letter: "q", work: false, rests: true, ..StepMeaning::with_word("queued") },
        StepMeaning { letter: "w", work: false, rests: true, ..StepMeaning::with_word("waiting") },
        StepMeaning { letter: "B", hue: Hue::Orange, rests: true, ..StepMeaning::with_word("building") },
        StepMeaning { letter: "S", hue: Hue::Gold, rests: true, ..StepMeaning::with_word("starting") },
        StepMeaning { letter: "R", hue: Hue::Blue, rests: true, ..StepMeaning::with_word("running") },
        StepMeaning { letter: "Y", hue: Hue::Green, calm: true, rests: true, ..StepMeaning::with_word("ready") },
        StepMeaning { letter: "b", work: false, rests: true, ..StepMeaning::with_word("backing off") },
        StepMeaning { letter: "X", rests: true, ..StepMeaning::with_word("stopping") },
        StepMeaning { letter: "E", hue: Hue::Green, calm: true, rests: true, ..StepMeaning::with_word("external") },
    ],
};

/// Waiting for other services.
pub const WAITING: Step = Phase::new(Kind::Service, 1).step();
/// Its build is under way, in its own slot.
pub const BUILDING: Step = Phase::new(Kind::Service, 2).step();
/// Its process was started, but isn't known to run yet.
pub const STARTING: Step = Phase::new(Kind::Service, 3).step();
/// It runs, and no check finds out if it is ready.
pub const RUNNING: Step = Phase::new(Kind::Service, 4).step();
/// Its checks say that it can be used.
pub const READY: Step = Phase::new(Kind::Service, 5).step();
/// It has ended, and waits for its next start.
pub const BACKING_OFF: Step = Phase::new(Kind::Service, 6).step();
/// It was asked to stop.
pub const STOPPING: Step = Phase::new(Kind::Service, 7).step();
/// Another program runs it.
pub const EXTERNAL: Step = Phase::new(Kind::Service, 8).step();
