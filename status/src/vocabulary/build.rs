//! The steps of a build, mostly one for a service.

use vx_shm::{Kind, Step, Unit};

use super::{Ends, Hue, Meaning, Phase, Vocabulary};

pub(super) const VOCABULARY: Vocabulary = Vocabulary {
    noun: "build",
    ends: Ends { done: "built", ..Ends::USUAL },
    steps: &[
        Meaning { letter: "q", work: false, rests: true, ..Meaning::of("queued") },
        Meaning { letter: "w", work: false, rests: true, ..Meaning::of("waiting") },
        Meaning { letter: "C", hue: Hue::Orange, weight: 900, counts: true, main: true, ..Meaning::of("compiling") },
        Meaning {
            letter: "T",
            hue: Hue::Blue,
            unit: Unit::Bytes,
            weight: 80,
            counts: true,
            ..Meaning::of("transferring")
        },
        Meaning { letter: "L", hue: Hue::Teal, weight: 20, ..Meaning::of("reloading") },
    ],
};

/// The compiler, or whatever makes the result, is at work.
pub const COMPILING: Step = Phase::of(Kind::Build, 2).step();
/// The result goes to where it is needed.
pub const TRANSFERRING: Step = Phase::of(Kind::Build, 3).step();
/// What runs takes up the result.
pub const RELOADING: Step = Phase::of(Kind::Build, 4).step();
