//! The steps of a service: a program that runs until it is stopped.

use vx_shm::{Kind, Step};

use super::{Ends, Hue, Meaning, Phase, Vocabulary};

/// Nothing of a service is a share of a whole: it has no end to count towards.
pub(super) const VOCABULARY: Vocabulary = Vocabulary {
    noun: "service",
    ends: Ends { done: "ended", cancelled: "stopped", ..Ends::USUAL },
    steps: &[
        Meaning { letter: "q", work: false, rests: true, ..Meaning::of("queued") },
        Meaning { letter: "w", work: false, rests: true, ..Meaning::of("waiting") },
        Meaning { letter: "B", hue: Hue::Orange, rests: true, ..Meaning::of("building") },
        Meaning { letter: "S", hue: Hue::Gold, rests: true, ..Meaning::of("starting") },
        Meaning { letter: "R", hue: Hue::Blue, rests: true, ..Meaning::of("running") },
        Meaning { letter: "Y", hue: Hue::Green, calm: true, rests: true, ..Meaning::of("ready") },
        Meaning { letter: "b", work: false, rests: true, ..Meaning::of("backing off") },
        Meaning { letter: "X", rests: true, ..Meaning::of("stopping") },
        Meaning { letter: "E", hue: Hue::Green, calm: true, rests: true, ..Meaning::of("external") },
    ],
};

/// Waiting for other services.
pub const WAITING: Step = Phase::of(Kind::Service, 1).step();
/// Its build is under way, in a slot of its own.
pub const BUILDING: Step = Phase::of(Kind::Service, 2).step();
/// Its process was started, and it is not known yet that it runs.
pub const STARTING: Step = Phase::of(Kind::Service, 3).step();
/// It runs, and no check finds out if it is ready.
pub const RUNNING: Step = Phase::of(Kind::Service, 4).step();
/// It does what it is there for.
pub const READY: Step = Phase::of(Kind::Service, 5).step();
/// It has ended, and the time until its next start is not over.
pub const BACKING_OFF: Step = Phase::of(Kind::Service, 6).step();
/// It was asked to stop.
pub const STOPPING: Step = Phase::of(Kind::Service, 7).step();
/// Another program runs it.
pub const EXTERNAL: Step = Phase::of(Kind::Service, 8).step();
